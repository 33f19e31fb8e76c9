/** The body of POST /v1/messages and of its token count: shapes and ranges. What depends on more than one field is checked while decoding. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { SAMPLING_RANGES } from "../sampling-range.ts";
import { MESSAGES_MAX, object, oneOf, optional, TOOLS_MAX } from "../schema.ts";

const Source = object({
  type: optional(Type.String()),
  data: optional(Type.String()),
  content: optional(Type.Union([Type.String(), Type.Array(object({ type: Type.String(), text: optional(Type.String()) }))])),
});

/** Kinds of blocks are told apart while decoding: the errors of a union of objects are of no use to anyone. */
const TEXT_FIELDS = {
  type: Type.String({ description: "`text`, `tool_use`, `tool_result`, `thinking`, `document`, …" }),
  text: optional(Type.String()),
  title: optional(Type.String()),
  context: optional(Type.String()),
};

/** A block inside another: in tool results and search results. */
const InnerBlock = object({ ...TEXT_FIELDS, source: optional(Type.Union([Type.String(), Source])), content: optional(Type.Unknown()) });

const Block = object({
  ...TEXT_FIELDS,
  source: optional(Type.Union([Type.String(), Source]), "Of a document: its text."),
  content: optional(Type.Union([Type.String(), Type.Array(InnerBlock), object({})]), "What a tool or a search gave."),
  id: optional(Type.String(), "Of a call: the model's name for it."),
  name: optional(Type.String(), "Of a call: the tool."),
  input: optional(Type.Unknown({ description: "Of a call: its arguments, an object." })),
  tool_use_id: optional(Type.String(), "Of a result: the call it answers."),
  is_error: optional(Type.Boolean()),
  thinking: optional(Type.String()),
});

const Message = object({
  role: oneOf(["user", "assistant", "system"]),
  content: Type.Union([Type.String(), Type.Array(Block)]),
});

const Tool = object({
  type: optional(Type.String(), "`custom`; tools of other types are run by Anthropic and left out here."),
  name: optional(Type.String()),
  description: optional(Type.String()),
  input_schema: optional(Type.Record(Type.String(), Type.Unknown()), "A JSON Schema of the arguments."),
});

const OutputFormat = object({
  type: Type.String({ description: "`json_schema`." }),
  schema: optional(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Boolean()]), "The JSON Schema of the answer."),
});

/** The body. */
export const MessagesBody = object(
  {
    model: optional(Type.String(), "Name of the model; the default model where it is left out."),
    messages: Type.Array(Message, {
      minItems: 1,
      maxItems: MESSAGES_MAX,
      description: "The conversation so far. Where the last message is the assistant's, the answer goes on from its end.",
    }),
    system: optional(Type.Union([Type.String(), Type.Array(object({ type: Type.String(), text: optional(Type.String()) }))])),
    max_tokens: optional(Type.Integer({ minimum: 0 }), "Most tokens to generate; cut to what fits. As many as fit where it is left out."),
    stop_sequences: optional(Type.Array(Type.String()), "Texts that end the answer; they are not part of it."),
    stream: optional(Type.Boolean(), "Send the answer in pieces, as server-sent events."),
    temperature: optional(Type.Number({ minimum: 0, maximum: 1 }), "Randomness; 0 always takes the likeliest token."),
    top_p: optional(Type.Number(SAMPLING_RANGES.topP), "Keeps the likeliest tokens up to this share of probability."),
    top_k: optional(Type.Integer(SAMPLING_RANGES.topK), "Keeps this many of the likeliest tokens."),
    tools: optional(Type.Array(Tool, { maxItems: TOOLS_MAX }), "Tools the model may call."),
    tool_choice: optional(
      object({
        type: oneOf(["auto", "any", "tool", "none"]),
        name: optional(Type.String()),
        disable_parallel_tool_use: optional(Type.Boolean(), "At most one call an answer."),
      }),
    ),
    thinking: optional(
      object({
        type: oneOf(["enabled", "disabled", "adaptive"], { description: "`adaptive` leaves it to the model, as leaving it out does." }),
        budget_tokens: optional(Type.Integer(), "Has no effect."),
      }),
    ),
    output_config: optional(object({ effort: optional(Type.String(), "How much to think."), format: optional(OutputFormat) })),
    output_format: optional(OutputFormat, "Older name of output_config.format."),
    thread: optional(Type.Unknown({ description: "Not supported: conversations are not kept. Clients then send them whole." })),
  },
  { title: "MessagesRequest" },
);
export type MessagesBody = Static<typeof MessagesBody>;
/** One message of it. */
export type MessageParam = Static<typeof Message>;
/** One block of a message. */
export type BlockParam = Static<typeof Block>;
