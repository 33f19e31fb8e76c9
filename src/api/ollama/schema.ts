/** Bodies of POST /api/chat and POST /api/generate. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { MESSAGES_MAX, object, optional, TOOLS_MAX } from "../schema.ts";

const Image = Type.String({ description: "Base64; not supported." });

const ToolCall = object({
  id: optional(Type.String()),
  function: object({ name: Type.String(), arguments: optional(Type.Unknown({ description: "An object, or JSON as a text." })) }),
});

const Message = object({
  role: Type.String({ description: "`system`, `user`, `assistant` or `tool`." }),
  content: optional(Type.String()),
  thinking: optional(Type.String(), "On assistant messages: what it thought before."),
  images: optional(Type.Array(Image)),
  tool_calls: optional(Type.Array(ToolCall), "On assistant messages: the calls it made."),
  tool_name: optional(Type.String(), "On tool messages: the function it answers."),
  tool_call_id: optional(Type.String(), "On tool messages: the call it answers."),
});

const Tool = object({
  type: optional(Type.String()),
  function: object({
    name: Type.String({ minLength: 1 }),
    description: optional(Type.String()),
    parameters: optional(Type.Record(Type.String(), Type.Unknown()), "A JSON Schema of the arguments."),
  }),
});

const COMMON_FIELDS = {
  model: optional(Type.String(), "Name of the model."),
  stream: optional(Type.Boolean(), "Send the answer in pieces, one JSON object a line; true where it is left out."),
  think: optional(
    Type.Union([Type.Boolean(), Type.String()]),
    "Whether a model that can think should: a boolean, or `low`, `medium`, `high`, `max`.",
  ),
  format: optional(Type.Unknown(), "`json`, or the JSON Schema that the answer has to fit."),
  options: optional(
    Type.Record(Type.String(), Type.Unknown()),
    "`temperature`, `top_k`, `top_p`, `num_predict`, `stop`, penalties and mirostat; others are ignored.",
  ),
  keep_alive: optional(Type.Union([Type.Number(), Type.String()]), "Seconds, or a text such as `10m`."),
  logprobs: optional(Type.Boolean(), "Not supported unless false."),
};

/** The body of POST /api/chat. */
export const OllamaChatBody = object(
  {
    ...COMMON_FIELDS,
    messages: optional(Type.Array(Message, { maxItems: MESSAGES_MAX }), "The conversation so far; without it the model is only loaded."),
    tools: optional(Type.Array(Tool, { maxItems: TOOLS_MAX }), "Functions the model may call."),
  },
  { title: "OllamaChatRequest" },
);
export type OllamaChatBody = Static<typeof OllamaChatBody>;
/** One message of it. */
export type OllamaMessage = Static<typeof Message>;

/** The body of POST /api/generate. */
export const OllamaGenerateBody = object(
  {
    ...COMMON_FIELDS,
    prompt: optional(Type.String(), "The user's text; without it the model is only loaded."),
    system: optional(Type.String(), "Takes the place of the model's system prompt."),
    raw: optional(Type.Boolean(), "Send the prompt to the model as it is, without its chat template."),
    suffix: optional(Type.String(), "Text behind the answer, for models whose vocabulary has tokens for filling in."),
    template: optional(Type.String(), "Not supported unless empty."),
    context: optional(Type.Array(Type.Integer()), "Not supported unless empty."),
    images: optional(Type.Array(Image), "Not supported unless empty."),
  },
  { title: "OllamaGenerateRequest" },
);
export type OllamaGenerateBody = Static<typeof OllamaGenerateBody>;
