/** Which functions a chat request offers, and whether one must be called. */
import type { ToolChoice, ToolDefinition } from "../../core/generation.ts";
import { present } from "../schema.ts";
import type { ChatBody } from "./chat-schema.ts";
import { refuse, refuseMissing, refuseValue } from "./sampling-schema.ts";

/** What a request says about functions. */
export interface DecodedTools {
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
}

type FunctionBody = NonNullable<ChatBody["functions"]>[number];
type ChoiceBody = Exclude<NonNullable<ChatBody["tool_choice"]>, string>;

/** Words that demand a call: OpenAI's, and that of Mistral and Anthropic. */
const DEMANDS = new Set(["required", "any"]);

/** Whether a request speaks of functions in the old way, and is to be answered in it. */
export function usesFunctions(body: ChatBody): boolean {
  return (body.tools ?? []).length === 0 && (body.functions ?? []).length > 0;
}

function definition({ name, description, parameters }: FunctionBody): ToolDefinition {
  return present<ToolDefinition>({ name, description, parameters });
}

function offered(body: ChatBody): ToolDefinition[] {
  if (usesFunctions(body)) return (body.functions ?? []).map(definition);
  return (body.tools ?? []).map((tool, index) => {
    if (tool.type !== "function") refuse(`tools[${index}].type`, `only tools of type "function" can be called, not "${tool.type}".`);
    return definition(tool.function ?? refuseMissing(`tools[${index}].function`, "an object"));
  });
}

/** A demand for a call, which needs something to call. */
function demanded(tools: readonly ToolDefinition[], field: string, toolChoice: ToolChoice): DecodedTools {
  if (tools.length === 0) refuseValue(field, "asks for a call, but no functions were given. Send them as tools, or leave it out.");
  return { tools, toolChoice };
}

/** A demand for one function. Throws AppError invalid_request where it was not offered. */
export function demandNamed(tools: readonly ToolDefinition[], field: string, name: string): DecodedTools {
  const decoded = demanded(tools, field, { mode: "function", name });
  if (!tools.some((tool) => tool.name === name))
    refuseValue(field, `names the function "${name}", which is not among the tools of this request.`);
  return decoded;
}

/** A choice in one word. Throws AppError invalid_request. */
export function chooseByWord(tools: readonly ToolDefinition[], field: string, word: string): DecodedTools {
  if (word === "auto") return { tools };
  if (word === "none") return { tools: [] };
  if (DEMANDS.has(word)) return demanded(tools, field, { mode: "required" });
  return refuseValue(field, `must be "none", "auto", "required" or an object that names a function, not "${word}".`);
}

function allowed(tools: readonly ToolDefinition[], choice: ChoiceBody): DecodedTools {
  const subset = choice.allowed_tools ?? refuseMissing("tool_choice.allowed_tools", "an object");
  const names = subset.tools.map(
    (tool, index) => tool.function?.name ?? refuseMissing(`tool_choice.allowed_tools.tools[${index}].function`, "an object"),
  );
  const missing = names.find((name) => !tools.some((tool) => tool.name === name));
  if (missing !== undefined) refuseValue("tool_choice", `names the function "${missing}", which is not among the tools of this request.`);
  if (subset.mode !== "auto" && subset.mode !== "required") refuseValue("tool_choice.allowed_tools.mode", 'must be "auto" or "required".');
  return chooseByWord(
    tools.filter((tool) => names.includes(tool.name)),
    "tool_choice",
    subset.mode,
  );
}

function chosen(body: ChatBody, tools: readonly ToolDefinition[]): DecodedTools {
  if (usesFunctions(body)) {
    const call = body.function_call ?? "auto";
    return typeof call === "string" ? chooseByWord(tools, "function_call", call) : demandNamed(tools, "function_call", call.name);
  }
  const choice = body.tool_choice ?? "auto";
  if (typeof choice === "string") return chooseByWord(tools, "tool_choice", choice);
  if (choice.type === "allowed_tools") return allowed(tools, choice);
  if (choice.type !== "function") return chooseByWord(tools, "tool_choice", choice.type);
  return demandNamed(tools, "tool_choice", choice.function?.name ?? refuseMissing("tool_choice.function", "an object"));
}

/** Throws AppError invalid_request, or unsupported_parameter for tools that are no functions. */
export function decodeTools(body: ChatBody): DecodedTools {
  const decoded = chosen(body, offered(body));
  // The old form has room for one call.
  const single = usesFunctions(body) || body.parallel_tool_calls === false;
  return single && decoded.tools.length > 0 ? { ...decoded, parallelToolCalls: false } : decoded;
}
