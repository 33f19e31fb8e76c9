import { expect, test } from "bun:test";
import { builtinTemplateFor } from "../../../src/chat/builtin-templates.ts";
import type { ChatMessage, ReasoningChoice, ToolDefinition } from "../../../src/core/generation.ts";
import type { Vocabulary } from "../../../src/core/prompt.ts";

const UNKNOWN: Vocabulary = { controlTokens: [], bosToken: null, eosToken: null };
const CONVERSATION: readonly ChatMessage[] = [
  { role: "system", content: "Be kind." },
  { role: "user", content: "Hi" },
  { role: "assistant", content: "<think>\nhm\n</think>\n\nHello" },
  { role: "user", content: "Bye" },
];

function vocabularyOf(controlTokens: readonly string[], bosToken: string | null = null, eosToken: string | null = null): Vocabulary {
  return { controlTokens, bosToken, eosToken };
}

interface Input {
  readonly messages?: readonly ChatMessage[];
  readonly tools?: readonly ToolDefinition[];
  readonly reasoning?: ReasoningChoice;
}

/** The prompt's text, control tokens between guillemets. */
function shown(family: string, vocabulary: Vocabulary, input: Input = {}): string {
  const { messages = CONVERSATION, tools = [], reasoning = { mode: "auto" } } = input;
  return builtinTemplateFor(family, vocabulary)
    .render({ messages, tools, reasoning }, vocabulary)
    .map((segment) => (segment.kind === "control" ? `«${segment.text}»` : segment.text))
    .join("");
}

const CHATML =
  "«<|im_start|>»system\nBe kind.«<|im_end|>»\n«<|im_start|>»user\nHi«<|im_end|>»\n«<|im_start|>»assistant\nHello«<|im_end|>»\n" +
  "«<|im_start|>»user\nBye«<|im_end|>»\n«<|im_start|>»assistant\n";
const CHATML_TOKENS = ["<|im_start|>", "<|im_end|>"];

test("ChatML", () => {
  expect(shown("qwen2", vocabularyOf(CHATML_TOKENS))).toBe(CHATML);
});

test("Qwen3 without thinking gets an empty thought, Qwen2 never does", () => {
  const off: Input = { reasoning: { mode: "off" } };
  expect([shown("qwen3", vocabularyOf(CHATML_TOKENS), off), shown("qwen2", vocabularyOf(CHATML_TOKENS), off)]).toEqual([
    `${CHATML}<think>\n\n</think>\n\n`,
    CHATML,
  ]);
});

test("Llama 3", () => {
  const tokens = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"];
  const head = (role: string): string => `«<|start_header_id|>»${role}«<|end_header_id|>»\n\n`;
  expect(shown("llama", vocabularyOf(tokens, "<|begin_of_text|>"))).toBe(
    `«<|begin_of_text|>»${head("system")}Be kind.«<|eot_id|>»${head("user")}Hi«<|eot_id|>»${head("assistant")}Hello«<|eot_id|>»` +
      `${head("user")}Bye«<|eot_id|>»${head("assistant")}`,
  );
});

test("Gemma", () => {
  const tokens = ["<bos>", "<start_of_turn>", "<end_of_turn>"];
  expect(shown("gemma3", vocabularyOf(tokens, "<bos>"))).toBe(
    "«<bos>»«<start_of_turn>»user\nBe kind.\n\nHi«<end_of_turn>»\n«<start_of_turn>»model\nHello«<end_of_turn>»\n" +
      "«<start_of_turn>»user\nBye«<end_of_turn>»\n«<start_of_turn>»model\n",
  );
});

test("Gemma's instructions have a turn of their own where no user turn comes first", () => {
  expect(shown("gemma", UNKNOWN, { messages: CONVERSATION.slice(0, 1) })).toBe(
    "<start_of_turn>user\nBe kind.<end_of_turn>\n<start_of_turn>model\n",
  );
});

test("Phi-3", () => {
  expect(shown("phi3", vocabularyOf(["<|system|>", "<|user|>", "<|assistant|>", "<|end|>"]))).toBe(
    "«<|system|>»\nBe kind.«<|end|>»\n«<|user|>»\nHi«<|end|>»\n«<|assistant|>»\nHello«<|end|>»\n«<|user|>»\nBye«<|end|>»\n«<|assistant|>»\n",
  );
});

test("Zephyr", () => {
  expect(shown("zephyr", vocabularyOf(["</s>"], null, "</s>"))).toBe(
    "<|system|>\nBe kind.«</s>»\n<|user|>\nHi«</s>»\n<|assistant|>\nHello«</s>»\n<|user|>\nBye«</s>»\n<|assistant|>\n",
  );
});

test("DeepSeek-R1 begins its answer inside a thought, which turning thinking off closes", () => {
  const vocabulary = vocabularyOf(["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"], "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>");
  const prompt =
    "«<｜begin▁of▁sentence｜>»Be kind.<｜User｜>Hi<｜Assistant｜>Hello«<｜end▁of▁sentence｜>»<｜User｜>Bye<｜Assistant｜><think>\n";
  expect([shown("qwen2", vocabulary), shown("qwen2", vocabulary, { reasoning: { mode: "off" } })]).toEqual([
    prompt,
    `${prompt}\n</think>\n\n`,
  ]);
});

test("Mistral and Llama 2", () => {
  const vocabulary = vocabularyOf(["<s>", "</s>"], "<s>", "</s>");
  expect([shown("mistral", vocabulary), shown("llama2", vocabulary)]).toEqual([
    "«<s>»[INST] Be kind.\n\nHi [/INST] Hello«</s>»[INST] Bye [/INST]",
    "«<s>»[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nHi [/INST] Hello«</s>»[INST] Bye [/INST]",
  ]);
});

test("An unknown model gets a dialogue in words", () => {
  expect(shown("unknown", vocabularyOf(["<s>", "</s>"]))).toBe("Be kind.\n\nUser: Hi\nAssistant: Hello\nUser: Bye\nAssistant:");
});

test("The vocabulary decides before the family, and a base model without its family's markers gets words", () => {
  const opening = (family: string, vocabulary: Vocabulary): string => shown(family, vocabulary).slice(0, 14);
  expect([opening("llama", vocabularyOf(CHATML_TOKENS)), opening("llama", vocabularyOf(["<s>"])), opening("llama", UNKNOWN)]).toEqual([
    "«<|im_start|>»",
    "Be kind.\n\nUser",
    "<|start_header",
  ]);
});

test("Functions, calls and results are written in one way by all of them", () => {
  const tools: ToolDefinition[] = [{ name: "f", parameters: { type: "object", properties: {} } }];
  const messages: ChatMessage[] = [
    { role: "user", content: "Do it" },
    { role: "assistant", content: "", toolCalls: [{ id: "c", name: "f", arguments: '{"a":1}' }] },
    { role: "tool", content: "done", toolCallId: "c" },
  ];
  const parts = [
    '<tools>\n{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}\n</tools>',
    '<tool_call>\n{"name": "f", "arguments": {"a":1}}\n</tool_call>',
    "<tool_response>\ndone\n</tool_response>",
  ];
  const families = ["qwen2", "qwen3", "llama", "gemma3", "phi3", "zephyr", "deepseek2", "mistral", "llama2", "unknown"];
  expect(families.filter((family) => parts.some((part) => !shown(family, UNKNOWN, { messages, tools }).includes(part)))).toEqual([]);
});
