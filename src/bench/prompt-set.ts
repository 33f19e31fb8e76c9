/**
 * The prompts of the benchmark. They lie beside this file, and not in bench/, because the executable carries them. Their version is part of
 * every report: numbers of two versions are not compared, so a change of a prompt is a change of the version.
 */
import prompts from "./prompts.json" with { type: "json" };

/** One question whose answer is judged, and what it is judged by. Every answer is looked at for repetition and degeneration. */
export interface QualityPrompt {
  readonly id: string;
  readonly prompt: string;
  /** The language that the answer has to be in. */
  readonly language?: string;
  /** The answer has to be a JSON object with these keys and types; it is asked for by a schema. */
  readonly keys?: Readonly<Record<string, string>>;
}

/** What is asked for a measurement of speed and of quality. */
export interface PromptSet {
  readonly version: number;
  /** Text that prompts of any length are cut from. */
  readonly passage: string;
  /** Stands behind the text. */
  readonly instruction: string;
  readonly quality: readonly QualityPrompt[];
}

/** The set that belongs to this program. */
export const PROMPT_SET: PromptSet = prompts;

/**
 * A prompt of so many words. `mark` stands first and makes it unlike every other prompt, so that nothing of it can come out of a cache.
 */
export function promptOfWords(set: PromptSet, words: number, mark: string): string {
  const passage = set.passage.split(" ");
  const text = Array.from({ length: words }, (_, index) => passage[index % passage.length]).join(" ");
  return `${mark}: ${text}\n\n${set.instruction}`;
}

/**
 * How many words of the passage make a prompt of at most `tokens` tokens by the model's own count, found by halving. 1 at least: a model
 * whose template alone is longer gets a prompt as short as can be.
 * @param count the tokens of a whole prompt with the model's template around it
 */
export async function wordsForTokens(set: PromptSet, tokens: number, count: (prompt: string) => Promise<number>): Promise<number> {
  let fits = 1;
  let tooMany = Math.max(tokens, 2);
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    if ((await count(promptOfWords(set, middle, "10001"))) <= tokens) fits = middle;
    else tooMany = middle;
  }
  return fits;
}
