/** One loaded value: who holds it, and until when it stays. */
import type { AppError } from "../core/errors.ts";
import type { NpuShare } from "./npu-domains.ts";

/** Something loaded that can be closed. */
export interface Closable {
  close(): Promise<void>;
  /** Memory it takes that the system counts as free all the same: pages of its file, which would have to be read again. */
  cachedBytes?(): number;
}

/** How a value is to stay; what is absent stays as it was. */
export interface Stay {
  /** ms without a lease after which it is closed: 0 at once, Infinity not before its place is needed. Absent at first: the limits' value. */
  readonly keepAliveMs?: number;
  /** It stays, whatever else is wanted. */
  readonly pinned?: boolean;
}

/** What a request needs. */
export interface Wanted<T> {
  readonly key: string;
  /** As people call it, for errors. */
  readonly name: string;
  /** The name it was asked for by, where that is another. */
  readonly askedAs?: string;
  /** Who asks: a key or an address. */
  readonly client: string;
  /** Changes when what stands behind the key does; a value of another edition is replaced once nobody uses it. */
  readonly edition: string;
  /** An estimate, before anything is loaded. */
  readonly memoryBytes: number;
  /** What it takes of the NPU's addresses, an estimate; absent: it does not run there. */
  readonly npu?: NpuShare;
  readonly stay?: Stay;
  /**
   * Throws AppError out_of_memory where less that is loaded would help: it is then tried once more.
   * @param signal fires when everything is being closed: the loading is of no use any more, and closing what is loaded in a hurry
   */
  readonly load: (signal: AbortSignal) => Promise<T>;
  /** Leave to use the device, which loading takes; absent: nobody has to ask. Resolves with the way to give it back; throws when the signal fires. */
  readonly leave?: (signal: AbortSignal) => Promise<() => void>;
}

/** The time, and calls when some of it has passed; tests bring their own. */
export interface Clock {
  /** ms since the epoch. */
  nowMs(): number;
  /** ms of a clock that is never set. */
  steadyMs(): number;
  /** @returns calls it off */
  after(delayMs: number, call: () => void): () => void;
}

/** JavaScript timers hold no more, 24 days; what is to stay longer stays until its place is needed. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The machine's clock. Its timers keep no process alive. */
export const SYSTEM_CLOCK: Clock = {
  nowMs: () => Date.now(),
  steadyMs: () => performance.now(),
  after: (delayMs, call) => {
    if (delayMs > TIMER_MS_MAX) return () => {};
    const timer = setTimeout(call, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A value that is loading or loaded. */
export class Resident<T extends Closable> {
  readonly key: string;
  readonly name: string;
  readonly edition: string;
  readonly memoryBytes: number;
  readonly npu: NpuShare | null;
  readonly loading: Promise<T>;
  /** Resolves when it is closed, or could not be loaded. */
  readonly gone = Promise.withResolvers<void>();
  value: T | null = null;
  leases = 0;
  /** Who waits for it to be loaded, or did: the client of each request. */
  readonly awaitedBy: string[] = [];
  /** The name it was last asked for by. */
  askedAs = "";
  /** Position in the order of uses. */
  usedAt = 0;
  pinned = false;
  /** It goes when its last lease ends, and takes no new ones. */
  leaving = false;
  loadedAtMs = 0;
  /** Resolves when its loading has begun: those that had to go first have gone, and the device is its own. */
  readonly begun = Promise.withResolvers<void>();
  /** When that was, by the steady clock; null: it was not yet. */
  begunMs: number | null = null;
  private keepAliveMs: number | null = null;
  private expiresAtMs: number | null = null;
  private stopTimer: () => void = () => {};
  private readonly clock: Clock;

  constructor(wanted: Omit<Wanted<T>, "load">, load: (resident: Resident<T>) => Promise<T>, clock: Clock) {
    this.key = wanted.key;
    this.name = wanted.name;
    this.edition = wanted.edition;
    this.memoryBytes = wanted.memoryBytes;
    this.npu = wanted.npu ?? null;
    this.clock = clock;
    this.loading = load(this);
  }

  /** How long it has been loading, ms. */
  get sinceBegunMs(): number {
    return this.begunMs === null ? 0 : this.clock.steadyMs() - this.begunMs;
  }

  /** It is being loaded from now on. */
  begin(): void {
    this.begunMs = this.clock.steadyMs();
    this.begun.resolve();
  }

  /** A request of a client waits for it no longer. */
  giveUp(client: string): void {
    const index = this.awaitedBy.indexOf(client);
    if (index >= 0) this.awaitedBy.splice(index, 1);
  }

  /** It is what is wanted under its key, and is not on its way out. */
  fits({ edition }: Pick<Wanted<T>, "edition">): boolean {
    return this.edition === edition && !this.leaving;
  }

  /** Nobody uses it, and it can be closed. */
  get idle(): boolean {
    return this.leases === 0 && this.value !== null;
  }

  /** What was said for it so far. */
  get stay(): Stay {
    return { pinned: this.pinned, ...(this.keepAliveMs === null ? {} : { keepAliveMs: this.keepAliveMs }) };
  }

  /** Follows what a request says. */
  follow({ keepAliveMs, pinned }: Stay): void {
    if (keepAliveMs !== undefined) this.keepAliveMs = keepAliveMs;
    if (pinned !== undefined) this.pinned = pinned;
  }

  /** Begins the time after which an unused value goes; 0 is over at once. */
  startExpiry(initialMs: number, expire: () => void): void {
    const keepAliveMs = this.keepAliveMs ?? initialMs;
    if (this.pinned || keepAliveMs === Infinity) return;
    if (keepAliveMs <= 0) return expire();
    this.expiresAtMs = this.clock.nowMs() + keepAliveMs;
    this.stopTimer = this.clock.after(keepAliveMs, expire);
  }

  stopExpiry(): void {
    this.stopTimer();
    this.stopTimer = () => {};
    this.expiresAtMs = null;
  }

  /** When it goes if nobody asks for it before; of one in use, as if that ended now. null: not before its place is needed. */
  expiry(initialMs: number): number | null {
    const keepAliveMs = this.keepAliveMs ?? initialMs;
    if (this.pinned || keepAliveMs === Infinity) return null;
    return this.expiresAtMs ?? this.clock.nowMs() + keepAliveMs;
  }
}

/** Seconds for which a failure to load is remembered: the first, and the longest after it kept failing. */
const REMEMBERED_FIRST_MS = 2000;
const REMEMBERED_MAX_MS = 30_000;

interface Failure {
  readonly edition: string;
  readonly error: AppError;
  readonly count: number;
  readonly atMs: number;
  readonly rememberedMs: number;
}

/** What could not be loaded a moment ago is not tried again by every request at once. */
export class LoadFailures {
  private readonly failures = new Map<string, Failure>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  note({ key, edition }: Pick<Wanted<never>, "key" | "edition">, error: AppError): void {
    const before = this.failures.get(key);
    const count = before?.edition === edition ? before.count + 1 : 0;
    const rememberedMs = Math.min(REMEMBERED_MAX_MS, REMEMBERED_FIRST_MS * 2 ** count);
    this.failures.set(key, { edition, error, count, atMs: this.clock.steadyMs(), rememberedMs });
  }

  forget(key: string): void {
    this.failures.delete(key);
  }

  /** Throws the error of a failure that is still remembered. */
  refuseRecent({ key, edition }: Pick<Wanted<never>, "key" | "edition">): void {
    const failure = this.failures.get(key);
    if (failure?.edition !== edition) return;
    if (this.clock.steadyMs() - failure.atMs < failure.rememberedMs) throw failure.error;
  }
}
