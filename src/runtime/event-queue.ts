/** The joint between push and pull: events are pushed as they come, one reader takes them at its own pace. */

/** A queue with one reader. What was pushed before `end` or `fail` is still read. */
export class EventQueue<T> implements AsyncIterable<T> {
  private readonly items: T[] = [];
  private closed = false;
  private failure: Error | null = null;
  private wake: (() => void) | null = null;
  private readonly onLeave: () => void;

  /** @param onLeave is told when the reader leaves before the end */
  constructor(onLeave: () => void) {
    this.onLeave = onLeave;
  }

  push(item: T): void {
    this.items.push(item);
    this.wake?.();
  }

  /** No more will come. */
  end(): void {
    this.closed = true;
    this.wake?.();
  }

  /** The reader gets what is left, then the error. */
  fail(error: Error): void {
    this.failure = error;
    this.end();
  }

  /** Not a generator: it would be one more for every token to pass through. */
  [Symbol.asyncIterator](): AsyncIterator<T, void, undefined> {
    return {
      next: async () => this.next(),
      return: async () => {
        this.onLeave();
        return { value: undefined, done: true };
      },
    };
  }

  private async next(): Promise<IteratorResult<T, void>> {
    for (;;) {
      const item = this.items.shift();
      if (item !== undefined) return { value: item, done: false };
      if (this.failure !== null) throw this.failure;
      if (this.closed) return { value: undefined, done: true };
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = null;
    }
  }
}
