/** JSON values of a request that go on as text. */
import { AppError } from "../core/errors.ts";

/** Levels of nesting; no template gets more than these either. */
const DEPTH_MAX = 200;

function isNestedDeeper(value: unknown, depthMax: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthMax) return true;
    level = level.flatMap((item): unknown[] => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return false;
}

/**
 * The value as JSON. Throws AppError invalid_request for one that is nested too deeply: to write it would exhaust the stack, and to find
 * that out takes a second.
 */
export function jsonText(value: unknown, field: string): string {
  if (isNestedDeeper(value, DEPTH_MAX)) {
    throw new AppError("invalid_request", `The field "${field}" is nested deeper than ${DEPTH_MAX} levels.`, {
      details: { field, fault: "value" },
    });
  }
  return JSON.stringify(value);
}
