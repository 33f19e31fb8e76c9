/** The body of POST /v1/responses: shapes and ranges. What depends on more than one field is checked while decoding. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { ignored, noted, refused } from "../../request-field.ts";
import { MESSAGES_MAX, object, optional, TOOLS_MAX } from "../../schema.ts";
import { SAMPLING_FIELDS } from "../sampling-schema.ts";

const Part = object({
  type: Type.String({ description: "`input_text`, `output_text`, `text` or `refusal`; images and files are refused." }),
  text: optional(Type.String(), "The text."),
  refusal: optional(Type.String(), "The text of a `refusal` part."),
});

/** Kinds of items are told apart while decoding: the errors of a union of objects are of no use to anyone. */
const Item = object({
  type: optional(
    Type.String(),
    "`message` (also where it is left out), `function_call`, `function_call_output`, `reasoning`, `item_reference`, `custom_tool_call` or `custom_tool_call_output`. Items of other kinds are kept and not shown to the model.",
  ),
  role: optional(Type.String(), "On messages: `user`, `assistant`, `system` or `developer`."),
  id: optional(Type.String(), "Made up where it is left out. On references: the item that stands here."),
  content: optional(Type.Union([Type.String(), Type.Array(Part)]), "On messages: the text. On reasoning: the thought."),
  call_id: optional(Type.String(), "On calls and their results: what ties them together."),
  name: optional(Type.Unknown(), "On calls: the function's name."),
  arguments: optional(Type.Unknown(), "On function calls: JSON as a text."),
  input: optional(Type.Unknown(), "On custom calls: the text."),
  output: optional(Type.Unknown(), "On results: a text, or parts."),
  summary: optional(Type.Unknown(), "On reasoning: the thought, where `content` and `encrypted_content` have none."),
  encrypted_content: optional(Type.String(), "On reasoning: as this server sent it. What others sent is not read."),
});
/** One item of a conversation. */
export type InputItem = Static<typeof Item>;

const ToolFunction = object({
  name: optional(Type.String(), "The function's name."),
  description: optional(Type.String(), "What it does, for the model."),
  parameters: optional(Type.Record(Type.String(), Type.Unknown()), "A JSON Schema of the arguments; it reaches the model as it was sent."),
});

const Tool = object({
  type: Type.String({ description: "`function`. Tools of other kinds are left out, and the header names them." }),
  ...ToolFunction.properties,
  strict: ignored("Arguments are held to the schema as far as the model can be, either way."),
  function: optional(ToolFunction, "The same fields as in a chat request."),
});
/** One tool of a request. */
export type ResponseTool = Static<typeof Tool>;

const ToolReference = object({ type: optional(Type.String(), "`function`."), name: optional(Type.String(), "The function's name.") });

const ToolChoice = object({
  type: Type.String({ description: "`function` or `allowed_tools`." }),
  name: optional(Type.String(), "The function that must be called; it must be among `tools`."),
  function: optional(object({ name: optional(Type.String(), "The name, as in a chat request.") }), "Another place for `name`."),
  mode: optional(Type.String(), "Of `allowed_tools`: `auto` or `required`."),
  tools: optional(Type.Array(ToolReference, { maxItems: TOOLS_MAX }), "Of `allowed_tools`: those of `tools` that may be called."),
});

const Format = object({
  type: Type.String({ description: "`text`, `json_object` or `json_schema`." }),
  schema: optional(
    Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Boolean()]),
    "With `json_schema`: the JSON Schema the answer must fit.",
  ),
  name: ignored("A label of the client's."),
  description: ignored("A label of the client's."),
  strict: ignored("The schema always counts."),
});

/** What decides the prompt; POST /v1/responses/input_tokens reads no more. */
const CONVERSATION_FIELDS = {
  model: optional(Type.String(), "Name or alias of the model; the default model answers where it is left out or empty."),
  input: optional(
    Type.Union([Type.String(), Type.Array(Item, { minItems: 1, maxItems: MESSAGES_MAX })]),
    "What is new in the conversation: a text of the user's, or items. It may be left out only beside `previous_response_id`.",
  ),
  instructions: optional(
    Type.String(),
    "A system message in front of the conversation. A response that goes on from this one does not inherit it.",
  ),
  previous_response_id: optional(
    Type.String(),
    "The stored response to go on from: its whole conversation goes in front of `input`. One that is not stored is refused.",
  ),
  tools: optional(Type.Array(Tool, { maxItems: TOOLS_MAX }), "Functions the model may call."),
  tool_choice: optional(
    Type.Union([Type.String(), ToolChoice]),
    "`auto`; `none` leaves the functions out of the prompt; `required` makes the model call one of them; an object names the one it must call.",
  ),
  parallel_tool_calls: optional(Type.Boolean(), "false: the answer ends with its first call."),
  text: optional(
    object({
      format: optional(Format, "The form of the answer."),
      verbosity: ignored("Models know no such setting; ask in the instructions."),
    }),
    "About the answer's text.",
  ),
  reasoning: optional(
    object({
      effort: optional(Type.String(), "`none` turns thinking off; `minimal` to `max` turn it on, for models that can think."),
      summary: ignored("Thoughts are always sent, and whole."),
    }),
    "About thinking.",
  ),
  conversation: refused(Type.Unknown(), "Refused: send `previous_response_id`."),
  prompt: refused(Type.Unknown(), "Refused: no prompts are stored. Send `instructions` and `input`."),
};

/** The body. */
export const ResponseBody = object(
  {
    ...CONVERSATION_FIELDS,
    stream: optional(Type.Boolean(), "Sends the response as it is made, as server-sent events."),
    stream_options: optional(object({ include_obfuscation: ignored("Events are never padded.") }), "Has a meaning only beside `stream`."),
    store: optional(
      Type.Boolean(),
      "false: the response is not kept, and nothing can go on from it. Otherwise it is, within the configured bounds.",
    ),
    max_output_tokens: optional(Type.Integer({ minimum: 1 }), "Most tokens to generate, thoughts included; cut to what fits the context."),
    ...SAMPLING_FIELDS,
    include: optional(
      Type.Array(Type.String()),
      "`reasoning.encrypted_content` sends thoughts in a form that can be sent back, for use with `store` false. It is no secret: base64. Others do nothing.",
    ),
    metadata: optional(Type.Record(Type.String(), Type.Unknown()), "Comes back in the response."),
    background: refused(Type.Boolean(), "Refused unless false: responses are made while the client waits."),
    top_logprobs: refused(Type.Integer({ minimum: 0, maximum: 20 }), "Refused unless 0: the runtime does not tell probabilities."),
    truncation: optional(Type.String(), "`disabled`. `auto` does nothing, and the header says so: a prompt that does not fit is refused."),
    max_tool_calls: noted(Type.Integer(), "Counts tools that the server would run; there are none."),
    user: ignored("Users are not told apart."),
    safety_identifier: ignored("Users are not told apart."),
    prompt_cache_key: ignored("The KV cache finds by itself what prompts share."),
    prompt_cache_retention: ignored("The KV cache finds by itself what prompts share."),
    service_tier: ignored("There is one tier."),
  },
  { title: "ResponseRequest" },
);
export type ResponseBody = Static<typeof ResponseBody>;

/** The body of POST /v1/responses/input_tokens. */
export const InputTokensBody = object(CONVERSATION_FIELDS, { title: "InputTokensRequest" });
/** The fields of either body that decide the prompt. */
export type InputTokensBody = Static<typeof InputTokensBody>;
