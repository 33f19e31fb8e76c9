/** Finds out how a model's answers are to be read, from its template and from the prompt that was rendered with it. */
import type { OutputFormat, ToolSyntax } from "../core/runtime.ts";
import { CALL_INSTRUCTION } from "./tool-text.ts";

/** The tags around a thought. Whoever distilled a reasoning model took the first ones over: Qwen3, DeepSeek R1, SmolLM3 and many more. */
const THOUGHT_TAGS = [
  { open: "<think>", close: "</think>" },
  // Magistral and Ministral
  { open: "[THINK]", close: "[/THINK]" },
  // EXAONE Deep
  { open: "<thought>", close: "</thought>" },
  // Gemma 4
  { open: "<|channel>thought", close: "<channel|>" },
] as const;

/** What a template of each syntax holds and none before it in the list does; the first whose texts are all there. */
const SIGNS: readonly (readonly [syntax: ToolSyntax, texts: readonly string[]])[] = [
  ["deepseek", ["<｜tool▁call▁begin｜>"]],
  ["deepseek", ["<｜tool▁calls▁begin｜>"]],
  ["mistral-args", ["[TOOL_CALLS]", "[ARGS]"]],
  ["mistral", ["[TOOL_CALLS]"]],
  ["function-gemma", ["<start_function_call>"]],
  ["gemma-4", ["<|tool_call>"]],
  ["functionary", [">>>all"]],
  ["functionary", [">>>", "recipient"]],
  ["qwen-xml", ["<function=", "<parameter="]],
  ["hermes", ["<tool_call>"]],
  ["function-tag", ["<function="]],
  ["gemma", ["tool_code"]],
  ["llama", ["<|python_tag|>"]],
  ["llama", ["<|start_header_id|>", "parameters"]],
  ["llama", ["<|python_start|>"]],
  ["gemma", ["<start_of_turn>", "tools"]],
];

/**
 * The tags stay also where the prompt holds an empty thought, which turns thinking off: a model may think all the same.
 * @param templateSource The Jinja text; "" for a prompt without a template, in whose answers nothing is marked.
 * @param prompt The rendered prompt as text, control tokens included.
 */
export function findOutputFormat(templateSource: string, prompt: string): OutputFormat {
  return { reasoning: findReasoning(templateSource, prompt.trimEnd()), toolSyntax: findToolSyntax(templateSource, prompt) };
}

function findReasoning(template: string, prompt: string): OutputFormat["reasoning"] {
  const begun = THOUGHT_TAGS.find(({ open }) => prompt.endsWith(open));
  const tags = begun ?? THOUGHT_TAGS.find(({ close }) => template.includes(close));
  return tags === undefined ? null : { ...tags, begun: begun !== undefined };
}

function findToolSyntax(template: string, prompt: string): ToolSyntax {
  // A template that knows no tools: the prompt itself says how calls are written.
  if (prompt.includes(CALL_INSTRUCTION)) return "hermes";
  return SIGNS.find(([, texts]) => texts.every((text) => template.includes(text)))?.[0] ?? "hermes";
}
