/** Reads bodies as leniently as Ollama does: names of fields in any case, and whatever stands behind the first JSON value passed over. */
import type { TSchema } from "@sinclair/typebox";
import { AppError } from "../../core/errors.ts";
import { jsonBody, parseJson, refuseJson } from "../json-body.ts";

type Properties = Readonly<Record<string, TSchema>>;

/** A body parser for a route. Throws AppError invalid_request that names the field, and body_too_large. */
export function ollamaBody(schema: TSchema): ReturnType<typeof jsonBody> {
  return jsonBody(schema, (text) => {
    if (text.trim() === "") refuseJson("missing request body");
    return withSchemaNames(schema, firstValue(text));
  });
}

/** The first value of a text; what follows it may be anything. */
function firstValue(text: string): unknown {
  try {
    return parseJson(text);
  } catch (thrown) {
    const end = endOfFirst(text);
    if (!(thrown instanceof AppError) || end === null) throw thrown;
    return parseJson(text.slice(0, end));
  }
}

/** Where the object or array that a text begins with ends; null where there is none, or where nothing follows it. */
function endOfFirst(text: string): number | null {
  let depth = 0;
  let quoted = false;
  for (let at = text.search(/\S/); at < text.length; at += 1) {
    const sign = text[at];
    if (quoted) {
      if (sign === "\\") at += 1;
      else if (sign === '"') quoted = false;
      continue;
    }
    if (sign === '"') quoted = true;
    else if (sign === "{" || sign === "[") depth += 1;
    else if (sign === "}" || sign === "]") depth -= 1;
    if (depth <= 0) return depth < 0 || quoted || at + 1 === text.length ? null : at + 1;
  }
  return null;
}

/** The value with the fields that the schema knows under the schema's names; the last of several spellings counts. Others stay as they are. */
function withSchemaNames(schema: TSchema, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const shape = shapeOf(schema, Array.isArray(value) ? "items" : "properties");
  if (shape === null) return value;
  if (Array.isArray(value)) return value.map((item) => withSchemaNames(shape["items"] as TSchema, item));
  const properties = shape["properties"] as Properties;
  const names = new Map(Object.keys(properties).map((name) => [name.toLowerCase(), name]));
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      const name = names.get(key.toLowerCase()) ?? key;
      const inner = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return [name, inner === undefined ? field : withSchemaNames(inner, field)];
    }),
  );
}

/** The schema itself, or that of its alternatives which speaks of the inside of such a value. */
function shapeOf(schema: TSchema, inside: "items" | "properties"): TSchema | null {
  if (schema[inside] !== undefined) return schema;
  return ((schema["anyOf"] as readonly TSchema[] | undefined) ?? []).find((option) => option[inside] !== undefined) ?? null;
}
