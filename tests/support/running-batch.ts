/** Runs, for tests that play a slot, and for those that read one. */
import { AppError } from "../../src/core/errors.ts";
import type { BatchMember, TokenEvent, TokenReader } from "../../src/core/runtime.ts";

/** Plays the run of the only member of a batch. Resolves when it is over. */
export async function playRun([member]: readonly BatchMember[], events: () => AsyncIterable<TokenEvent>): Promise<void> {
  try {
    for await (const event of events()) member?.reader.take(event);
  } catch (thrown) {
    member?.reader.fail(AppError.from(thrown));
  }
}

/** A reader, and all that it will have read; rejects with the run's failure. */
export function gathering(): { readonly reader: TokenReader; readonly events: Promise<TokenEvent[]> } {
  const events: TokenEvent[] = [];
  const over = Promise.withResolvers<TokenEvent[]>();
  over.promise.catch(() => {});
  const take = (event: TokenEvent): void => {
    events.push(event);
    if (event.kind === "end") over.resolve(events);
  };
  return { reader: { take, fail: (error) => over.reject(error) }, events: over.promise };
}
