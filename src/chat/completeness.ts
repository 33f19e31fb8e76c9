/**
 * Tells whether a template writes all that a conversation holds. A template that does not know a role or tools may leave their text out
 * without a word; looking for the text itself would mistake short texts for found, so the same turns are tried with words of ours.
 */
import type { ChatMessage } from "../core/generation.ts";
import type { Conversation } from "./tolerant-messages.ts";

/** A conversation of the same roles, calls and functions, and the words that must come out of it. */
export interface StandIn {
  readonly conversation: Conversation;
  readonly marks: readonly string[];
}

/** The stand-in for a conversation: instructions, results, calls, arguments and functions become marks, all else stays. */
export function standIn({ messages, tools }: Conversation): StandIn {
  const marks: string[] = [];
  const mark = (): string => {
    const word = `qz${marks.length}zq`;
    marks.push(word);
    return word;
  };
  const turns = messages.map((message): ChatMessage => {
    const { toolCalls } = message;
    const isMarked = (message.role === "system" || message.role === "tool") && message.content !== "";
    return {
      ...message,
      content: isMarked ? mark() : message.content,
      ...(toolCalls === undefined
        ? {}
        : { toolCalls: toolCalls.map((call) => ({ ...call, name: mark(), arguments: `{"a":"${mark()}"}` })) }),
    };
  });
  return { conversation: { messages: turns, tools: tools.map((tool) => ({ ...tool, name: mark() })) }, marks };
}

/** Whether a rendered stand-in holds all its marks. */
export function isComplete(text: string, marks: readonly string[]): boolean {
  return marks.every((mark) => text.includes(mark));
}
