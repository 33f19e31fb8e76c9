/** The reader of a run that is only to come to its end. */
import type { TokenReader } from "./runtime.ts";

/** Takes an answer that nobody wants. `ended` resolves with the run's end, and rejects with what it failed with. */
export function unreadAnswer(): { readonly reader: TokenReader; readonly ended: Promise<void> } {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  return {
    reader: {
      take: ({ kind }) => {
        if (kind === "end") resolve();
      },
      fail: reject,
    },
    ended,
  };
}
