/** How long a batch of turns takes, as measured lately: what waiting times are foretold from. */

/** What the newest batch counts for. */
const NEWEST_SHARE = 0.25;

/** A moving average. */
export class ServiceTime {
  private averageMs: number | null = null;

  /** @param ms from the grant of a batch to its end */
  note(ms: number): void {
    this.averageMs = this.averageMs === null ? ms : this.averageMs + NEWEST_SHARE * (ms - this.averageMs);
  }

  /**
   * How long one waits who has `ahead` others before it, when a batch has just begun: for the rest of that batch, half of it on average, and
   * for those that go first. ms; null while nothing has been measured.
   */
  waitMs(ahead: number, lanes: number): number | null {
    return this.averageMs === null ? null : this.averageMs * (0.5 + Math.floor(ahead / lanes));
  }
}
