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
  context: Type.Optional(Type.Array(Type.Integer(), { description: "The conversation, for the next request; on the last object." })),
  ...METRICS,
});
const Tag = object({
  name: Type.String(),
  model: Type.String(),
  modified_at: Type.String(),
  size: Type.Integer(),
  digest: Type.String(),
  details: object({}),
  capabilities: Type.Array(Type.String()),
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

/** POST /api/embed. */
export const EMBED_DETAIL = routeDetail(TAG, "ollamaEmbed", "Turn texts into vectors of length 1", {
  200: jsonReply(
    "The vectors, in the order of the texts.",
    object({
      model: Type.String(),
      embeddings: Type.Array(Type.Array(Type.Number())),
      total_duration: Type.Optional(Type.Integer({ description: "Nanoseconds." })),
      load_duration: Type.Optional(Type.Integer()),
      prompt_eval_count: Type.Optional(Type.Integer({ description: "Tokens of all texts." })),
    }),
  ),
  ...ERRORS,
});

/** POST /api/embeddings. */
export const EMBEDDINGS_DETAIL = routeDetail(TAG, "ollamaEmbeddings", "Turn one text into a vector (older form of /api/embed)", {
  200: jsonReply("The vector, of length 1.", object({ embedding: Type.Array(Type.Number()) })),
  ...ERRORS,
});

/** POST /api/show. */
export const SHOW_DETAIL = routeDetail(TAG, "ollamaShow", "Tell all that is known of a model", {
  200: jsonReply(
    "The model.",
    object({
      license: Type.Optional(Type.String()),
      modelfile: Type.String(),
      parameters: Type.String({ description: "What it runs with where a request is silent, one parameter a line." }),
      template: Type.Optional(Type.String({ description: "Jinja." })),
      system: Type.Optional(Type.String()),
      details: object({}),
      model_info: object({}, { description: "Metadata of its file." }),
      capabilities: Type.Array(Type.String({ description: "`completion`, `tools`, `insert`, `thinking` or `embedding`." })),
      modified_at: Type.String(),
    }),
  ),
  400: ERRORS[400],
  404: ERRORS[404],
});

/** GET /api/tags. */
export const TAGS_DETAIL = routeDetail(TAG, "ollamaTags", "List the models", {
  200: jsonReply("All models, newest first.", object({ models: Type.Array(Tag) })),
});

const Running = object({
  name: Type.String(),
  model: Type.String(),
  size: Type.Integer({
    description: "Memory that it takes; an estimate while it is loading, the size of its file where that is not known.",
  }),
  digest: Type.String(),
  details: object({}),
  expires_at: Type.String({ description: "When it is unloaded if nobody asks for it before." }),
  size_vram: Type.Integer({ description: "The same on the NPU, 0 on the CPU." }),
  context_length: Type.Integer(),
});

/** GET /api/ps. */
export const PS_DETAIL = routeDetail(TAG, "ollamaPs", "List the models that are loaded or loading", {
  200: jsonReply("The one that stays longest first.", object({ models: Type.Array(Running) })),
});

/** GET /api/version. */
export const VERSION_DETAIL = routeDetail(TAG, "ollamaVersion", "The Ollama version whose API this is", {
  200: jsonReply("The version.", object({ version: Type.String() })),
});
