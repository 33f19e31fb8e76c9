/** Sampling values that a model's publisher recommends, from its generation_config.json. */
import { AppError } from "../core/errors.ts";
import type { SamplingOptions } from "../core/generation.ts";
import { readSmallText } from "../core/small-file.ts";

/** The file's keys, ours, and the values that make sense; anything else is passed over, as the file has many other keys. */
const KEYS: readonly (readonly [string, keyof SamplingOptions, (value: number) => boolean])[] = [
  ["temperature", "temperature", (value) => value >= 0 && value <= 100],
  ["top_k", "topK", (value) => Number.isInteger(value) && value >= 0],
  ["top_p", "topP", (value) => value > 0 && value <= 1],
  ["repetition_penalty", "repeatPenalty", (value) => value > 0 && value <= 100],
];

/**
 * Reads the values that are there and sensible. `do_sample: false` means greedy, which is temperature 0.
 * Throws AppError model_file_invalid for a file that is no JSON object.
 */
export async function readGenerationConfig(path: string): Promise<SamplingOptions> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readSmallText(path));
  } catch (cause) {
    throw new AppError("model_file_invalid", `Cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new AppError("model_file_invalid", `${path} has to hold a JSON object.`);
  }
  const config = parsed as Readonly<Record<string, unknown>>;
  const options: Partial<Record<keyof SamplingOptions, number>> = {};
  for (const [key, option, sensible] of KEYS) {
    const value = config[key];
    if (typeof value === "number" && sensible(value)) options[option] = value;
  }
  if (config["do_sample"] === false) options.temperature = 0;
  return options;
}
