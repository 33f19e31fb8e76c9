/**
 * The same conversation in forms that stricter templates accept.
 *
 * Clients send several system messages, system messages in the middle, neighbours of the same role and tool results; many templates
 * refuse some of that. Each form gives up a little more of the roles, never any text.
 */
import type { ChatMessage } from "../core/generation.ts";

/** Joins the texts of turns that become one. */
const TURN_JOINER = "\n\n";

/**
 * The conversation in ever more tolerant forms; a form equal to the one before it is left out.
 * First as sent, with the leading system messages joined; then with later system turns as user turns and neighbours of one role merged;
 * then with the system turn inside the first user turn, which comes first. Then the same three with tool calls and results as text.
 */
export function* tolerantForms(messages: readonly ChatMessage[]): Generator<readonly ChatMessage[]> {
  let last: readonly ChatMessage[] | null = null;
  for (const start of [joinLeadingSystem(messages), toolsAsText(joinLeadingSystem(messages))]) {
    const merged = mergeTurns(start);
    for (const form of [start, merged, foldSystem(merged)]) {
      if (last === null || !Bun.deepEquals(form, last)) yield form;
      last = form;
    }
    if (!usesTools(messages)) return;
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

function toolsAsText(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const names = new Map(messages.flatMap((message) => (message.toolCalls ?? []).map((call) => [call.id, call.name] as const)));
  return messages.map((message): ChatMessage => {
    if (message.role === "tool") {
      const name = message.name ?? names.get(message.toolCallId ?? "") ?? "the function";
      return { role: "user", content: `Result of ${name}:\n${message.content}` };
    }
    const { toolCalls, ...turn } = message;
    if (toolCalls === undefined) return message;
    return { ...turn, content: joinTexts([message.content, ...toolCalls.map((call) => `Called ${call.name} with ${call.arguments}`)]) };
  });
}

function usesTools(messages: readonly ChatMessage[]): boolean {
  return messages.some((message) => message.role === "tool" || message.toolCalls !== undefined);
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
