/** The body of POST /v1/messages and of its token count: shapes and ranges. What depends on more than one field is checked while decoding. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { ignored, noted, refused } from "../request-field.ts";
import { SAMPLING_RANGES } from "../../core/sampling-range.ts";
import { MESSAGES_MAX, object, oneOf, optional, TOOLS_MAX, TOP_K_FIELD } from "../schema.ts";

/** A block of nothing but text. */
const TextBlock = object({
  type: Type.String({ description: "`text`." }),
  text: optional(Type.String(), "The text."),
  cache_control: ignored("The server keeps its cache by itself."),
});

const Source = object({
  type: optional(Type.String(), "`text` or `content`; documents that are not text are refused."),
  data: optional(Type.String(), "With `text`: the text."),
  content: optional(Type.Union([Type.String(), Type.Array(TextBlock)]), "With `content`: the text, or blocks of it."),
});

/** What blocks of text have, wherever they stand. */
const TEXT_FIELDS = {
  text: optional(Type.String(), "Of `text`: the text."),
  title: optional(Type.String(), "Of `document` and `search_result`: comes before the text."),
  context: optional(Type.String(), "Of `document`: comes before the text."),
  source: optional(Type.Union([Type.String(), Source]), "Of `document`: an object with its text. Of `search_result`: where it is from."),
};

/** Kinds of blocks are told apart while decoding: the errors of a union of objects are of no use to anyone. */
const InnerBlock = object({
  type: Type.String({ description: "`text`, `document` or `search_result`; images are refused." }),
  ...TEXT_FIELDS,
  content: optional(Type.Unknown(), "Of `search_result`: its text."),
});

const Block = object({
  type: Type.String({
    description:
      "`text`, `tool_use`, `tool_result`, `thinking`, `document`, `search_result` or `compaction`; `image` and `container_upload` are refused. " +
      "What only Anthropic can read is left out: `redacted_thinking`, and the calls and results of tools that run there.",
  }),
  ...TEXT_FIELDS,
  content: optional(
    Type.Union([Type.String(), Type.Array(InnerBlock), object({})]),
    "Of `tool_result`: what the tool gave, as a text or blocks. Of `search_result` and `compaction`: the text.",
  ),
  id: optional(Type.String(), "Of `tool_use`: the call's id."),
  name: optional(Type.String(), "Of `tool_use`: the tool."),
  input: optional(Type.Unknown(), "Of `tool_use`: the arguments, an object."),
  tool_use_id: optional(Type.String(), "Of `tool_result`: the call it answers."),
  is_error: optional(Type.Boolean(), "Of `tool_result`: the text is made to begin with `Error`."),
  thinking: optional(Type.String(), "Of `thinking`: what the model thought. The template decides whether the model sees it again."),
  signature: ignored("Not checked."),
  citations: ignored("Answers cite nothing."),
  cache_control: ignored("The server keeps its cache by itself."),
});

const Message = object({
  role: oneOf(["user", "assistant", "system"], {
    description:
      "Who speaks. Neighbouring messages of the user, and of the assistant, become one. Where the last message is the assistant's, the answer goes on from its end.",
  }),
  content: Type.Union([Type.String(), Type.Array(Block)], {
    description: "A text or blocks. Results of tools come before what else the message says.",
  }),
});

const Tool = object({
  type: optional(Type.String(), "`custom`. Tools of other types run at Anthropic: they are left out, and named in the header."),
  name: optional(Type.String(), "The tool's name; must be there."),
  description: optional(Type.String(), "What it does, for the model."),
  input_schema: optional(Type.Record(Type.String(), Type.Unknown()), "A JSON Schema of the arguments."),
  strict: ignored("Makes no difference."),
  cache_control: ignored("The server keeps its cache by itself."),
});

const ToolChoice = object({
  type: oneOf(["auto", "any", "tool", "none"], {
    description: "`any`: some call must come; `tool`: a call of the tool that is named; `none`: the tools are not shown to the model.",
  }),
  name: optional(Type.String(), "With `tool`: its name."),
  disable_parallel_tool_use: optional(Type.Boolean(), "Ends the answer with its first call."),
});

/** How the model is to think. */
export const Thinking = object({
  type: oneOf(["enabled", "disabled", "adaptive"], {
    description: "For models that can be told; `adaptive` leaves it to the model. Where `thinking` is left out it is off, as at Anthropic.",
  }),
  budget_tokens: noted(Type.Integer(), "A thought ends where the model ends it."),
  display: ignored("Thoughts are always shown."),
});

const OutputFormat = object({
  type: Type.String({ description: "`json_schema`." }),
  schema: optional(
    Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Boolean()]),
    "The JSON Schema the answer must fit; must be there.",
  ),
});

/** The body. */
export const MessagesBody = object(
  {
    messages: Type.Array(Message, { minItems: 1, maxItems: MESSAGES_MAX, description: "The conversation so far." }),
    model: optional(Type.String(), "Name or alias of the model; the default model answers where it is left out or empty."),
    system: optional(
      Type.Union([Type.String(), Type.Array(TextBlock)]),
      "The system prompt. An empty line stands between blocks; one that begins with `x-anthropic-billing-header:` is left out.",
    ),
    max_tokens: optional(
      Type.Integer({ minimum: 0 }),
      "Most tokens to generate; cut to what fits, and as many as fit where it is left out. With 0 the prompt is only read into the cache.",
    ),
    stop_sequences: optional(Type.Array(Type.String()), "Texts that end the answer; they are not part of it. Empty ones do nothing."),
    stream: optional(Type.Boolean(), "Sends the answer in pieces, as server-sent events."),
    temperature: optional(Type.Number({ minimum: 0, maximum: 1 }), "Randomness; 0 always takes the likeliest token."),
    top_p: optional(Type.Number(SAMPLING_RANGES.topP), "Keeps the likeliest tokens up to this share of probability."),
    top_k: TOP_K_FIELD,
    tools: optional(Type.Array(Tool, { maxItems: TOOLS_MAX }), "Tools the model may call."),
    tool_choice: optional(ToolChoice, "Whether a call must come. One that asks for a tool that cannot be called is refused."),
    thinking: optional(Thinking, "Whether the model thinks before it answers."),
    output_config: optional(
      object({
        effort: optional(Type.String(), "How much to think, for templates that know such a word."),
        format: optional(OutputFormat, "What the answer must be."),
      }),
      "How to answer.",
    ),
    output_format: optional(OutputFormat, "Older name of `output_config.format`."),
    thread: refused(Type.Unknown(), "Conversations are not kept. At this refusal Anthropic's tool runner sends the whole conversation."),
    mcp_servers: noted(Type.Unknown(), "No tools but those of the client are called."),
    container: noted(Type.Unknown(), "Nothing is run."),
    context_management: noted(Type.Unknown(), "Conversations are taken as they are."),
    metadata: ignored("Users are not told apart."),
    service_tier: ignored("There is one."),
    inference_geo: ignored("Answers are made here."),
    speed: ignored("Answers are made as fast as can be."),
    cache_control: ignored("The server keeps its cache by itself."),
  },
  { title: "MessagesRequest" },
);
export type MessagesBody = Static<typeof MessagesBody>;
/** One message of it. */
export type MessageParam = Static<typeof Message>;
/** One block of a message. */
export type BlockParam = Static<typeof Block>;
