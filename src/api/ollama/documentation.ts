/** What the API description says of Ollama's routes beside their request schemas. */
import { Type } from "@sinclair/typebox";
import type { TSchema } from "@sinclair/typebox";
import { jsonReply, routeDetail } from "../route-detail.ts";
import type { ReplyDescription } from "../route-detail.ts";
import { object } from "../schema.ts";
import { TimingsObject } from "../timings.ts";

const TAG = "Ollama";

const ErrorObject = object({ error: Type.String() });
const METRICS = {
  done_reason: Type.Optional(Type.String({ description: "`stop`, `length`, `load` or `unload`; on the last object." })),
  total_duration: Type.Optional(Type.Integer({ description: "Nanoseconds; on the last object, like all that follow." })),
  load_duration: Type.Optional(Type.Integer()),
  prompt_eval_count: Type.Optional(Type.Integer({ description: "Tokens of the whole prompt, cached ones included." })),
  prompt_eval_duration: Type.Optional(Type.Integer()),
  eval_count: Type.Optional(Type.Integer({ description: "Generated tokens." })),
  eval_duration: Type.Optional(Type.Integer()),
  timings: Type.Optional(TimingsObject),
};
const ChatReply = object({
  model: Type.String(),
  created_at: Type.String(),
  message: object({ role: Type.Literal("assistant"), content: Type.String(), thinking: Type.Optional(Type.String()) }),
  done: Type.Boolean(),
  ...METRICS,
});
const GenerateReply = object({
  model: Type.String(),
  created_at: Type.String(),
  response: Type.String(),
  thinking: Type.Optional(Type.String()),
  done: Type.Boolean(),
  ...METRICS,
});
const Tag = object({
  name: Type.String(),
  model: Type.String(),
  modified_at: Type.String(),
  size: Type.Integer(),
  digest: Type.String(),
  details: object({}),
});

const ERRORS = {
  400: jsonReply("The request is wrong, or its prompt does not fit the model's context.", ErrorObject),
  404: jsonReply("The model does not exist.", ErrorObject),
  500: jsonReply("The model could not be loaded or run.", ErrorObject),
  503: jsonReply("The queue is full; Retry-After says when to come again.", ErrorObject),
};
const answerReply = (schema: TSchema): ReplyDescription => ({
  description: "The answer: one object a line, or a single object with `stream` false.",
  content: { "application/x-ndjson": { schema }, "application/json": { schema } },
});

/** POST /api/chat. */
export const CHAT_DETAIL = routeDetail(TAG, "ollamaChat", "Answer a conversation", { 200: answerReply(ChatReply), ...ERRORS });

/** POST /api/generate. */
export const GENERATE_DETAIL = routeDetail(TAG, "ollamaGenerate", "Answer a prompt, or continue raw text", {
  200: answerReply(GenerateReply),
  ...ERRORS,
});

/** GET /api/tags. */
export const TAGS_DETAIL = routeDetail(TAG, "ollamaTags", "List the models", {
  200: jsonReply("All models, newest first.", object({ models: Type.Array(Tag) })),
});

/** GET /api/version. */
export const VERSION_DETAIL = routeDetail(TAG, "ollamaVersion", "The Ollama version whose API this is", {
  200: jsonReply("The version.", object({ version: Type.String() })),
});
