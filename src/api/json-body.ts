/** Reads the body of a request: JSON, whatever its Content-Type says, of the shape that its route asks for. */
import type { TSchema } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import { AppError } from "../core/errors.ts";
import { schemaFault } from "./body-fault.ts";
import { bodyText } from "./body-limit.ts";
import { outlineFault } from "./json-outline.ts";

/** What the JSON parser puts in front of its complaint. */
const PARSER_NAME = /^JSON Parse error: /;

/** The refusal of a body that is no JSON. */
export function refuseJson(message: string): never {
  throw new AppError("invalid_request", message, { details: { fault: "json" } });
}

function refuseCompressed({ headers }: Request): void {
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") refuseJson(`The request body is compressed (${encoding}), which is not supported: send it as it is.`);
}

/** Throws AppError invalid_request. */
export function parseJson(text: string): unknown {
  if (text.trim() === "") refuseJson("The request body is empty: send a JSON object.");
  const burden = outlineFault(text);
  if (burden !== null) refuseJson(`The request body ${burden}.`);
  try {
    return JSON.parse(text) as unknown;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.replace(PARSER_NAME, "") : "";
    return refuseJson(`The request body is not valid JSON${reason === "" ? "" : `: ${reason}`}.`);
  }
}

/**
 * A body parser for a route. It checks the schema before Elysia does, whose own check writes the whole body into its error: that of 40 kB
 * of brackets took ten seconds. The parser throws AppError invalid_request that names the field, and body_too_large.
 * @param read From the body's text to what the schema checks.
 */
export function jsonBody(
  schema: TSchema,
  read: (text: string) => unknown = parseJson,
): (context: { readonly request: Request }) => Promise<unknown> {
  let check: TypeCheck<TSchema> | undefined;
  return async ({ request }) => {
    refuseCompressed(request);
    const body = read(await bodyText(request));
    check ??= TypeCompiler.Compile(schema);
    if (check.Check(body)) return body;
    const fault = check.Errors(body).First();
    throw fault === undefined ? new AppError("invalid_request", "The request body is not valid.") : schemaFault(fault);
  };
}
