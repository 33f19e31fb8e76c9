/**
 * Filling in the middle: code models are trained on texts whose parts stand in another order, behind control tokens that say which is which.
 * Only a vocabulary that has all of a family's tokens speaks of it.
 */
import type { PromptSegment } from "../core/prompt.ts";

/** What a prompt is made of: control tokens, and the two parts of the client's text. */
type Part = "prefix" | "suffix" | { readonly token: string };

const at = (token: string): Part => ({ token });

/** First match wins. source: the tokenizer files and model cards of the families named. */
const LAYOUTS: readonly (readonly Part[])[] = [
  // Qwen2.5 Coder, Qwen3, CodeGemma
  [at("<|fim_prefix|>"), "prefix", at("<|fim_suffix|>"), "suffix", at("<|fim_middle|>")],
  // StarCoder, Granite Code
  [at("<fim_prefix>"), "prefix", at("<fim_suffix>"), "suffix", at("<fim_middle>")],
  // DeepSeek Coder
  [at("<｜fim▁begin｜>"), "prefix", at("<｜fim▁hole｜>"), "suffix", at("<｜fim▁end｜>")],
  // Code Llama
  [at("▁<PRE>"), "prefix", at("▁<SUF>"), "suffix", at("▁<MID>")],
  // Codestral
  [at("[SUFFIX]"), "suffix", at("[PREFIX]"), "prefix"],
];

/** Every token that some family has for it. */
export const INFILL_TOKENS: readonly string[] = [
  ...new Set(LAYOUTS.flatMap((parts) => parts.flatMap((part) => (typeof part === "string" ? [] : [part.token])))),
];

/** The prompt for the text between two others; null for a vocabulary that has no tokens for it. */
export function infillPrompt(controlTokens: readonly string[], prefix: string, suffix: string): PromptSegment[] | null {
  const known = new Set(controlTokens);
  const layout = LAYOUTS.find((parts) => parts.every((part) => typeof part === "string" || known.has(part.token)));
  if (layout === undefined) return null;
  return layout
    .map((part): PromptSegment => {
      if (typeof part !== "string") return { kind: "control", text: part.token };
      return { kind: "plain", text: part === "prefix" ? prefix : suffix };
    })
    .filter((segment) => segment.text !== "");
}
