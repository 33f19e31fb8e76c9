/** Chooses a template for a model that brings none. */
import type { Vocabulary } from "../core/prompt.ts";
import { CHATML, DEEPSEEK_R1, GEMMA, LLAMA_2, LLAMA_3, MISTRAL, PHI_3, PLAIN, QWEN3, ZEPHYR } from "./builtin-sources.ts";
import { type ChatTemplate, compileChatTemplate } from "./template.ts";

interface BuiltinTemplate {
  readonly source: string;
  /** Families (llama.cpp's architecture names, and the names models go by) whose models speak it. */
  readonly families: RegExp;
  /** Its turn markers, as far as they are control tokens; a vocabulary that has them all speaks it. Without any, only the family tells. */
  readonly tokens: readonly string[];
}

/** First match wins. */
const BUILTIN_TEMPLATES: readonly BuiltinTemplate[] = [
  { source: QWEN3, families: /^qwen-?3/, tokens: ["<|im_start|>", "<|im_end|>"] },
  { source: CHATML, families: /^(qwen|qwq|smollm|chatml|internlm|minicpm|yi)/, tokens: ["<|im_start|>", "<|im_end|>"] },
  { source: LLAMA_3, families: /^llama(-?3|$)/, tokens: ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"] },
  { source: GEMMA, families: /^gemma/, tokens: ["<start_of_turn>", "<end_of_turn>"] },
  { source: PHI_3, families: /^phi-?[34]/, tokens: ["<|user|>", "<|assistant|>", "<|end|>"] },
  { source: DEEPSEEK_R1, families: /^deepseek/, tokens: ["<｜end▁of▁sentence｜>"] },
  { source: MISTRAL, families: /^(mi|mini)(s|x)tral/, tokens: [] },
  { source: LLAMA_2, families: /^llama-?2/, tokens: [] },
  { source: ZEPHYR, families: /^(zephyr|tinyllama|stablelm)/, tokens: [] },
];

/** The markers that decide which of them a vocabulary speaks. */
export const TURN_MARKERS: readonly string[] = [...new Set(BUILTIN_TEMPLATES.flatMap((template) => template.tokens))];

/**
 * The template of ours that fits a model. What its vocabulary holds decides before its family does; a family whose markers the
 * vocabulary lacks (a base model) gets a plain dialogue. Pass a vocabulary without control tokens where none is known.
 */
export function builtinTemplateFor(family: string, vocabulary: Vocabulary): ChatTemplate {
  return compileChatTemplate(builtinSourceFor(family, vocabulary));
}

/** The text of that template. */
export function builtinSourceFor(familyName: string, { controlTokens }: Pick<Vocabulary, "controlTokens">): string {
  const family = familyName.toLowerCase();
  const known = new Set(controlTokens);
  const ofFamily = BUILTIN_TEMPLATES.filter((template) => template.families.test(family));
  const spoken = (template: BuiltinTemplate): boolean => template.tokens.length > 0 && template.tokens.every((token) => known.has(token));
  const unhindered = (template: BuiltinTemplate): boolean => template.tokens.length === 0 || known.size === 0;
  const chosen =
    ofFamily.find(spoken) ??
    BUILTIN_TEMPLATES.find((template) => template.source !== QWEN3 && spoken(template)) ??
    ofFamily.find(unhindered);
  return chosen?.source ?? PLAIN;
}
