/** Streams that are promised. */

/** A stream whose source is still to come. Not a generator: it would be one more for every token to pass through. */
export function pendingStream<T>(source: Promise<AsyncIterable<T>>): AsyncIterable<T> {
  let events: AsyncIterator<T> | null = null;
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        events ??= (await source)[Symbol.asyncIterator]();
        return events.next();
      },
      return: async () => {
        await events?.return?.();
        return { value: undefined, done: true };
      },
    }),
  };
}
