/** Conversations that end with the assistant's own words, as Open WebUI's "Continue Response" and other clients' like it send them. */
import type { ChatInput } from "../core/generation.ts";

/**
 * Whether the model goes on where the last message ends, as it does with llama.cpp's server and Ollama: an answer of its own behind it
 * would be shown as the same answer, which then begins anew in the middle of a sentence. A name tells of another speaker, to whom the model
 * answers; and what must be a call or JSON cannot go on with a text.
 */
export function isBegunAnswer({ messages, toolChoice }: ChatInput, isJson: boolean): boolean {
  const last = messages.at(-1);
  if (last?.role !== "assistant" || last.content === "" || last.toolCalls !== undefined || last.name !== undefined) return false;
  return !isJson && (toolChoice ?? { mode: "auto" }).mode === "auto";
}
