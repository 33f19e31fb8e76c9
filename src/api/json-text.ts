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
 * Refuses a value that is nested too deeply to be written: that would exhaust the stack, and to find it out takes a second. Throws AppError
 * invalid_request.
 */
export function checkNesting(value: unknown, field: string): void {
  if (!isNestedDeeper(value, DEPTH_MAX)) return;
  throw new AppError("invalid_request", `The field "${field}" is nested deeper than ${DEPTH_MAX} levels.`, {
    details: { field, fault: "value" },
  });
}

/** The value as JSON. Throws AppError invalid_request for one that is nested too deeply. */
export function jsonText(value: unknown, field: string): string {
  checkNesting(value, field);
  return JSON.stringify(value);
}
