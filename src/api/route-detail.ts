/** What the API description says of a route beside its request schemas. Replies are described here and not checked: the encoders are tested. */
import type { TSchema } from "@sinclair/typebox";
import type { DocumentDecoration } from "elysia";

/** One kind of reply. */
export interface ReplyDescription {
  readonly description: string;
  /** Schemas by media type; text streams have an example. */
  readonly content: Readonly<Record<string, { readonly schema: TSchema; readonly example?: string }>>;
}

/** A reply of one JSON object. */
export function jsonReply(description: string, schema: TSchema): ReplyDescription {
  return { description, content: { "application/json": { schema } } };
}

/** The description of a route, with its replies by status. */
export function routeDetail(
  tag: string,
  operationId: string,
  summary: string,
  replies: Readonly<Record<number, ReplyDescription>>,
): DocumentDecoration {
  // TypeBox schemas are JSON Schema objects; Elysia's types know only OpenAPI 3.0's.
  return { tags: [tag], operationId, summary, responses: replies };
}
