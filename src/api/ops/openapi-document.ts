/**
 * The OpenAPI 3.1 description, generated from the routes' own TypeBox schemas. The plugin's document is not valid OpenAPI as it comes:
 * TypeBox's spellings of tuples, enumerations and records are brought into JSON Schema's, and every response gets its description.
 */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";

/** An OpenAPI 3.1 document. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

type Json = Record<string, unknown>;

const RAW_PATH = "/raw";
const JSON_TYPE = "application/json";

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapValues(record: unknown, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(isObject(record) ? record : {}).map(([name, value]) => [name, change(value)]));
}

/** Keys of a schema whose value is data, not a schema. */
const DATA_KEYS = new Set(["default", "examples", "example", "const", "enum", "required"]);
/** Keys whose value is a map from names to schemas; a name may be spelled like a keyword. */
const NAMED_SCHEMAS = new Set(["properties", "patternProperties", "$defs"]);

/** One word of several: `enum` in place of a union of constants. */
function withEnum(schema: Json): Json {
  const options = schema["anyOf"];
  if (
    !Array.isArray(options) ||
    options.length === 0 ||
    !options.every((option) => isObject(option) && typeof option["const"] === "string")
  )
    return schema;
  const { anyOf: _options, ...rest } = schema;
  return { ...rest, type: "string", enum: options.map((option) => (option as Json)["const"]) };
}

/** A record is an object whose values all have one schema. */
function withRecord(schema: Json): Json {
  const patterns = schema["patternProperties"];
  if (!isObject(patterns)) return schema;
  const [all, ...others] = Object.values(patterns);
  if (others.length > 0) return schema;
  const { patternProperties: _patterns, ...rest } = schema;
  return { ...rest, additionalProperties: all };
}

/** A TypeBox schema as plain JSON Schema. */
export function tidySchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(tidySchema);
  if (!isObject(schema)) return schema;
  const tidied: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "$id") continue;
    tidied[key] = DATA_KEYS.has(key) ? value : NAMED_SCHEMAS.has(key) ? mapValues(value, tidySchema) : tidySchema(value);
  }
  return withRecord(withEnum(tidied));
}

function tidyContent(content: unknown): Json {
  return mapValues(content, (media) => (isObject(media) && "schema" in media ? { ...media, schema: tidySchema(media["schema"]) } : media));
}

/** The plugin offers forms, too, where a route reads its body itself. */
function jsonAlone(content: unknown): unknown {
  return isObject(content) && JSON_TYPE in content ? { [JSON_TYPE]: content[JSON_TYPE] } : content;
}

function tidyResponse(response: unknown): unknown {
  const given = isObject(response) ? response : {};
  return {
    ...given,
    description: given["description"] ?? "Success",
    ...("content" in given ? { content: tidyContent(given["content"]) } : {}),
  };
}

function tidyParameter(parameter: Json): Json {
  return { ...parameter, schema: tidySchema(parameter["schema"]) };
}

function tidyOperation(operation: unknown): unknown {
  if (!isObject(operation)) return operation;
  const { parameters, requestBody, responses, ...rest } = operation;
  const tidied: Json = { ...rest, responses: mapValues(responses ?? { 200: {} }, tidyResponse) };
  if (Array.isArray(parameters) && parameters.length > 0) {
    tidied["parameters"] = parameters.map(tidyParameter);
  }
  if (isObject(requestBody)) tidied["requestBody"] = { ...requestBody, content: tidyContent(jsonAlone(requestBody["content"])) };
  return tidied;
}

/** Describes the given routes. They are mounted on an application of their own, so that the plugin's pages are not served. */
export async function createOpenApiDocument(documented: readonly AnyElysia[], version: string): Promise<OpenApiDocument> {
  const info = {
    title: "RockchipLlama",
    version,
    description: "Language models on Rockchip NPUs behind the OpenAI, Ollama and Anthropic APIs.",
  };
  // It takes a while to load, and most servers are never asked.
  const { swagger } = await import("@elysiajs/swagger");
  const describing: AnyElysia = new Elysia({ normalize: false }).use(swagger({ specPath: RAW_PATH, documentation: { info } }));
  for (const routes of documented) describing.use(routes);
  const response = await describing.handle(new Request(`http://localhost${RAW_PATH}`));
  const { openapi: _version, components: _components, ...raw } = (await response.json()) as Json;
  return { openapi: "3.1.0", ...raw, paths: mapValues(raw["paths"], (item) => mapValues(item, tidyOperation)) };
}
