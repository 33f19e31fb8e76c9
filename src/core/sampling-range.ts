/** What the runtime takes for each sampling value. Beyond these it fails, or takes its process with it. */
import type { SamplingOptions } from "./generation.ts";

/** Bounds, both included. */
export const SAMPLING_RANGES = {
  temperature: { minimum: 0, maximum: 2 },
  topK: { minimum: 0, maximum: 1_000_000 },
  topP: { minimum: 0, maximum: 1 },
  repeatPenalty: { minimum: 0, maximum: 10 },
  frequencyPenalty: { minimum: -2, maximum: 2 },
  presencePenalty: { minimum: -2, maximum: 2 },
  mirostat: { minimum: 0, maximum: 2 },
  mirostatTau: { minimum: 0, maximum: 100 },
  mirostatEta: { minimum: 0, maximum: 1 },
} as const satisfies Record<keyof SamplingOptions, { readonly minimum: number; readonly maximum: number }>;

/** The nearest value that is in range. */
export function inRange(name: keyof SamplingOptions, value: number): number {
  const { minimum, maximum } = SAMPLING_RANGES[name];
  return Math.min(Math.max(value, minimum), maximum);
}
