/**
 * One slot, many requests: a bounded FIFO queue of turns. A request takes its place when it is admitted, so that a full queue is
 * refused at once, and leaves it the moment its client goes, wherever it stands.
 */
import { AppError, cancellation } from "../core/errors.ts";

/** A place in the queue, and then the turn itself. */
export interface Turn {
  /** Requests ahead, the running one included, when the place was taken. */
  readonly position: number;
  /** Resolves when the slot is this request's. Rejects with AppError cancelled when the signal fires first. */
  readonly granted: Promise<void>;
  /** Gives up the place, or the slot. Safe to call twice. */
  release(): void;
}

interface Entry {
  readonly grant: () => void;
  readonly refuse: (error: AppError) => void;
}

/** FIFO, one turn at a time. */
export class TurnQueue {
  private readonly depthMax: () => number;
  private readonly entries: Entry[] = [];

  /** @param depthMax requests that may wait behind the running one; asked for each, as it may change */
  constructor(depthMax: () => number) {
    this.depthMax = depthMax;
  }

  /** Requests waiting, without the running one. */
  get waiting(): number {
    return Math.max(0, this.entries.length - 1);
  }

  get busy(): boolean {
    return this.entries.length > 0;
  }

  /** Takes a place. Throws AppError queue_full, cancelled. */
  take(signal: AbortSignal): Turn {
    if (signal.aborted) throw cancellation(signal);
    const position = this.entries.length;
    if (position > this.depthMax()) throw queueFull(this.waiting);
    const { promise: granted, resolve, reject } = Promise.withResolvers<void>();
    granted.catch(() => {});
    const entry: Entry = { grant: resolve, refuse: reject };
    const release = () => {
      signal.removeEventListener("abort", leave);
      this.remove(entry);
    };
    const leave = () => {
      // The one at the head runs: its owner releases it once the library has really stopped.
      if (this.entries[0] === entry) return;
      this.remove(entry);
      entry.refuse(cancellation(signal));
    };
    signal.addEventListener("abort", leave, { once: true });
    this.entries.push(entry);
    if (position === 0) entry.grant();
    return { position, granted, release };
  }

  private remove(entry: Entry): void {
    const index = this.entries.indexOf(entry);
    if (index < 0) return;
    this.entries.splice(index, 1);
    if (index === 0) this.entries[0]?.grant();
  }
}

/** Long enough for a short answer to end; clients honour at most 60 s. */
const RETRY_AFTER_S = 5;

/** The refusal of one request too many. */
export function queueFull(waiting: number): AppError {
  return new AppError("queue_full", `The queue is full: ${waiting} requests are waiting. Try again later.`, {
    details: { retryAfterS: RETRY_AFTER_S },
  });
}
