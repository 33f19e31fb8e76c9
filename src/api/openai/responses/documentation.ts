/** What the API description says of the routes of responses beside their request schemas. */
import { Type } from "@sinclair/typebox";
import { jsonReply, routeDetail } from "../../route-detail.ts";
import { object } from "../../schema.ts";
import { TimingsObject } from "../../timings.ts";
import { ErrorObject, ERRORS, TAG } from "../documentation.ts";

const nullable = Type.Union([Type.String(), Type.Null()]);

const OutputItem = object({
  type: Type.String({ description: "`reasoning`, `message` or `function_call`." }),
  id: Type.String({ description: "Stands for the item in later requests, as long as the response is stored." }),
  status: Type.String({ description: "`completed`, or `incomplete` where the token limit cut it off." }),
});

const ResponseObject = object({
  id: Type.String(),
  object: Type.Literal("response"),
  created_at: Type.Integer({ description: "Seconds since the epoch." }),
  status: Type.String({
    description: "`completed`, or `incomplete` where the token limit ended it; in a stream also `in_progress` and `failed`.",
  }),
  incomplete_details: Type.Union([object({ reason: Type.Literal("max_output_tokens") }), Type.Null()]),
  error: Type.Union([object({ code: Type.String(), message: Type.String() }), Type.Null()]),
  model: Type.String(),
  output: Type.Array(OutputItem),
  previous_response_id: nullable,
  store: Type.Boolean({ description: "Whether it is kept." }),
  usage: Type.Union([
    object({
      input_tokens: Type.Integer(),
      input_tokens_details: object({ cached_tokens: Type.Integer() }),
      output_tokens: Type.Integer(),
      output_tokens_details: object({ reasoning_tokens: Type.Integer() }),
      total_tokens: Type.Integer(),
    }),
    Type.Null(),
  ]),
  timings: Type.Optional(TimingsObject),
});

const NOT_STORED = { 404: jsonReply("It is not stored, or not any more, or it is another client's.", ErrorObject) };

/** POST /v1/responses. */
export const CREATE_DETAIL = routeDetail(TAG, "createResponse", "Answer a conversation, and remember it", {
  200: {
    description:
      "The response; with `stream` as server-sent events, of which the last is `response.completed`, `response.incomplete` or `response.failed`.",
    content: {
      "application/json": { schema: ResponseObject },
      "text/event-stream": {
        schema: Type.String(),
        example:
          'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hello"}\n\n',
      },
    },
  },
  ...ERRORS,
});

/** GET /v1/responses/{id}. */
export const RETRIEVE_DETAIL = routeDetail(TAG, "retrieveResponse", "Read a stored response", {
  200: jsonReply("The response as it was sent.", ResponseObject),
  ...NOT_STORED,
});

/** DELETE /v1/responses/{id}. */
export const DELETE_DETAIL = routeDetail(TAG, "deleteResponse", "Forget a stored response", {
  200: jsonReply("It is gone.", object({ id: Type.String(), object: Type.Literal("response"), deleted: Type.Literal(true) })),
  ...NOT_STORED,
});

/** GET /v1/responses/{id}/input_items. */
export const INPUT_ITEMS_DETAIL = routeDetail(TAG, "listInputItems", "List what a stored response was asked", {
  200: jsonReply(
    "The items of its own request; those of earlier responses are listed there.",
    object({
      object: Type.Literal("list"),
      data: Type.Array(object({ type: Type.String(), id: Type.String() })),
      first_id: nullable,
      last_id: nullable,
      has_more: Type.Boolean(),
    }),
  ),
  ...NOT_STORED,
});

/** POST /v1/responses/input_tokens. */
export const INPUT_TOKENS_DETAIL = routeDetail(TAG, "countInputTokens", "Count the tokens of a prompt without answering it", {
  200: jsonReply("The count.", object({ object: Type.Literal("response.input_tokens"), input_tokens: Type.Integer() })),
  ...ERRORS,
});
