/** What the API description says of OpenAI's routes beside their request schemas. */
import { Type } from "@sinclair/typebox";
import type { TSchema } from "@sinclair/typebox";
import { jsonReply, routeDetail } from "../route-detail.ts";
import type { ReplyDescription } from "../route-detail.ts";
import { object, oneOf } from "../schema.ts";
import { TimingsObject } from "../timings.ts";

/** Heading of the routes. */
export const TAG = "OpenAI";

/** A failure. */
export const ErrorObject = object({
  error: object({
    message: Type.String(),
    type: Type.String(),
    param: Type.Union([Type.String(), Type.Null()]),
    code: Type.Union([Type.String(), Type.Null()]),
  }),
});

const Usage = object({ prompt_tokens: Type.Integer(), completion_tokens: Type.Integer(), total_tokens: Type.Integer() });

const ChatCompletion = object({
  id: Type.String(),
  object: Type.Literal("chat.completion"),
  created: Type.Integer({ description: "Seconds since the epoch." }),
  model: Type.String(),
  system_fingerprint: Type.String({ description: "Changes with the model's file and the server's version." }),
  choices: Type.Array(
    object({
      index: Type.Integer(),
      message: object({
        role: Type.Literal("assistant"),
        content: Type.Union([Type.String(), Type.Null()]),
        reasoning_content: Type.Optional(Type.String()),
        tool_calls: Type.Optional(
          Type.Array(
            object({
              id: Type.String(),
              type: Type.Literal("function"),
              function: object({ name: Type.String(), arguments: Type.String() }),
            }),
          ),
        ),
        function_call: Type.Optional(
          object({ name: Type.String(), arguments: Type.String() }, { description: "In answer to `functions`." }),
        ),
      }),
      finish_reason: oneOf(["stop", "length", "tool_calls", "function_call"]),
    }),
  ),
  usage: Usage,
  timings: TimingsObject,
});

const TextCompletion = object({
  id: Type.String(),
  object: Type.Literal("text_completion"),
  created: Type.Integer(),
  model: Type.String(),
  system_fingerprint: Type.String(),
  choices: Type.Array(object({ text: Type.String(), index: Type.Integer(), finish_reason: oneOf(["stop", "length"]) })),
  usage: Usage,
  timings: TimingsObject,
});

const Model = object({ id: Type.String(), object: Type.Literal("model"), created: Type.Integer(), owned_by: Type.String() });

/** What a route that runs a model may refuse. */
export const ERRORS = {
  400: jsonReply("The request is wrong, or its prompt does not fit the model's context.", ErrorObject),
  404: jsonReply("The model does not exist.", ErrorObject),
  429: jsonReply("The queue is full; Retry-After says when to come again.", ErrorObject),
  500: jsonReply("The model could not be loaded or run.", ErrorObject),
};

const answerReply = (schema: TSchema, example: string): ReplyDescription => ({
  description: "The answer; with `stream` as server-sent events that end with `[DONE]`.",
  content: { "application/json": { schema }, "text/event-stream": { schema: Type.String(), example } },
});

/** POST /v1/chat/completions. */
export const CHAT_DETAIL = routeDetail(TAG, "createChatCompletion", "Answer a conversation", {
  200: answerReply(ChatCompletion, 'data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'),
  ...ERRORS,
});

/** POST /v1/completions. */
export const COMPLETION_DETAIL = routeDetail(TAG, "createCompletion", "Continue a text, without a chat template", {
  200: answerReply(TextCompletion, 'data: {"object":"text_completion","choices":[{"index":0,"text":"Hello"}]}\n\n'),
  ...ERRORS,
});

/** GET /v1/models. */
export const MODELS_DETAIL = routeDetail(TAG, "listModels", "List the models, the default one first", {
  200: jsonReply("All models.", object({ object: Type.Literal("list"), data: Type.Array(Model) })),
});

/** GET /v1/models/{id}. */
export const MODEL_DETAIL = routeDetail(TAG, "retrieveModel", "Describe one model", {
  200: jsonReply("The model.", Model),
  404: ERRORS[404],
});
