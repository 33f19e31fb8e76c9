/** Canonical messages and tools in the shape Hugging Face chat templates expect. */
import type { ChatMessage, ToolCall, ToolDefinition } from "../core/generation.ts";
import { mapStrings } from "./client-text-guard.ts";

/** What Mistral's templates take for the id of a call. */
const SHORT_ID_LENGTH = 9;

/** Habits of a template that change what it must be given; template-traits.ts finds them. */
export interface TemplateTraits {
  /** It walks over a turn's content as a list of parts. */
  readonly contentAsParts: boolean;
  /** It tells a turn of calls alone by `content is none`. */
  readonly noneForNoContent: boolean;
  /** It joins a call's arguments to text instead of printing them as JSON. */
  readonly argumentsAsText: boolean;
  /** It prints a tool as if it were text. */
  readonly toolsAsText: boolean;
  /** It walks over the tools without asking whether there are any. */
  readonly listForNoTools: boolean;
  /** It refuses ids of calls that are not nine letters and digits, as Mistral's do. */
  readonly shortIds: boolean;
}

/** How turns are to be shaped. */
export interface MessageShape extends TemplateTraits {
  /** Applied to every string that comes from the client or the model. */
  readonly protect: (text: string) => string;
}

/** Turns as templates read them: role, content, and where present reasoning_content, tool_calls, tool_call_id, name. */
export function templateMessages(messages: readonly ChatMessage[], shape: MessageShape): Record<string, unknown>[] {
  const { protect } = shape;
  const namesById = new Map<string, string>();
  const unanswered: ToolCall[] = [];
  return messages.map((message) => {
    const calls = message.toolCalls ?? [];
    for (const call of calls) namesById.set(call.id, call.name);
    unanswered.push(...calls);
    const withoutContent = shape.noneForNoContent && message.content === "" && calls.length > 0;
    const turn: Record<string, unknown> = { role: message.role, content: withoutContent ? null : templateContent(message.content, shape) };
    if (message.reasoning !== undefined) turn["reasoning_content"] = protect(message.reasoning);
    if (calls.length > 0) turn["tool_calls"] = calls.map((call) => templateToolCall(call, shape));
    const answered = message.role === "tool" ? takeAnswered(unanswered, message) : undefined;
    // Where ids have to be, a result that names none, as Ollama's clients send them, is given that of its call.
    const toolCallId = message.toolCallId ?? (shape.shortIds ? answered?.id : undefined);
    if (toolCallId !== undefined) turn["tool_call_id"] = templateId(toolCallId, shape);
    // Some templates head a result with the function's name, which OpenAI's clients leave to the call it answers.
    const name = message.name ?? (message.toolCallId === undefined ? undefined : namesById.get(message.toolCallId));
    if (name !== undefined) turn["name"] = protect(name);
    return turn;
  });
}

/** Tools in OpenAI's shape; for none, null, as transformers passes it. */
export function templateTools(tools: readonly ToolDefinition[], shape: MessageShape): unknown {
  const { protect } = shape;
  if (tools.length === 0) return shape.listForNoTools ? [] : null;
  return tools.map((tool) => {
    const shaped = {
      type: "function",
      function: {
        name: protect(tool.name),
        ...(tool.description === undefined ? {} : { description: protect(tool.description) }),
        // A function without parameters takes none (OpenAI); templates that list the properties need them to exist.
        parameters: mapStrings(tool.parameters ?? { type: "object", properties: {} }, protect),
      },
    };
    return shape.toolsAsText ? JSON.stringify(shaped) : shaped;
  });
}

function templateContent(content: string, { protect, contentAsParts }: MessageShape): unknown {
  return contentAsParts ? [{ type: "text", text: protect(content) }] : protect(content);
}

function templateToolCall(call: ToolCall, shape: MessageShape): Record<string, unknown> {
  const { protect } = shape;
  return {
    id: templateId(call.id, shape),
    type: "function",
    function: { name: protect(call.name), arguments: templateArguments(call.arguments, shape) },
  };
}

/** Takes out the call that a result answers: the one it names, else the first of its function, else the first. */
function takeAnswered(unanswered: ToolCall[], { toolCallId, name }: ChatMessage): ToolCall | undefined {
  const at = unanswered.findIndex((call) => (toolCallId === undefined ? call.name === name : call.id === toolCallId));
  return unanswered.splice(Math.max(at, 0), 1)[0];
}

/** The same id is always made the same, so a call keeps it in its result and in all later prompts. Digits of a hash need no protection. */
function templateId(id: string, { protect, shortIds }: MessageShape): string {
  return shortIds ? new Bun.CryptoHasher("sha256").update(id).digest("hex").slice(0, SHORT_ID_LENGTH) : protect(id);
}

/** Arguments as an object where the text is one, since most templates print them as JSON or walk over them; any other text as it stands. */
function templateArguments(text: string, { protect, argumentsAsText }: MessageShape): unknown {
  const json = text.trim() === "" ? "{}" : text;
  const parsed = argumentsAsText ? null : parseObject(json);
  return parsed === null ? protect(json) : mapStrings(parsed, protect);
}

function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null; // A truncated call that a client sends back: shown to the model as it is.
  }
}
