/** The body of POST /v1/chat/completions: shapes and ranges. What depends on more than one field is checked while decoding. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { ignored, noted, refused } from "../request-field.ts";
import { MESSAGES_MAX, object, oneOf, optional } from "../schema.ts";
import { COMMON_FIELDS, IGNORED_FIELDS } from "./sampling-schema.ts";
import { HISTORY_CALLS, TOOL_FIELDS } from "./tool-schema.ts";

/** Kinds of parts are told apart while decoding: the errors of a union of objects are of no use to anyone. */
const ContentPart = object({
  type: Type.String({ description: "`text`, also as `input_text` and `output_text`, or `refusal`; images, audio and files are refused." }),
  text: optional(Type.String(), "The text. Parts are joined with line breaks."),
  refusal: optional(Type.String(), "The text of a `refusal` part."),
});

const Message = object({
  role: oneOf(["system", "developer", "user", "assistant", "tool", "function"], {
    description: "Who speaks. `developer` is `system`, `function` is `tool`.",
  }),
  content: optional(Type.Union([Type.String(), Type.Array(ContentPart)]), 'The text; null and "" are the same.'),
  name: optional(Type.String(), "Reaches models whose template shows names."),
  tool_call_id: optional(Type.String(), "On tool messages: the call it answers. One that answers no call of the conversation passes."),
  ...HISTORY_CALLS,
  reasoning_content: optional(
    Type.String(),
    "On assistant messages: what it thought before. The template decides whether the model sees it.",
  ),
  reasoning: optional(Type.Unknown(), "Another name of `reasoning_content`, where it is a text."),
  refusal: optional(Type.String(), "On assistant messages: stands for a missing `content`."),
});

/** A JSON Schema as a client sends it. */
export const JsonSchema = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Boolean()]);

/** The form of an answer, as a client asks for it. */
export const ResponseFormat = object({
  type: Type.String({ description: "`text`, `json_object` or `json_schema`." }),
  json_schema: optional(
    object({
      schema: optional(JsonSchema, "The JSON Schema the answer must fit; without it any object does."),
      name: ignored("A label of the client's."),
      description: ignored("A label of the client's."),
      strict: ignored("The schema always counts."),
    }),
    "Must be there with type `json_schema`.",
  ),
  schema: optional(JsonSchema, "Beside `json_object`, as llama.cpp takes it: a JSON Schema the answer must fit."),
});

const THINKING_FIELDS = {
  reasoning_effort: optional(
    Type.String(),
    "`none` turns thinking off; `minimal` to `max` turn it on, for models that can think. Other words do nothing.",
  ),
  reasoning: optional(object({ effort: optional(Type.Unknown(), "As `reasoning_effort`.") }), "OpenRouter's form."),
  chat_template_kwargs: optional(
    object({ enable_thinking: optional(Type.Boolean(), "Turns thinking on or off.") }),
    "vLLM's form; its other variables are ignored.",
  ),
  enable_thinking: optional(Type.Boolean(), "Turns thinking on or off."),
  think: optional(Type.Union([Type.Boolean(), Type.String()]), "Ollama's form: a boolean, or a word as in `reasoning_effort`."),
  reasoning_format: optional(
    Type.String(),
    "`none` leaves thoughts in `content`, between `<think>` and `</think>`. Otherwise they are `reasoning_content`.",
  ),
  thinking_budget_tokens: noted(Type.Number(), "Thinking cannot be given a limit of its own; `max_tokens` counts it."),
};

/** The body. */
export const ChatBody = object(
  {
    messages: Type.Array(Message, { minItems: 1, maxItems: MESSAGES_MAX, description: "The conversation so far." }),
    ...COMMON_FIELDS,
    max_completion_tokens: optional(
      Type.Integer({ minimum: -1 }),
      "Most tokens to generate, thoughts included; cut to what fits the context. -1: as many as fit.",
    ),
    max_tokens: optional(Type.Integer({ minimum: -1 }), "Older name of `max_completion_tokens`, which goes first."),
    ...TOOL_FIELDS,
    response_format: optional(ResponseFormat, "The form of the answer."),
    json_schema: optional(JsonSchema, "llama.cpp's form of `response_format`, which goes first."),
    grammar: refused(Type.Unknown(), "Refused unless empty: send a JSON Schema instead."),
    ...THINKING_FIELDS,
    continue_final_message: optional(
      Type.Boolean(),
      "vLLM's switch: whether the answer goes on where a last message of the assistant's ends. true refuses others; left out, see below.",
    ),
    add_generation_prompt: ignored("Decided by `continue_final_message`."),
    logprobs: refused(Type.Boolean(), "Refused unless false: the runtime does not tell probabilities."),
    top_logprobs: refused(Type.Integer({ minimum: 0, maximum: 20 }), "Refused unless 0."),
    modalities: refused(Type.Array(Type.String()), 'Refused unless `["text"]`: answers are text.'),
    audio: ignored("Answers are text; audio is asked for in `modalities`."),
    web_search_options: refused(object({}), "Refused unless empty: the server searches nothing."),
    verbosity: ignored("Models know no such setting; ask in the messages."),
    prediction: ignored("Only a hint for speed."),
    store: ignored("Answers are not kept."),
    metadata: ignored("Belongs to `store`."),
    service_tier: ignored("There is one tier."),
    safety_identifier: ignored("Users are not told apart."),
    prompt_cache_key: ignored("The KV cache finds by itself what prompts share."),
    ...IGNORED_FIELDS,
  },
  { title: "ChatCompletionRequest" },
);
export type ChatBody = Static<typeof ChatBody>;
/** One message of it. */
export type ChatBodyMessage = Static<typeof Message>;
