/** Conversations and functions in Ollama's form. */
import { AppError } from "../../core/errors.ts";
import type { ChatMessage, ChatRole, ToolCall, ToolDefinition } from "../../core/generation.ts";
import { jsonText } from "../json-text.ts";
import { present } from "../schema.ts";
import type { OllamaChatBody, OllamaMessage } from "./schema.ts";

const ROLES: Readonly<Record<string, ChatRole>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool",
};
/** A thought that a client left in the text of an earlier answer. */
const THOUGHT = /^\s*<think>[^]*?<\/think>\s*/;

/** Throws AppError unsupported_parameter: the models here cannot see. */
export function refuseImages(images: readonly string[] | null | undefined, field: string): void {
  if ((images?.length ?? 0) === 0) return;
  throw new AppError("unsupported_parameter", `"${field}" is not supported: the model cannot see images. Send text only.`, {
    details: { field },
  });
}

/** The conversation. Throws AppError invalid_request, naming the field, and unsupported_parameter for images. */
export function chatMessages(messages: readonly OllamaMessage[]): ChatMessage[] {
  const turns = messages.map(chatMessage);
  const lastQuestion = turns.findLastIndex(({ role }) => role === "user");
  // What was thought about earlier questions only takes room.
  return turns.map((turn, index) =>
    turn.role === "assistant" && index < lastQuestion ? { ...turn, content: turn.content.replace(THOUGHT, "") } : turn,
  );
}

function chatMessage(message: OllamaMessage, index: number): ChatMessage {
  const role = Object.hasOwn(ROLES, message.role.toLowerCase()) ? ROLES[message.role.toLowerCase()] : undefined;
  const field = `messages[${index}].role`;
  if (role === undefined) {
    throw new AppError("invalid_request", `"${field}" must be "system", "user", "assistant" or "tool", not "${message.role}"`, {
      details: { field, fault: "value" },
    });
  }
  refuseImages(message.images, `messages[${index}].images`);
  const calls = role === "assistant" ? toolCalls(message, index) : [];
  return present<ChatMessage>({
    role,
    content: message.content ?? "",
    name: message.tool_name,
    reasoning: role === "assistant" && message.thinking !== "" ? message.thinking : undefined,
    toolCalls: calls.length > 0 ? calls : undefined,
    toolCallId: message.tool_call_id,
  });
}

function toolCalls(message: OllamaMessage, index: number): ToolCall[] {
  return (message.tool_calls ?? []).map((call, position) => {
    const given = call.function.arguments ?? {};
    return {
      id: call.id ?? `call_${index}_${position}`,
      name: call.function.name,
      arguments: typeof given === "string" ? given : jsonText(given, `messages[${index}].tool_calls[${position}].function.arguments`),
    };
  });
}

/** The functions that may be called. */
export function toolDefinitions(tools: OllamaChatBody["tools"]): ToolDefinition[] {
  return (tools ?? []).map(({ function: { name, description, parameters } }) => present<ToolDefinition>({ name, description, parameters }));
}
