/** The keywords of JSON Schema that are bounds: numbers and lengths. */
import type { AppError } from "../../core/errors.ts";
import type { JsonObject } from "./json-object.ts";

const LENGTHS = ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains"];
const NUMBERS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

/** @param fault Makes the error for a keyword; its second argument continues the keyword's name. */
export function readBounds(raw: JsonObject, fault: (keyword: string, text: string) => AppError): Record<string, unknown> {
  const bounds: Record<string, unknown> = {};
  for (const keyword of LENGTHS) {
    const value = raw[keyword];
    if (value === undefined) continue;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0) throw fault(keyword, "is not a whole number from 0 on");
    bounds[keyword] = value;
  }
  for (const keyword of NUMBERS) {
    const value = raw[keyword];
    if (value === undefined || (keyword.startsWith("exclusive") && typeof value === "boolean")) continue;
    if (typeof value !== "number" || !Number.isFinite(value)) throw fault(keyword, "is not a number");
    if (keyword === "multipleOf" && value <= 0) throw fault(keyword, "is not a number above 0");
    bounds[keyword] = value;
  }
  // Draft 4: exclusiveMinimum: true sharpens minimum.
  if (raw["exclusiveMinimum"] === true && bounds["minimum"] !== undefined) bounds["exclusiveMinimum"] = bounds["minimum"];
  if (raw["exclusiveMaximum"] === true && bounds["maximum"] !== undefined) bounds["exclusiveMaximum"] = bounds["maximum"];
  if (typeof raw["uniqueItems"] === "boolean") bounds["uniqueItems"] = raw["uniqueItems"];
  return bounds;
}
