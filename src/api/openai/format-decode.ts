/** The form an answer must have, from the ways in which clients ask for it. */
import type { ResponseFormat } from "../../core/generation.ts";
import type { ChatBody } from "./chat-schema.ts";
import { refuseMissing, refuseValue } from "./sampling-schema.ts";

type Schema = NonNullable<ChatBody["json_schema"]>;

function formatOf(schema: Schema | null | undefined): ResponseFormat {
  return schema === null || schema === undefined ? { kind: "json_object" } : { kind: "json_schema", schema };
}

/** undefined is free text. Throws AppError invalid_request. Whether a schema is one is for the engine to find out. */
export function decodeFormat(body: Pick<ChatBody, "response_format" | "json_schema">): ResponseFormat | undefined {
  const format = body.response_format;
  switch (format?.type ?? "text") {
    case "json_object":
      return formatOf(format?.schema);
    case "json_schema":
      return formatOf((format?.json_schema ?? refuseMissing("response_format.json_schema", "an object")).schema);
    case "text":
      return body.json_schema === null || body.json_schema === undefined ? undefined : formatOf(body.json_schema);
    default:
      return refuseValue("response_format.type", `must be "text", "json_object" or "json_schema", not "${format?.type ?? ""}".`);
  }
}
