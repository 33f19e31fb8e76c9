/** A value that is made when it is asked for, and remembered for a while: many may ask. */
export class Remembered<T> {
  private readonly forMs: number;
  private readonly make: () => T;
  private last: { readonly value: T; readonly timeMs: number; readonly madeMs: number } | null = null;

  constructor(forMs: number, make: () => T) {
    this.forMs = forMs;
    this.make = make;
  }

  /** The value, and when it was made, ms since the epoch. */
  get(): { readonly value: T; readonly timeMs: number } {
    const nowMs = performance.now();
    if (this.last === null || nowMs - this.last.madeMs >= this.forMs) this.last = { value: this.make(), timeMs: Date.now(), madeMs: nowMs };
    return this.last;
  }
}
