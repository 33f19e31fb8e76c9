/** Token counts as OpenAI's clients read them, and what several answers of one reply amount to together. */
import { assert } from "../../core/errors.ts";
import type { Timings, Usage } from "../../core/generation.ts";
import type { JsonObject } from "../dialect.ts";
import { timingsObject } from "../timings.ts";

/** What one answer took. */
export interface Figures {
  readonly usage: Usage;
  readonly timings: Timings;
}

function addTimings(a: Timings, b: Timings): Timings {
  return {
    loadMs: a.loadMs + b.loadMs,
    queueMs: a.queueMs + b.queueMs,
    prefillTokens: a.prefillTokens + b.prefillTokens,
    prefillMs: a.prefillMs + b.prefillMs,
    decodeTokens: a.decodeTokens + b.decodeTokens,
    decodeMs: a.decodeMs + b.decodeMs,
    memoryMb: Math.max(a.memoryMb, b.memoryMb),
    totalMs: a.totalMs + b.totalMs,
  };
}

/** Sums the answers of one reply. A prompt that was answered several times counts once: at its first answer. */
function totalOf(answers: readonly Figures[], answersPerPrompt: number): Figures {
  const [first, ...others] = answers;
  assert(first !== undefined, "a reply without an answer has no figures");
  return others.reduce<Figures>(({ usage, timings }, answer, index) => {
    const again = (index + 1) % answersPerPrompt !== 0;
    return {
      usage: {
        promptTokens: usage.promptTokens + (again ? 0 : answer.usage.promptTokens),
        cachedTokens: usage.cachedTokens + (again ? 0 : answer.usage.cachedTokens),
        completionTokens: usage.completionTokens + answer.usage.completionTokens,
        reasoningTokens: usage.reasoningTokens + answer.usage.reasoningTokens,
      },
      timings: addTimings(timings, answer.timings),
    };
  }, first);
}

function usageObject(usage: Usage): JsonObject {
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

/** `usage` and `timings` of a whole reply, or of the chunk that closes a stream. */
export function figuresObject(answers: readonly Figures[], answersPerPrompt: number): JsonObject {
  const { usage, timings } = totalOf(answers, answersPerPrompt);
  // Times are sums over all answers, and so is the part of their prompts that took none.
  const cachedTokens = answers.reduce((sum, answer) => sum + answer.usage.cachedTokens, 0);
  return { usage: usageObject(usage), timings: timingsObject(timings, { ...usage, cachedTokens }) };
}
