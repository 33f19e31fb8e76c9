/** Batches as a slot runs them, for tests that play the slot. */
import type { RunningBatch, TokenEvent } from "../../src/core/runtime.ts";

/** A batch of one that is over when its events are. */
export function runningOne(events: () => AsyncIterable<TokenEvent>): RunningBatch {
  const over = Promise.withResolvers<void>();
  const stream = async function* () {
    try {
      yield* events();
    } finally {
      over.resolve();
    }
  };
  return { events: [stream()], over: over.promise };
}
