/** The joint between push and pull: events are pushed as they come, one reader takes them at its own pace. */

type Step<T> = IteratorResult<T, void>;

/** A queue with one reader, who waits for one event at a time. What was pushed before `end` or `fail` is still read. */
export class EventQueue<T> implements AsyncIterable<T> {
  private readonly items: T[] = [];
  private closed = false;
  private failure: Error | null = null;
  private reader: PromiseWithResolvers<Step<T>> | null = null;
  private readonly onLeave: () => void;

  /** @param onLeave is told when the reader leaves before the end */
  constructor(onLeave: () => void) {
    this.onLeave = onLeave;
  }

  push(item: T): void {
    const reader = this.takeReader();
    if (reader === null) this.items.push(item);
    else reader.resolve({ value: item, done: false });
  }

  /** No more will come. */
  end(): void {
    this.closed = true;
    this.takeReader()?.resolve({ value: undefined, done: true });
  }

  /** The reader gets what is left, then the error. */
  fail(error: Error): void {
    this.failure = error;
    this.takeReader()?.reject(error);
  }

  /** Not a generator: it would be one more for every token to pass through. */
  [Symbol.asyncIterator](): AsyncIterator<T, void, undefined> {
    return {
      next: () => this.next(),
      return: async () => {
        this.onLeave();
        return { value: undefined, done: true };
      },
    };
  }

  /** Not async: that would be two more promises for each token. */
  private next(): Promise<Step<T>> {
    const item = this.items.shift();
    if (item !== undefined) return Promise.resolve({ value: item, done: false });
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.closed) return Promise.resolve({ value: undefined, done: true });
    this.reader = Promise.withResolvers();
    return this.reader.promise;
  }

  private takeReader(): PromiseWithResolvers<Step<T>> | null {
    const { reader } = this;
    this.reader = null;
    return reader;
  }
}
