/** Keeps somebody who prints without end from filling the log. */

/** How much may be written. */
export interface LineBudgetOptions {
  /** In each period. */
  readonly linesMax: number;
  readonly periodMs: number;
  /** Told at the first line after a period how many were left out in it. */
  readonly onLeftOut: (count: number) => void;
  /** A clock that is never set; tests pass their own. */
  readonly nowMs?: () => number;
}

/** Counts lines. */
export class LineBudget {
  private readonly options: LineBudgetOptions;
  private readonly nowMs: () => number;
  private beganMs = -Infinity;
  private lines = 0;

  constructor(options: LineBudgetOptions) {
    this.options = options;
    this.nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Whether one more line may be written. */
  take(): boolean {
    const { linesMax, periodMs, onLeftOut } = this.options;
    if (this.nowMs() - this.beganMs >= periodMs) {
      if (this.lines > linesMax) onLeftOut(this.lines - linesMax);
      this.beganMs = this.nowMs();
      this.lines = 0;
    }
    this.lines += 1;
    return this.lines <= linesMax;
  }
}
