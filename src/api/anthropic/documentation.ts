/** What the API description says of Anthropic's routes beside their request schemas. */
import { Type } from "@sinclair/typebox";
import { jsonReply, routeDetail } from "../route-detail.ts";
import { object } from "../schema.ts";

const TAG = "Anthropic";

const ErrorObject = object({
  type: Type.Literal("error"),
  error: object({ type: Type.String(), message: Type.String() }),
  request_id: Type.String(),
});

const Message = object({
  id: Type.String(),
  type: Type.Literal("message"),
  role: Type.Literal("assistant"),
  model: Type.String(),
  content: Type.Array(
    object({
      type: Type.String({ description: "`thinking`, `text` or `tool_use`." }),
      thinking: Type.Optional(Type.String()),
      text: Type.Optional(Type.String()),
      id: Type.Optional(Type.String()),
      name: Type.Optional(Type.String()),
      input: Type.Optional(object({})),
    }),
  ),
  stop_reason: Type.String({ description: "`end_turn`, `max_tokens`, `stop_sequence` or `tool_use`." }),
  stop_sequence: Type.Union([Type.String(), Type.Null()]),
  usage: object({
    input_tokens: Type.Integer({ description: "Tokens of the prompt that were computed." }),
    cache_creation_input_tokens: Type.Literal(0),
    cache_read_input_tokens: Type.Integer({ description: "Tokens of the prompt that the KV cache already held." }),
    output_tokens: Type.Integer(),
    output_tokens_details: object({ thinking_tokens: Type.Integer() }),
  }),
});

const ERRORS = {
  400: jsonReply("The request is wrong, or its prompt does not fit the model's context.", ErrorObject),
  404: jsonReply("The model does not exist.", ErrorObject),
  500: jsonReply("The model could not be loaded or run.", ErrorObject),
  529: jsonReply("The queue is full; Retry-After says when to come again.", ErrorObject),
};

const EXAMPLE =
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}\n\n';

/** POST /v1/messages. */
export const MESSAGES_DETAIL = routeDetail(TAG, "createMessage", "Answer a conversation", {
  200: {
    description: "The answer; with `stream` as named server-sent events that end with `message_stop`.",
    content: { "application/json": { schema: Message }, "text/event-stream": { schema: Type.String(), example: EXAMPLE } },
  },
  ...ERRORS,
});

/** POST /v1/messages/count_tokens. */
export const COUNT_TOKENS_DETAIL = routeDetail(TAG, "countTokens", "Count the tokens of a conversation's prompt", {
  200: jsonReply("The count, tools and template included.", object({ input_tokens: Type.Integer() })),
  ...ERRORS,
});
