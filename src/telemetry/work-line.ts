/** The log line at the end of a piece of work: figures only. */
import type { LogFacts } from "./log.ts";
import { outcomeOf, type Work } from "./work.ts";

/** What it says. Times are ms, speeds tokens/s. */
export function workFacts(work: Work): LogFacts {
  const { requestId, model, answer, arrivedMs, loadedMs, grantedMs, firstTokenMs, endedMs, promptTokens, generatedTokens } = work;
  const timings = answer?.timings;
  return {
    id: requestId,
    model: model ?? "",
    outcome: outcomeOf(work),
    prompt_tokens: promptTokens,
    ...(answer === null ? {} : { cached_tokens: answer.usage.cachedTokens }),
    ...(generatedTokens === 0 ? {} : { generated_tokens: generatedTokens }),
    ...(loadedMs === null || grantedMs === null ? {} : { queue_ms: Math.round(grantedMs - loadedMs) }),
    ...(firstTokenMs === null ? {} : { ttft_ms: Math.round(firstTokenMs - arrivedMs) }),
    ...(timings === undefined ? {} : { tokens_per_s: perSecond(timings.decodeTokens, timings.decodeMs) }),
    ms: Math.round((endedMs ?? arrivedMs) - arrivedMs),
  };
}

function perSecond(tokens: number, ms: number): number {
  return ms === 0 ? 0 : Math.round((tokens * 10_000) / ms) / 10;
}
