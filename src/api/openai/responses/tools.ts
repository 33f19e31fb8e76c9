/** Which functions a request offers, and whether one must be called. Tools of other kinds are left out: agents always send some. */
import type { ToolDefinition } from "../../../core/generation.ts";
import { present } from "../../schema.ts";
import { refuse, refuseMissing, refuseValue } from "../sampling-schema.ts";
import { chooseByWord, demandNamed } from "../tool-decode.ts";
import type { DecodedTools } from "../tool-decode.ts";
import type { InputTokensBody, ResponseTool } from "./schema.ts";

type Choice = Exclude<NonNullable<InputTokensBody["tool_choice"]>, string>;

function definition(tool: ResponseTool, index: number): ToolDefinition {
  const name = tool.name ?? tool.function?.name ?? "";
  if (name === "") refuseMissing(`tools[${index}].name`, "a string that is not empty");
  return present<ToolDefinition>({
    name,
    description: tool.description ?? tool.function?.description,
    parameters: tool.parameters ?? tool.function?.parameters,
  });
}

function functionsOf(body: InputTokensBody): ToolDefinition[] {
  return (body.tools ?? []).flatMap((tool, index) => (tool.type === "function" ? [definition(tool, index)] : []));
}

/** Fields that name the tools which are left out. */
export function toolsLeftOut(body: InputTokensBody): string[] {
  return (body.tools ?? []).flatMap((tool, index) => (tool.type === "function" ? [] : [`tools[${index}]`]));
}

function allowed(tools: readonly ToolDefinition[], choice: Choice): DecodedTools {
  const names = (choice.tools ?? []).map((tool, index) => {
    const field = `tool_choice.tools[${index}]`;
    if ((tool.type ?? "function") !== "function") refuse(`${field}.type`, "only functions can be called.");
    return tool.name ?? refuseMissing(`${field}.name`, "a string");
  });
  for (const name of names) demandNamed(tools, "tool_choice", name);
  const subset = tools.filter(({ name }) => names.includes(name));
  const mode = choice.mode ?? "auto";
  if (mode !== "auto" && mode !== "required") refuseValue("tool_choice.mode", 'must be "auto" or "required".');
  return chooseByWord(subset, "tool_choice", mode);
}

function chosen(body: InputTokensBody, tools: readonly ToolDefinition[]): DecodedTools {
  const choice = body.tool_choice ?? "auto";
  if (typeof choice === "string") return chooseByWord(tools, "tool_choice", choice);
  if (choice.type === "allowed_tools") return allowed(tools, choice);
  if (choice.type !== "function") refuse("tool_choice", "it names a tool that is no function, and only functions can be called.");
  const name = choice.name ?? choice.function?.name ?? refuseMissing("tool_choice.name", "a string");
  return demandNamed(tools, "tool_choice", name);
}

/** Throws AppError invalid_request, or unsupported_parameter where something else than a function is to be called. */
export function decodeResponseTools(body: InputTokensBody): DecodedTools {
  const decoded = chosen(body, functionsOf(body));
  return body.parallel_tool_calls === false && decoded.tools.length > 0 ? { ...decoded, parallelToolCalls: false } : decoded;
}
