/** Functions in a chat request: what may be called, whether it must be, and the calls of earlier turns. */
import { Type } from "@sinclair/typebox";
import { ignored } from "../request-field.ts";
import { object, optional, TOOLS_MAX } from "../schema.ts";

const NAME = Type.String({ minLength: 1, description: "The function's name." });

const FUNCTION_FIELDS = {
  name: NAME,
  description: optional(Type.String(), "What it does, for the model."),
  parameters: optional(Type.Record(Type.String(), Type.Unknown()), "A JSON Schema of the arguments; it reaches the model as it was sent."),
  strict: ignored("Arguments are held to the schema as far as the model can be, either way."),
};

const Tool = object({
  type: Type.String({ description: "`function`; another kind is refused." }),
  function: optional(object(FUNCTION_FIELDS), "The function."),
});

/** A reference to a tool, inside a choice. */
const ToolReference = object({
  type: optional(Type.String(), "`function`."),
  function: optional(object({ name: NAME }), "The function."),
});

const ToolChoice = object({
  type: Type.String({ description: "`function` with `function.name`, or `allowed_tools`." }),
  function: optional(object({ name: NAME }), "The function that must be called; it must be among `tools`."),
  allowed_tools: optional(
    object({
      mode: Type.String({ description: "`auto` or `required`." }),
      tools: Type.Array(ToolReference, {
        maxItems: TOOLS_MAX,
        description: "Those of `tools` that may be called; the others are left out of the prompt.",
      }),
    }),
    "Narrows the tools.",
  ),
});

/** Fields about functions. */
export const TOOL_FIELDS = {
  tools: optional(Type.Array(Tool, { maxItems: TOOLS_MAX }), "Functions the model may call."),
  tool_choice: optional(
    Type.Union([Type.String(), ToolChoice]),
    "`auto`; `none` leaves the functions out of the prompt; `required` (or `any`) makes the model call one of them; an object names the one it must call.",
  ),
  parallel_tool_calls: optional(Type.Boolean(), "false: the answer ends with its first call."),
  functions: optional(
    Type.Array(object(FUNCTION_FIELDS), { maxItems: TOOLS_MAX }),
    "Older form of `tools`, read where those are left out. The call comes in `message.function_call`, and the answer ends with it.",
  ),
  function_call: optional(
    Type.Union([Type.String(), object({ name: NAME })]),
    "Older form of `tool_choice`: `auto`, `none` or a function's name in an object.",
  ),
};

const ARGUMENTS = optional(Type.Unknown(), "JSON as a text; an object is taken as well. Text that is no JSON passes.");

/** Calls in an assistant's message. */
export const HISTORY_CALLS = {
  tool_calls: optional(
    Type.Array(
      object({
        id: optional(Type.String(), "The call's id."),
        type: optional(Type.String(), "`function`."),
        function: object(
          { name: Type.String({ description: "The function's name." }), arguments: ARGUMENTS },
          { description: "What was called." },
        ),
      }),
    ),
    "On assistant messages: the calls it made.",
  ),
  function_call: optional(
    object({ name: Type.String({ description: "The function's name." }), arguments: ARGUMENTS }),
    "Older form of `tool_calls`.",
  ),
};
