/**
 * The watch over a host that may hang. There is no fixed limit for a request, since a long prefill takes minutes on a board; instead
 * each kind of silence has its own limit. Loading, waiting for a token, an abort that is not heeded: each ends the host when
 * its time is up. Beside that the host's main thread, which never blocks, must answer pings while anything is expected of it.
 */

/** How long a host may stay silent, ms. */
export interface HostLimits {
  readonly loadTimeoutMs: number;
  readonly abortTimeoutMs: number;
  /** The same while a prompt is read, where that is known not to be stopped; absent: no other. */
  readonly prefillAbortTimeoutMs?: number;
  readonly pingTimeoutMs: number;
  /** Until the first token: a base plus so much for every prompt token. */
  readonly prefillStallMs: number;
  readonly prefillStallPerTokenMs: number;
  /** Between tokens. */
  readonly decodeStallMs: number;
}

interface WatchActions {
  readonly ping: () => void;
  /** @param reason completes "the host was ended: …" */
  readonly giveUp: (reason: string) => void;
}

/** A limit is noticed at most this much too late, whatever the ping limit is. */
const CHECK_EVERY_MS_MAX = 1000;

/** Checks, while something is expected, a few times per ping limit; costs nothing while nothing is. */
export class HostWatch {
  private readonly limits: HostLimits;
  private readonly actions: WatchActions;
  private timer: Timer | null = null;
  private deadlineMs = Infinity;
  private deadlineReason: () => string = () => "";
  private heardMs = 0;
  private checkedMs = 0;
  private aborting = false;
  /** No token has come yet. */
  private reading = false;

  constructor(limits: HostLimits, actions: WatchActions) {
    this.limits = limits;
    this.actions = actions;
  }

  /** No pings while loading: a big vocabulary keeps the host's main thread busy for seconds on a slow core. */
  expectOpen(): void {
    const { loadTimeoutMs } = this.limits;
    this.expect(loadTimeoutMs, () => `the model did not load within ${seconds(loadTimeoutMs)} (load_timeout_s)`, false);
  }

  expectAnswer(): void {
    if (this.deadlineMs === Infinity) this.expect(Infinity, () => "", true);
  }

  expectFirstToken(promptTokens: number): void {
    this.aborting = false;
    this.reading = true;
    const limitMs = this.limits.prefillStallMs + promptTokens * this.limits.prefillStallPerTokenMs;
    this.expect(
      limitMs,
      () => `no token came within ${seconds(limitMs)} for a prompt of ${promptTokens} tokens (prefill stall limit)`,
      true,
    );
  }

  expectNextToken(): void {
    this.reading = false;
    if (this.aborting) return;
    const { decodeStallMs } = this.limits;
    this.expect(decodeStallMs, () => `no further token came within ${seconds(decodeStallMs)} (decode_stall_timeout_s)`, true);
  }

  expectAbort(): void {
    this.aborting = true;
    const { abortTimeoutMs, prefillAbortTimeoutMs } = this.limits;
    if (this.reading && prefillAbortTimeoutMs !== undefined) {
      const reason = () => `it reads a prompt that nobody wants any more, and did not stop within ${seconds(prefillAbortTimeoutMs)}`;
      return this.expect(prefillAbortTimeoutMs, reason, true);
    }
    this.expect(abortTimeoutMs, () => `it did not stop within ${seconds(abortTimeoutMs)} of an abort (abort_timeout_s)`, true);
  }

  /** Reading or writing a file takes as long as the storage likes; loading the model was such work, too. */
  expectTransfer(): void {
    const { loadTimeoutMs } = this.limits;
    this.expect(loadTimeoutMs, () => `a prompt was not written or read within ${seconds(loadTimeoutMs)} (load_timeout_s)`, true);
  }

  expectClose(): void {
    const { abortTimeoutMs } = this.limits;
    this.expect(abortTimeoutMs, () => `the model did not close within ${seconds(abortTimeoutMs)} (abort_timeout_s)`, false);
  }

  /** Any sign of life of the host's main thread. */
  heard(): void {
    this.heardMs = performance.now();
  }

  /** Nothing is expected any more. */
  rest(): void {
    this.aborting = false;
    this.deadlineMs = Infinity;
    this.stop();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private get checkEveryMs(): number {
    return Math.min(this.limits.pingTimeoutMs / 4, CHECK_EVERY_MS_MAX);
  }

  private expect(limitMs: number, reason: () => string, pinged: boolean): void {
    const now = performance.now();
    this.deadlineMs = now + limitMs;
    this.deadlineReason = reason;
    if (this.timer !== null && pinged) return;
    this.stop();
    this.heardMs = now;
    this.checkedMs = now;
    this.timer = setInterval(() => this.check(pinged), this.checkEveryMs);
    this.timer.unref();
  }

  private check(pinged: boolean): void {
    const now = performance.now();
    const { pingTimeoutMs } = this.limits;
    const lateMs = now - this.checkedMs - this.checkEveryMs;
    this.checkedMs = now;
    // This process stood still itself (stopped from a terminal, or kept from running): what it has not read yet is no silence of the host.
    if (lateMs > this.checkEveryMs) {
      this.heardMs += lateMs;
      this.deadlineMs += lateMs;
    }
    if (now > this.deadlineMs) return this.actions.giveUp(this.deadlineReason());
    if (!pinged) return;
    if (now - this.heardMs > pingTimeoutMs) {
      return this.actions.giveUp(`it did not answer for ${seconds(pingTimeoutMs)} (host_ping_timeout_s)`);
    }
    this.actions.ping();
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
