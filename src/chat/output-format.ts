/** Finds out how a model's answers are to be read, from its template and from the prompt that was rendered with it. */
import type { OutputFormat } from "../core/runtime.ts";

/** The tags that reasoning models put around a thought (Qwen3, DeepSeek R1, SmolLM3 and all that were distilled from them). */
const THINK = { open: "<think>", close: "</think>" };

/**
 * @param templateSource The Jinja text; "" for a prompt without a template, in whose answers nothing is marked.
 * @param prompt The rendered prompt as text, control tokens included.
 */
export function findOutputFormat(templateSource: string, prompt: string): OutputFormat {
  const thinks = templateSource.includes(THINK.close);
  const begun = prompt.trimEnd().endsWith(THINK.open);
  return { reasoning: thinks || begun ? { ...THINK, begun } : null, toolSyntax: "hermes" };
}
