/** Streams that are promised. */

/** A stream whose source is still to come. When it has come, a token passes through here without another promise. */
export function pendingStream<T>(source: Promise<AsyncIterable<T>>): AsyncIterable<T> {
  let events: AsyncIterator<T> | null = null;
  const first = async (): Promise<IteratorResult<T>> => {
    events = (await source)[Symbol.asyncIterator]();
    return events.next();
  };
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => (events === null ? first() : events.next()),
      return: async () => {
        await events?.return?.();
        return { value: undefined, done: true };
      },
    }),
  };
}
