/** A conversation as the server is asked for its next message. */
import { ApiError } from "../server/api-error.ts";
import type { ChatSettings, Message } from "../conversation/conversation.ts";

const PARAMETERS = [
  ["temperature", "temperature", "Temperature"],
  ["topP", "top_p", "Top p"],
  ["topK", "top_k", "Top k"],
  ["repeatPenalty", "repeat_penalty", "Repeat penalty"],
  ["tokensMax", "max_tokens", "Longest answer"],
] as const satisfies readonly (readonly [keyof ChatSettings, string, string])[];

/** The body for POST /v1/chat/completions. Throws ApiError where the settings hold what is no number or no JSON. */
export function answerRequest(model: string, settings: ChatSettings, messages: readonly Message[]): Record<string, unknown> {
  const system = settings.system.trim() === "" ? [] : [{ role: "system", content: settings.system }];
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [...system, ...messages.filter(isSaid).map(messageObject)],
    ...Object.fromEntries(PARAMETERS.flatMap(([key, name, label]) => numberField(name, label, settings[key]))),
    ...(settings.thinking === "auto" ? {} : { enable_thinking: settings.thinking === "on" }),
    ...(settings.json ? { response_format: { type: "json_object" } } : {}),
    ...toolFields(settings.tools),
  };
}

/** An answer that failed before its first word is nothing to go on from. */
function isSaid(message: Message): boolean {
  return message.role !== "assistant" || message.content !== "" || (message.toolCalls ?? []).length > 0;
}

function messageObject({ role, content, reasoning, toolCalls, toolCallId }: Message): Record<string, unknown> {
  return {
    role,
    content,
    ...(reasoning === undefined || reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(toolCalls === undefined || toolCalls.length === 0
      ? {}
      : { tool_calls: toolCalls.map(({ id, name, arguments: text }) => ({ id, type: "function", function: { name, arguments: text } })) }),
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
  };
}

function numberField(name: string, label: string, text: string): readonly (readonly [string, number])[] {
  if (text.trim() === "") return [];
  const number = Number(text);
  if (!Number.isFinite(number)) throw new ApiError(`${label} has to be a number; "${text}" is none.`, 0);
  return [[name, number]];
}

function toolFields(text: string): Record<string, unknown> {
  const fault = toolsFault(text);
  if (fault !== null) throw new ApiError(fault, 0);
  return text.trim() === "" ? {} : { tools: JSON.parse(text) as unknown };
}

/** What is wrong with the functions as they were typed; null where nothing is. */
export function toolsFault(text: string): string | null {
  if (text.trim() === "") return null;
  try {
    return Array.isArray(JSON.parse(text)) ? null : "The functions have to be a JSON array.";
  } catch (error) {
    return `The functions are no JSON: ${error instanceof Error ? error.message : ""}`;
  }
}
