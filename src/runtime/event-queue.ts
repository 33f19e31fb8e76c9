/** The joint between push and pull: events are pushed as they come, one reader takes them at its own pace. */

/** A queue with one reader. What was pushed before `end` or `fail` is still read. */
export class EventQueue<T> implements AsyncIterable<T> {
  private readonly items: T[] = [];
  private closed = false;
  private failure: Error | null = null;
  private wake: (() => void) | null = null;

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

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      while (this.items.length > 0) yield* this.items.splice(0);
      if (this.closed) break;
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = null;
    }
    if (this.failure !== null) throw this.failure;
  }
}
