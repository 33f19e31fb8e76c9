/** One timer for a wait that begins again and again. */

/** Rings once it was left alone for its time. Setting it again costs a look at the clock; a timer each time would cost far more. */
export class Alarm {
  private dueMs = Infinity;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly afterMs: number;
  private readonly ring: () => void;

  constructor(afterMs: number, ring: () => void) {
    this.afterMs = afterMs;
    this.ring = ring;
  }

  /** Its time counts from now. */
  set(): void {
    this.dueMs = performance.now() + this.afterMs;
    this.timer ??= setTimeout(this.look, this.afterMs);
  }

  /** It will not ring until it is set again. */
  clear(): void {
    this.dueMs = Infinity;
  }

  /** Leaves no timer behind. */
  end(): void {
    this.clear();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private readonly look = (): void => {
    this.timer = null;
    const leftMs = this.dueMs - performance.now();
    if (leftMs === Infinity) return;
    // Rounded up: a timer that fires a moment early would only be set again.
    if (leftMs > 0) this.timer = setTimeout(this.look, Math.ceil(leftMs));
    else {
      this.dueMs = Infinity;
      this.ring();
    }
  };
}
