/** Conversations as files: JSON with everything, and Markdown to read. */
import type { Conversation, Message } from "./conversation.ts";

/** One or several, with everything that is known of them. */
export function asJson(conversations: readonly Conversation[]): string {
  return `${JSON.stringify({ format: "rockchip-llama-conversations", version: 1, conversations }, null, 2)}\n`;
}

/** One as a text. */
export function asMarkdown({ title, settings, messages }: Conversation): string {
  const system = settings.system.trim() === "" ? [] : [`**System prompt**\n\n${settings.system.trim()}`];
  return `${[`# ${title}`, ...system, ...messages.map(messageText)].join("\n\n")}\n`;
}

function messageText({ role, model, content, reasoning, toolCalls, error }: Message): string {
  const speaker = role === "user" ? "You" : role === "tool" ? "Result" : (model ?? "Model");
  return [
    `## ${speaker}`,
    ...(reasoning === undefined ? [] : [reasoning.trim().replace(/^/gm, "> ")]),
    ...(content === "" ? [] : [content.trim()]),
    ...(toolCalls ?? []).map((call) => `Calls \`${call.name}\`:\n\n\`\`\`json\n${call.arguments}\n\`\`\``),
    ...(error === undefined ? [] : [`Error: ${error}`]),
  ].join("\n\n");
}

/** A name for the file: letters and digits of the title. */
export function fileName(title: string, ending: string): string {
  const name = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return `${name === "" ? "conversation" : name}.${ending}`;
}

/** Hands the person a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
