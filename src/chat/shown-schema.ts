/** JSON Schemas as a model is shown them. */

/** Nesting beyond which a schema is left as it is; what reads it next refuses it. */
const DEPTH_MAX = 200;

/**
 * The schema without what would only take the model's attention: zod, and with it most clients, names the draft of JSON Schema and bounds
 * every integer by what JavaScript can count. Answers are checked against the schema as it came.
 */
export function shownSchema<T>(schema: T): T {
  // A copy of the same shape, less keys that are optional in every schema.
  return shown(schema, 0) as T;
}

function shown(value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => shown(item, depth + 1));
  const told = Object.entries(value).filter(([key, item]) => !saysNothing(key, item));
  return Object.fromEntries(told.map(([key, item]) => [key, shown(item, depth + 1)]));
}

function saysNothing(key: string, value: unknown): boolean {
  if (key === "$schema") return typeof value === "string";
  return (key === "minimum" && value === Number.MIN_SAFE_INTEGER) || (key === "maximum" && value === Number.MAX_SAFE_INTEGER);
}
