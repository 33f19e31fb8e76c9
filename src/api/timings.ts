/** The runtime's own figures, in both dialects: llama.cpp's `timings` object with the waiting and the memory of this server beside it. */
import { Type } from "@sinclair/typebox";
import type { Timings, Usage } from "../core/generation.ts";
import type { JsonObject } from "./dialect.ts";
import { object } from "./schema.ts";

/** What the API description says of it. */
export const TimingsObject = object(
  {
    cache_n: Type.Integer({ description: "Tokens of the prompt that the KV cache already held." }),
    prompt_n: Type.Integer({ description: "Tokens of the prompt that were computed (prefill)." }),
    prompt_ms: Type.Number(),
    prompt_per_token_ms: Type.Number(),
    prompt_per_second: Type.Number(),
    predicted_n: Type.Integer({ description: "Tokens that were generated (decode)." }),
    predicted_ms: Type.Number(),
    predicted_per_token_ms: Type.Number(),
    predicted_per_second: Type.Number(),
    memory_mb: Type.Number({ description: "Memory of the model's process." }),
    queue_ms: Type.Number({ description: "Waiting for other answers." }),
    load_ms: Type.Number({ description: "Waiting for the model to load." }),
    repeated: Type.Optional(Type.Literal(true, { description: "The answer only repeated itself and was ended." })),
  },
  { description: "What the runtime measured." },
);

/** Microsecond precision is all the runtime has; more digits only make chunks longer. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** A ratio that is 0 where nothing was done: JSON has no infinity. */
function per(amount: number, divisor: number): number {
  return divisor === 0 ? 0 : round(amount / divisor);
}

/** The `timings` object of one answer. */
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
    ...(timings.repeated === undefined ? {} : { repeated: true }),
  };
}
