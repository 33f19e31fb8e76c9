/** The words that the server adds to a conversation of its own accord (docs/prompting.md). */
import type { ChatMessage, ResponseFormat, ToolChoice } from "../core/generation.ts";
import { shownSchema } from "./shown-schema.ts";

/** What is said of a forced call; "" for none. */
export function callInstruction(choice: ToolChoice | undefined): string {
  if (choice?.mode === "required") return "Answer with a call of one of these functions, not with words.";
  return choice?.mode === "function" ? `Answer with a call of the function ${choice.name}, not with words.` : "";
}

/** What is said of the answer's form; "" for free text. */
export function formatInstruction(format: ResponseFormat | undefined): string {
  if (format === undefined) return "";
  if (format.kind === "json_object") return "Answer with one JSON object and nothing else: no other words, no code fence.";
  return `Answer with JSON that fits this JSON Schema and nothing else: no other words, no code fence.\n${JSON.stringify(shownSchema(format.schema))}`;
}

/** The conversation with instructions behind the client's own system text. The templates' tolerant forms join neighbouring system turns. */
export function withInstructions(messages: readonly ChatMessage[], instructions: readonly string[]): readonly ChatMessage[] {
  const added = instructions.filter((text) => text !== "").map((content): ChatMessage => ({ role: "system", content }));
  if (added.length === 0) return messages;
  const first = messages.findIndex((message) => message.role !== "system");
  const count = first === -1 ? messages.length : first;
  return [...messages.slice(0, count), ...added, ...messages.slice(count)];
}

/** What follows an answer that is not in the form asked for. */
export function jsonComplaint(fault: string): string {
  return `That is not valid: ${fault}. Answer with the JSON alone.`;
}

/** What follows a call that cannot be read, does not fit its function, or did not come. */
export function callComplaint(fault: string): string {
  return `That is not a valid call: ${fault}. Answer with the call alone.`;
}
