/** The body of POST /v1/chat/completions: shapes and ranges. What depends on more than one field is checked while decoding. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { MESSAGES_MAX, object, oneOf, optional, TOOLS_MAX } from "../schema.ts";
import { COMMON_FIELDS } from "./sampling-schema.ts";

/** Kinds of parts are told apart while decoding: the errors of a union of objects are of no use to anyone. */
const ContentPart = object({
  type: Type.String({ description: "`text`; images and audio are not supported." }),
  text: optional(Type.String()),
});

const ToolCall = object({
  id: optional(Type.String()),
  type: optional(Type.String()),
  function: object({ name: Type.String(), arguments: optional(Type.Unknown({ description: "JSON as a text." })) }),
});

const Message = object({
  role: oneOf(["system", "developer", "user", "assistant", "tool", "function"]),
  content: optional(Type.Union([Type.String(), Type.Array(ContentPart)])),
  name: optional(Type.String()),
  tool_call_id: optional(Type.String(), "On tool messages: the call it answers."),
  tool_calls: optional(Type.Array(ToolCall), "On assistant messages: the calls it made."),
  reasoning_content: optional(Type.String(), "On assistant messages: what it thought before."),
});

const Tool = object({
  type: Type.String({ description: "`function`." }),
  function: optional(
    object({
      name: Type.String({ minLength: 1 }),
      description: optional(Type.String()),
      parameters: optional(Type.Record(Type.String(), Type.Unknown()), "A JSON Schema of the arguments."),
    }),
  ),
});

/** The body. */
export const ChatBody = object(
  {
    messages: Type.Array(Message, { minItems: 1, maxItems: MESSAGES_MAX, description: "The conversation so far." }),
    ...COMMON_FIELDS,
    max_completion_tokens: optional(Type.Integer({ minimum: -1 }), "Most tokens to generate; cut to what fits. -1: as many as fit."),
    max_tokens: optional(Type.Integer({ minimum: -1 }), "Older name of max_completion_tokens."),
    tools: optional(Type.Array(Tool, { maxItems: TOOLS_MAX }), "Functions the model may call."),
    tool_choice: optional(Type.Union([Type.String(), object({ type: Type.String() })]), "`auto` or `none`; a call cannot be forced."),
    parallel_tool_calls: optional(Type.Boolean(), "Has no effect."),
    reasoning_effort: optional(Type.String(), "`none` turns thinking off, another word on, for models that can think."),
    chat_template_kwargs: optional(object({ enable_thinking: optional(Type.Boolean()) })),
    response_format: optional(object({ type: Type.String() }), "Only `text`."),
    logprobs: optional(Type.Boolean(), "Not supported unless false."),
    top_logprobs: optional(Type.Integer({ minimum: 0, maximum: 20 }), "Not supported unless 0."),
    modalities: optional(Type.Array(Type.String()), "Only `text`."),
  },
  { title: "ChatCompletionRequest" },
);
export type ChatBody = Static<typeof ChatBody>;
/** One message of it. */
export type ChatBodyMessage = Static<typeof Message>;
