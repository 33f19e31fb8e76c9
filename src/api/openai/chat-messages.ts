/** Messages of a chat request in canonical form. */
import type { ChatMessage, ChatRole, ToolCall } from "../../core/generation.ts";
import { jsonText } from "../json-text.ts";
import { present } from "../schema.ts";
import type { ChatBodyMessage } from "./chat-schema.ts";
import { refuse, refuseValue } from "./sampling-schema.ts";

type ContentPart = Exclude<NonNullable<ChatBodyMessage["content"]>, string>[number];

const ROLES: Readonly<Record<ChatBodyMessage["role"], ChatRole>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool",
  function: "tool",
};

/** The names two OpenAI APIs give to the same part; clients mix them. */
const TEXT_PARTS = new Set(["text", "input_text", "output_text"]);
const MEDIA_PARTS: Readonly<Record<string, string>> = {
  image_url: "images",
  input_image: "images",
  input_audio: "audio",
  file: "files",
  input_file: "files",
};

function partText(part: ContentPart, field: string): string {
  if (TEXT_PARTS.has(part.type)) return part.text ?? "";
  // A refusal in the history is something the assistant said.
  if (part.type === "refusal") return part.refusal ?? "";
  const media = MEDIA_PARTS[part.type];
  if (media !== undefined) refuse(field, `${media} cannot be read. Send text parts only.`);
  return refuseValue(`${field}.type`, `must be "text", not "${part.type}".`);
}

/** The text of a message or of a tool's result. Throws AppError for parts that are not text. */
export function textOf(content: ChatBodyMessage["content"], field: string): string {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  return content.map((part, index) => partText(part, `${field}[${index}]`)).join("\n");
}

/** Arguments are a JSON text; some clients send the object itself. Malformed text passes: the history is what it is. Throws AppError invalid_request. */
export function argumentsText(value: unknown, field: string): string {
  if (typeof value === "string") return value === "" ? "{}" : value;
  return value === null || value === undefined ? "{}" : jsonText(value, field);
}

function toolCallsOf(message: ChatBodyMessage, index: number): ToolCall[] {
  const calls = message.tool_calls ?? (message.function_call ? [{ id: undefined, function: message.function_call }] : []);
  return calls.map((call, position) => ({
    id: call.id ?? `call_${index}_${position}`,
    name: call.function.name,
    arguments: argumentsText(call.function.arguments, `messages[${index}].tool_calls[${position}].function.arguments`),
  }));
}

/** One message, the `index`th of the request. Throws AppError for parts that are not text. */
function chatMessage(message: ChatBodyMessage, index: number): ChatMessage {
  const isAssistant = message.role === "assistant";
  const toolCalls = isAssistant ? toolCallsOf(message, index) : [];
  const reasoning = message.reasoning_content ?? message.reasoning;
  return present<ChatMessage>({
    role: ROLES[message.role],
    content: textOf(message.content ?? (isAssistant ? message.refusal : null), `messages[${index}].content`),
    name: message.name,
    reasoning: isAssistant && typeof reasoning === "string" && reasoning !== "" ? reasoning : undefined,
    toolCalls: toolCalls.length > 0 ? toolCalls : undefined,
    toolCallId: message.tool_call_id,
  });
}

/** The conversation in canonical form; order and number of messages stay as they are. */
export function chatMessages(messages: readonly ChatBodyMessage[]): ChatMessage[] {
  return messages.map(chatMessage);
}
