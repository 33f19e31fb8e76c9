/**
 * The same conversation in forms that stricter templates accept.
 *
 * Clients send several system messages, system messages in the middle, neighbours of the same role and tool results; many templates
 * refuse some of that. Each form gives up a little more of the roles, never any text.
 */
import type { ChatMessage, ToolDefinition } from "../core/generation.ts";
import { toolCallText, toolInstructions, toolResultText } from "./tool-text.ts";

/** A conversation and the functions offered in it. */
export interface Conversation {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
}

/** Joins the texts of turns that become one. */
const TURN_JOINER = "\n\n";

/**
 * The conversation in ever more tolerant forms; a form equal to the one before it is left out.
 * First as sent, with the leading system messages joined; then with later system turns as user turns and neighbours of one role merged;
 * then with the system turn inside the first user turn, which comes first. Then the same three with functions, calls and results as text.
 */
export function* tolerantForms({ messages, tools }: Conversation): Generator<Conversation> {
  const asSent = { messages: joinLeadingSystem(messages), tools };
  const usesTools = tools.length > 0 || messages.some((message) => message.role === "tool" || message.toolCalls !== undefined);
  let last: Conversation | null = null;
  for (const start of usesTools ? [asSent, toolsAsText(asSent)] : [asSent]) {
    const merged = mergeTurns(start.messages);
    for (const form of [start.messages, merged, foldSystem(merged)]) {
      const next = { messages: form, tools: start.tools };
      if (last === null || !Bun.deepEquals(next, last)) yield next;
      last = next;
    }
  }
}

function joinLeadingSystem(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const count = leadingSystemCount(messages);
  if (count < 2) return messages;
  return [{ role: "system", content: joinTexts(messages.slice(0, count).map((message) => message.content)) }, ...messages.slice(count)];
}

function mergeTurns(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const count = leadingSystemCount(messages);
  const rest = messages
    .slice(count)
    .map((message): ChatMessage => (message.role === "system" ? { role: "user", content: instruction(message.content) } : message));
  return [...messages.slice(0, count), ...mergeNeighbours(rest)];
}

function foldSystem(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const count = leadingSystemCount(messages);
  const system = joinTexts(messages.slice(0, count).map((message) => message.content));
  const [first, ...rest] = messages.slice(count);
  if (first?.role !== "user") return [{ role: "user", content: system }, ...(first === undefined ? [] : [first, ...rest])];
  return [{ ...first, content: joinTexts([system, first.content]) }, ...rest];
}

function toolsAsText({ messages, tools }: Conversation): Conversation {
  const turns = messages.map((message): ChatMessage => {
    if (message.role === "tool") return { role: "user", content: toolResultText(message.content) };
    const { toolCalls, ...turn } = message;
    return toolCalls === undefined ? message : { ...turn, content: joinTexts([message.content, ...toolCalls.map(toolCallText)]) };
  });
  if (tools.length === 0) return { messages: turns, tools };
  return { messages: joinLeadingSystem(systemFirst(turns, toolInstructions(tools))), tools: [] };
}

/** The instructions after the client's own, which may be what makes sense of them. */
function systemFirst(messages: readonly ChatMessage[], content: string): ChatMessage[] {
  const count = leadingSystemCount(messages);
  return [...messages.slice(0, count), { role: "system", content }, ...messages.slice(count)];
}

/** Merges neighbouring user turns and neighbouring assistant turns; tool results stay apart, each answers its own call. */
function mergeNeighbours(messages: readonly ChatMessage[]): ChatMessage[] {
  const merged: ChatMessage[] = [];
  for (const message of messages) {
    const last = merged.at(-1);
    if (last === undefined || last.role !== message.role || message.role === "tool") merged.push(message);
    else merged[merged.length - 1] = mergePair(last, message);
  }
  return merged;
}

function mergePair(a: ChatMessage, b: ChatMessage): ChatMessage {
  const reasoning = joinTexts([a.reasoning ?? "", b.reasoning ?? ""]);
  const toolCalls = [...(a.toolCalls ?? []), ...(b.toolCalls ?? [])];
  return {
    role: a.role,
    content: joinTexts([a.content, b.content]),
    ...(reasoning === "" ? {} : { reasoning }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  };
}

function leadingSystemCount(messages: readonly ChatMessage[]): number {
  const first = messages.findIndex((message) => message.role !== "system");
  return first === -1 ? messages.length : first;
}

function instruction(content: string): string {
  return `System instruction:\n${content}`;
}

function joinTexts(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join(TURN_JOINER);
}
