/** Words for why a value does not fit a schema, short enough for a small model to follow: one fault, the one closest to what was meant. */
import type { OutputUnit } from "@cfworker/json-schema";
import { ANY_TYPE, type JsonType, type SchemaNode, TYPE_BITS, allowedTypes, jsonTypeOf } from "./schema-node.ts";

/** Where in a value: keys and indexes from the root. */
export type Place = readonly (string | number)[];

const TEXT_LENGTH_MAX = 200;
const TYPE_WORDS: Readonly<Record<JsonType, string>> = {
  object: "an object",
  array: "an array",
  string: "text",
  number: "a number",
  boolean: "true or false",
  null: "null",
};

/** Errors that only say that a part has errors, which follow. */
const WRAPPERS = new Set([
  "properties",
  "patternProperties",
  "additionalProperties",
  "unevaluatedProperties",
  "items",
  "prefixItems",
  "unevaluatedItems",
  "allOf",
  "if",
  "dependentSchemas",
]);

/** How a fault names a place: `"person.age"`, `"tags[0]"`; the whole value is "it". */
export function subject(place: Place): string {
  if (place.length === 0) return "it";
  const path = place.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i === 0 ? "" : "."}${part}`)).join("");
  return `"${shorten(path)}"`;
}

/** @param types What would be allowed, a set of TYPE_BITS. */
export function typeFault(place: Place, types: number, found: JsonType, isWhole = false): string {
  const names = (Object.keys(TYPE_BITS) as JsonType[]).filter((name) => (types & TYPE_BITS[name]) !== 0);
  const words = names.map((name) => (name === "number" && isWhole ? "a whole number" : TYPE_WORDS[name]));
  if (words.length === 0) return notAllowed(place);
  // Two numbers only differ when one is whole.
  const but = isWhole && found === "number" ? "" : `, not ${TYPE_WORDS[found]}`;
  return `${subject(place)} must be ${words.join(" or ")}${but}`;
}

/** A member that may not be there at all. */
export function notAllowed(place: Place): string {
  const last = place.at(-1);
  if (last === undefined) return "no value fits the schema";
  if (typeof last === "number") return `${subject(place.slice(0, -1))} has more items than allowed`;
  return `the key "${shorten(last)}" is not allowed${inside(place)}`;
}

/** A member that must be there and is not. @param place Of the object. */
export function missing(key: string, place: Place): string {
  return `the key "${shorten(key)}" is missing${inside([...place, key])}`;
}

/** An array with too many or too few items. */
export function countFault(place: Place, bound: "most" | "least", items: number): string {
  return `${subject(place)} must have at ${bound} ${items} ${items === 1 ? "item" : "items"}`;
}

/** The end of a sentence about a member: the object it is in, where that is not the whole value. */
export function inside(place: Place): string {
  return place.length < 2 ? "" : ` in ${subject(place.slice(0, -1))}`;
}

/**
 * @param errors What the library found wrong, outermost first. @param node The schema that was applied.
 * @param value What it was applied to.
 * @param place Where the value stands.
 */
export function describeFault(errors: readonly OutputUnit[], node: SchemaNode, value: unknown, place: Place): string {
  const error = closest(errors);
  if (error === undefined) return `${subject(place)} does not fit the schema`;
  const parts = pointerParts(error.instanceLocation);
  const { found, path } = follow(value, parts);
  const at = [...place, ...path];
  if (error.keyword === "false") return notAllowed(at);
  const schemaParts = pointerParts(error.keywordLocation);
  const keyword = follow(node, schemaParts).found;
  const owner = follow(node, schemaParts.slice(0, -1)).found as SchemaNode;
  return describe(error, keyword, owner, found, at);
}

function describe(error: OutputUnit, keyword: unknown, owner: SchemaNode, found: unknown, at: Place): string {
  const it = subject(at);
  const bound = typeof keyword === "string" || typeof keyword === "number" ? String(keyword) : "";
  switch (error.keyword) {
    case "type":
      return typeFault(at, bitsOf(keyword), jsonTypeOf(found), [keyword].flat().includes("integer"));
    case "anyOf":
    case "oneOf": {
      const types = allowedTypes(owner);
      const type = jsonTypeOf(found);
      if (types !== ANY_TYPE && (types & TYPE_BITS[type]) === 0) return typeFault(at, types, type);
      return `${it} fits ${error.keyword === "anyOf" ? "none" : "none, or more than one,"} of the forms that the schema allows`;
    }
    case "required": {
      return missing((keyword as readonly string[]).find((name) => !Object.hasOwn(found as object, name)) ?? "", at);
    }
    case "dependentRequired":
      return `${it} lacks a key that another one of its keys asks for`;
    case "const":
      return `${it} must be ${preview(keyword)}`;
    case "enum":
      return `${it} must be ${(keyword as readonly unknown[]).length === 1 ? "" : "one of "}${shorten((keyword as readonly unknown[]).map((value) => JSON.stringify(value)).join(", "))}`;
    case "minItems":
    case "maxItems":
      return countFault(at, error.keyword === "minItems" ? "least" : "most", Number(keyword));
    case "minLength":
      return `${it} must have at least ${bound} characters`;
    case "maxLength":
      return `${it} must have at most ${bound} characters`;
    case "minimum":
      return `${it} must be ${bound} or more`;
    case "maximum":
      return `${it} must be ${bound} or less`;
    case "exclusiveMinimum":
      return `${it} must be more than ${bound}`;
    case "exclusiveMaximum":
      return `${it} must be less than ${bound}`;
    case "multipleOf":
      return `${it} must be a multiple of ${bound}`;
    case "minProperties":
      return `${it} must have at least ${bound} keys`;
    case "maxProperties":
      return `${it} must have at most ${bound} keys`;
    case "uniqueItems":
      return `${it} must not hold the same item twice`;
    case "pattern":
      return `${it} must match ${shorten(bound)}`;
    case "format":
      return `${it} must have the format ${bound}`;
    case "propertyNames":
      return `${it} has a key whose name is not allowed`;
    case "contains":
    case "minContains":
    case "maxContains":
      return `${it} holds too few or too many of the items that the schema asks for`;
    default:
      return `${it} has a value that the schema does not allow`;
  }
}

/**
 * The error that is closest to the cause. Of alternatives that all fail, the one that got furthest into the value is likely the one that
 * was meant; where none got further than the value's type, it is the choice itself that failed.
 */
function closest(errors: readonly OutputUnit[]): OutputUnit | undefined {
  const at = errors.findIndex(({ keyword }) => !WRAPPERS.has(keyword));
  const error = errors[at];
  if (error === undefined) return errors.at(-1);
  if (error.keyword !== "anyOf" && error.keyword !== "oneOf") return error;
  const groups = new Map<string, OutputUnit[]>();
  let branch = "";
  for (const later of errors.slice(at + 1)) {
    if (later.keywordLocation.startsWith(`${error.keywordLocation}/`))
      branch = later.keywordLocation.slice(error.keywordLocation.length + 1).split("/")[0] ?? "";
    // The schema `false` gives no place of its own; its error stands behind those of the same alternative.
    else if (later.keyword !== "false") break;
    const group = groups.get(branch);
    if (group === undefined) groups.set(branch, [later]);
    else group.push(later);
  }
  let best = error;
  for (const group of groups.values()) {
    const candidate = closest(group);
    if (candidate === undefined) continue;
    const isDeeper = depthOf(candidate) > depthOf(best);
    const isNearer =
      best === error && depthOf(candidate) === depthOf(error) && !["type", "const", "enum", "false"].includes(candidate.keyword);
    if (isDeeper || isNearer) best = candidate;
  }
  return best;
}

function depthOf(error: OutputUnit): number {
  return error.instanceLocation.split("/").length;
}

function bitsOf(types: unknown): number {
  return [types].flat().reduce<number>((bits, name) => bits | TYPE_BITS[name === "integer" ? "number" : (name as JsonType)], 0);
}

/** The library writes places as URI fragments: `#/a~1b/0`. */
function pointerParts(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function follow(root: unknown, parts: readonly string[]): { found: unknown; path: Place } {
  let found = root;
  const path: (string | number)[] = [];
  for (const part of parts) {
    path.push(Array.isArray(found) ? Number(part) : part);
    found = typeof found === "object" && found !== null ? (found as Record<string, unknown>)[part] : undefined;
  }
  return { found, path };
}

function preview(value: unknown): string {
  return shorten(JSON.stringify(value));
}

/** A text of the model or the client as a part of a sentence. */
export function shorten(text: string): string {
  return text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text;
}
