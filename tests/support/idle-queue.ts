/** A queue for tests in which nothing is run through it. */
import { TurnQueue, type TurnQueueOptions } from "../../src/scheduler/turn-queue.ts";

/** One lane, one that may wait, no time limit, unless said otherwise. */
export function idleQueue(options: Partial<TurnQueueOptions> = {}): TurnQueue {
  return new TurnQueue({
    depthMax: 1,
    waitMaxMs: Infinity,
    lanes: 1,
    windowMs: 0,
    start: () => {
      throw new Error("Broken invariant: nothing is run in this test");
    },
    ...options,
  });
}
