/** From an admitted request to its events: waits for the turn, runs, matches stop sequences, counts, and gives everything back. */
import { createOutputStream } from "../chat/output-stream.ts";
import { assert, cancellation } from "../core/errors.ts";
import type { FinishReason, GenerationEvent, Sampling, Usage } from "../core/generation.ts";
import type { Adapter } from "../core/model.ts";
import type { PreparedPrompt, RunStats, RuntimeSlot, TokenEvent } from "../core/runtime.ts";
import type { Turn } from "../scheduler/turn-queue.ts";

/** An admitted request. Times are performance.now() readings, ms. */
export interface Admitted {
  readonly slot: RuntimeSlot;
  readonly turn: Turn;
  readonly prompt: PreparedPrompt;
  readonly tokensMax: number;
  readonly sampling: Sampling;
  readonly adapter?: Adapter;
  readonly stop: readonly string[];
  readonly signal: AbortSignal;
  readonly arrivedMs: number;
  readonly loadedMs: number;
  /** Ends the hold on the model. */
  readonly release: () => void;
}

/**
 * The request's events. What was taken for it (its turn, its prompt, its hold on the model) is given back when the iteration ends, or
 * when the signal fires before it began: a client may go before anybody has asked for the first event.
 */
export function answer(admitted: Admitted): AsyncIterable<GenerationEvent> {
  const { slot, turn, prompt, signal, release } = admitted;
  let begun = false;
  const abandon = () => {
    if (begun) return;
    slot.discard(prompt.promptId);
    turn.release();
    release();
  };
  signal.addEventListener("abort", abandon, { once: true });
  if (signal.aborted) abandon();
  return {
    async *[Symbol.asyncIterator]() {
      assert(!begun, "an answer is read once");
      if (signal.aborted) throw cancellation(signal);
      begun = true;
      signal.removeEventListener("abort", abandon);
      try {
        yield* run(admitted);
      } finally {
        turn.release();
        release();
      }
    },
  };
}

async function* run(admitted: Admitted): AsyncGenerator<GenerationEvent, void, undefined> {
  const { slot, turn, prompt, tokensMax, sampling, adapter, signal } = admitted;
  try {
    await turn.granted;
  } catch (thrown) {
    slot.discard(prompt.promptId);
    throw thrown;
  }
  const grantedMs = performance.now();
  const enough = new AbortController();
  const output = createOutputStream({ stop: admitted.stop });
  let completionTokens = 0;
  let stopped = false;
  let end: Extract<TokenEvent, { kind: "end" }> | null = null;
  // The runtime cannot be asked for nothing: prefill alone is one token that nobody sees.
  const silent = tokensMax === 0;
  const events = slot.run(
    { promptId: prompt.promptId, tokensMax: Math.max(1, tokensMax), sampling, ...(adapter === undefined ? {} : { adapter }) },
    AbortSignal.any([signal, enough.signal]),
  );
  for await (const event of events) {
    if (event.kind === "end") end = event;
    else if (!stopped && !silent) {
      completionTokens += event.tokens;
      const piece = output.push(event.text);
      if (piece.text !== "") yield { kind: "text", text: piece.text };
      stopped = piece.stopped;
      if (stopped) enough.abort();
    }
  }
  if (signal.aborted) throw cancellation(signal);
  assert(end !== null, "a run ends with an end");
  const rest = stopped || silent ? "" : output.end().text;
  if (rest !== "") yield { kind: "text", text: rest };
  const reason: FinishReason = !stopped && (end.reason === "length" || silent) ? "length" : "stop";
  yield {
    kind: "finish",
    reason,
    usage: usageOf(prompt.promptTokens, completionTokens, end.stats),
    timings: {
      loadMs: admitted.loadedMs - admitted.arrivedMs,
      queueMs: grantedMs - admitted.loadedMs,
      prefillTokens: end.stats.prefillTokens,
      prefillMs: end.stats.prefillMs,
      decodeTokens: end.stats.decodeTokens,
      decodeMs: end.stats.decodeMs,
      memoryMb: end.stats.memoryMb,
      totalMs: performance.now() - admitted.arrivedMs,
    },
  };
}

/** What the runtime did not compute came from its KV cache. Without figures (an aborted run may have none) nothing is claimed. */
function usageOf(promptTokens: number, completionTokens: number, stats: RunStats): Usage {
  const computed = stats.prefillTokens > 0 ? Math.min(stats.prefillTokens, promptTokens) : promptTokens;
  return { promptTokens, cachedTokens: promptTokens - computed, completionTokens, reasoningTokens: 0 };
}
