/** How long a batch of turns takes, as measured lately: what waiting times are foretold from. */

/** What the newest batch counts for. */
const NEWEST_SHARE = 0.25;

/** A moving average, and the newest figure in it. */
export class ServiceTime {
  /** The newest batch, ms; 0 before there was one. */
  lastMs = 0;
  private averageMs: number | null = null;

  /** @param ms from the grant of a batch to its end */
  note(ms: number): void {
    this.lastMs = ms;
    this.averageMs = this.averageMs === null ? ms : this.averageMs + NEWEST_SHARE * (ms - this.averageMs);
  }

  /** How long so many take, ms, parts of one included; null while nothing has been measured. */
  waitMs(batches: number): number | null {
    if (batches === 0) return 0;
    return this.averageMs === null ? null : this.averageMs * batches;
  }
}
