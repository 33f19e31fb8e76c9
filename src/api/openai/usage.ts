/** Token counts and timings as OpenAI's and llama.cpp's clients read them. */
import type { Timings, Usage } from "../../core/generation.ts";
import type { JsonObject } from "../dialect.ts";

/** The `usage` object. */
export function usageObject(usage: Usage): JsonObject {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** Microsecond precision is all the runtime has; more digits only make chunks longer. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** A ratio that is 0 where nothing was done: JSON has no infinity. */
function per(amount: number, divisor: number): number {
  return divisor === 0 ? 0 : round(amount / divisor);
}

/** The `timings` object of llama.cpp's server, with the waiting and the memory of this one beside it. */
export function timingsObject(timings: Timings, usage: Usage): JsonObject {
  const { prefillTokens, prefillMs, decodeTokens, decodeMs } = timings;
  return {
    cache_n: usage.cachedTokens,
    prompt_n: prefillTokens,
    prompt_ms: round(prefillMs),
    prompt_per_token_ms: per(prefillMs, prefillTokens),
    prompt_per_second: per(prefillTokens * 1000, prefillMs),
    predicted_n: decodeTokens,
    predicted_ms: round(decodeMs),
    predicted_per_token_ms: per(decodeMs, decodeTokens),
    predicted_per_second: per(decodeTokens * 1000, decodeMs),
    memory_mb: round(timings.memoryMb),
    queue_ms: round(timings.queueMs),
    load_ms: round(timings.loadMs),
  };
}
