/**
 * Checks that the server prompts the model as the training did: every conversation of a file, rendered by the template inside the GGUF and
 * tokenized by the server's own code, against what chat_format.py and bpe.py made of it.
 *
 *   python prompts.py data/held-out.jsonl data/vocabulary.json > data/prompts.jsonl
 *   bun check-prompts.ts ../tiny-chat.gguf data/prompts.jsonl
 */
import { openGguf } from "../../../src/catalog/gguf.ts";
import { compileChatTemplate } from "../../../src/chat/template.ts";
import type { ChatMessage, ToolDefinition } from "../../../src/core/generation.ts";
import type { PromptSegment } from "../../../src/core/prompt.ts";
import { tokenizerFromGguf } from "../../../src/tokenizer/gguf-tokenizer.ts";

interface TrainingTurn {
  readonly role: "user" | "assistant" | "tool";
  readonly content: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: object }[];
}

interface TrainingPrompt {
  readonly system: string | null;
  readonly tools: readonly { readonly function: ToolDefinition }[] | null;
  readonly thinking: boolean;
  /** Without the answer that is to be learnt. */
  readonly turns: readonly TrainingTurn[];
  readonly text: string;
  readonly ids: readonly number[];
}

const [modelPath, promptsPath] = Bun.argv.slice(2);
if (modelPath === undefined || promptsPath === undefined) throw new Error("usage: bun check-prompts.ts MODEL.gguf PROMPTS.jsonl");

const gguf = openGguf(modelPath);
const tokenizer = tokenizerFromGguf(gguf);
const template = compileChatTemplate(gguf.string("tokenizer.chat_template") ?? "");
const prompts = (await Bun.file(promptsPath).text()).trimEnd().split("\n");
let wrong = 0;
for (const line of prompts) {
  const prompt = JSON.parse(line) as TrainingPrompt;
  const tools = (prompt.tools ?? []).map((tool) => tool.function);
  const segments = template.render({ messages: messagesOf(prompt), tools, reasoning: { mode: prompt.thinking ? "on" : "off" } }, tokenizer);
  const ids = [...tokenizer.encode(segments)];
  if (textOf(segments) === prompt.text && Bun.deepEquals(ids, prompt.ids)) continue;
  wrong++;
  if (wrong === 1)
    process.stderr.write(`wanted:\n${prompt.text}\n${prompt.ids.join(" ")}\n\ngot:\n${textOf(segments)}\n${ids.join(" ")}\n`);
}
process.stdout.write(`${prompts.length} prompts, ${wrong} differ\n`);
process.exitCode = wrong === 0 ? 0 : 1;

function textOf(segments: readonly PromptSegment[]): string {
  return segments.map((segment) => segment.text).join("");
}

function messagesOf({ system, turns }: TrainingPrompt): ChatMessage[] {
  const calls: string[] = [];
  const messages: ChatMessage[] = system === null ? [] : [{ role: "system", content: system }];
  for (const turn of turns) {
    if (turn.role === "tool") messages.push({ role: "tool", content: turn.content, toolCallId: calls.shift() ?? "" });
    else if (turn.calls === undefined) messages.push({ role: turn.role, content: turn.content });
    else {
      const toolCalls = turn.calls.map((call, index) => ({
        id: `call${index}`,
        name: call.name,
        arguments: JSON.stringify(call.arguments),
      }));
      calls.push(...toolCalls.map((call) => call.id));
      messages.push({ role: "assistant", content: turn.content, toolCalls });
    }
  }
  return messages;
}
