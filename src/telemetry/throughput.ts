/**
 * What the server has done in the last minutes, in samples of some seconds, for people who look at it. Samples are made by what happens,
 * and not by a timer: an idle machine sleeps.
 */

/** Length of a sample. */
export const SAMPLE_MS = 5000;
/** How many are kept: ten minutes. */
export const SAMPLES = 120;

/** One sample. */
export interface ThroughputSample {
  /** When it began, ms since the epoch. */
  readonly timeMs: number;
  /** Pieces of work that ended in it. */
  readonly ended: number;
  /** Generated in it. */
  readonly tokens: number;
  /** Computed of prompts whose answer ended in it. */
  readonly promptTokens: number;
  /** Mean time to the first tokens that came in it, ms; null: none came. */
  readonly ttftMs: number | null;
}

class Sample {
  ended = 0;
  tokens = 0;
  promptTokens = 0;
  firstTokens = 0;
  ttftSumMs = 0;
}

/** A ring of samples. Times are readings of a clock that is never set, ms. */
export class Throughput {
  private readonly ring: Sample[] = Array.from({ length: SAMPLES }, () => new Sample());
  /** Number of the newest sample, counted from the clock's beginning. */
  private newest = 0;
  private endsMs = 0;
  private current = new Sample();

  constructor(nowMs: number) {
    this.goTo(nowMs);
  }

  /** @param nowMs when they came */
  tokens(nowMs: number, count: number): void {
    if (nowMs >= this.endsMs) this.goTo(nowMs);
    this.current.tokens += count;
  }

  /** @param ttftMs how long the answer's client has waited for it */
  firstToken(nowMs: number, ttftMs: number): void {
    if (nowMs >= this.endsMs) this.goTo(nowMs);
    this.current.firstTokens += 1;
    this.current.ttftSumMs += ttftMs;
  }

  /** @param promptTokens those that were computed */
  ended(nowMs: number, promptTokens: number): void {
    if (nowMs >= this.endsMs) this.goTo(nowMs);
    this.current.ended += 1;
    this.current.promptTokens += promptTokens;
  }

  /**
   * All samples, the oldest first; the last one has not ended.
   * @param wallMs the same moment, ms since the epoch
   */
  samples(nowMs: number, wallMs: number): ThroughputSample[] {
    this.goTo(nowMs);
    return Array.from({ length: SAMPLES }, (_, index) => {
      const number = this.newest - SAMPLES + 1 + index;
      const { ended, tokens, promptTokens, firstTokens, ttftSumMs } = this.at(number);
      const timeMs = wallMs - (nowMs - number * SAMPLE_MS);
      return { timeMs, ended, tokens, promptTokens, ttftMs: firstTokens === 0 ? null : ttftSumMs / firstTokens };
    });
  }

  /** Begins the sample of this moment, and empties those in which nothing happened. */
  private goTo(nowMs: number): void {
    const number = Math.floor(nowMs / SAMPLE_MS);
    for (let next = Math.max(this.newest + 1, number - SAMPLES + 1); next <= number; next++) this.ring[next % SAMPLES] = new Sample();
    this.newest = Math.max(this.newest, number);
    this.endsMs = (this.newest + 1) * SAMPLE_MS;
    this.current = this.at(this.newest);
  }

  private at(number: number): Sample {
    return this.ring[((number % SAMPLES) + SAMPLES) % SAMPLES] ?? this.current;
  }
}
