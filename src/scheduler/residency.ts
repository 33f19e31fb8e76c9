/**
 * Which models are loaded. A model is loaded when a request first needs it and stays until another needs its place; then the one
 * unused for longest goes. A model with requests in it is never unloaded: a newcomer waits for one to become free, and who comes
 * after it waits behind it, so that a busy model cannot keep the others out for ever.
 */
import { AppError, cancellation } from "../core/errors.ts";

/** Something loaded that can be closed. */
export interface Closable {
  close(): Promise<void>;
}

/** What a request needs. */
export interface Wanted<T> {
  readonly key: string;
  /** Changes when what stands behind the key does; a value of another edition is replaced once nobody uses it. */
  readonly edition: string;
  /** @param signal fires when the loading is no longer of use: everything is being closed */
  readonly load: (signal: AbortSignal) => Promise<T>;
}

/** A loaded model in use: it stays until it is released. */
export interface Lease<T> {
  readonly value: T;
  /** Safe to call twice. */
  release(): void;
}

interface Resident<T> {
  readonly key: string;
  readonly edition: string;
  readonly loading: Promise<T>;
  loaded: T | null;
  leases: number;
  usedAt: number;
  expiry: Timer | null;
}

/** A request for which there is no place yet. */
interface Waiter<T> {
  readonly wanted: Wanted<T>;
  readonly place: PromiseWithResolvers<Resident<T>>;
}

/** How many may be loaded, and how long an unused one stays. */
export interface ResidencyLimits {
  readonly countMax: number;
  /** ms without a lease after which a value is closed; Infinity keeps it until its place is needed. */
  readonly keepAliveMs: number;
}

/** At most `countMax` loaded values by key, least recently used out first. */
export class Residency<T extends Closable> {
  private readonly limits: ResidencyLimits;
  private readonly residents = new Map<string, Resident<T>>();
  /** Values that are being closed: their memory is not free yet. */
  private readonly departing = new Set<Promise<void>>();
  private readonly waiters: Waiter<T>[] = [];
  private readonly closing = new AbortController();
  private uses = 0;

  constructor(limits: ResidencyLimits) {
    this.limits = limits;
  }

  /** What is loaded now, in the order it was loaded. */
  *loaded(): Iterable<T> {
    for (const resident of this.residents.values()) if (resident.loaded !== null) yield resident.loaded;
  }

  /**
   * The value of a key, loaded if need be. Several callers share one loading; when it fails, all of them get its error and nothing stays.
   * A loading goes on when its caller goes: who gives up after half a minute and tries again would otherwise never see it done.
   * @throws AppError cancelled when the signal fires while waiting for a place, shutting_down after `close`, and what `load` throws
   */
  async acquire(wanted: Wanted<T>, signal: AbortSignal): Promise<Lease<T>> {
    if (signal.aborted) throw cancellation(signal);
    if (this.closing.signal.aborted) throw cancellation(this.closing.signal);
    const resident = (this.waiters.length === 0 ? this.enter(wanted) : null) ?? (await this.placeFreed(wanted, signal));
    try {
      return this.lease(resident, await resident.loading);
    } catch (thrown) {
      this.endLease(resident);
      throw thrown;
    }
  }

  /** Closes everything that is loaded and gives up what is loading; nothing can be acquired any more. */
  async close(): Promise<void> {
    const over = new AppError("shutting_down", "The server is shutting down");
    this.closing.abort(over);
    for (const { place } of this.waiters.splice(0)) place.reject(over);
    const residents = [...this.residents.values()];
    this.residents.clear();
    for (const resident of residents) this.stopExpiry(resident);
    await Promise.allSettled([...this.departing, ...residents.map(async (resident) => (await resident.loading).close())]);
  }

  /** Holds the resident of a key, made if need be; null when there is no place for it yet. */
  private enter(wanted: Wanted<T>): Resident<T> | null {
    const known = this.residents.get(wanted.key);
    const resident = known?.edition === wanted.edition ? known : this.admit(wanted, known);
    if (resident === null) return null;
    resident.leases++;
    this.stopExpiry(resident);
    return resident;
  }

  /** Makes a resident, closing an idle one for its place first: its outdated self, or the one unused for longest. */
  private admit(wanted: Wanted<T>, outdated: Resident<T> | undefined): Resident<T> | null {
    if (outdated !== undefined || this.residents.size >= this.limits.countMax) {
      const leaving = outdated === undefined ? this.leastRecentlyUsed() : outdated;
      if (leaving === null || !isIdle(leaving)) return null;
      this.depart(leaving);
    }
    const loading = this.load(wanted);
    const { key, edition } = wanted;
    const resident: Resident<T> = { key, edition, loading, loaded: null, leases: 0, usedAt: this.uses++, expiry: null };
    this.residents.set(key, resident);
    loading.then(
      (value) => (resident.loaded = value),
      () => {
        if (this.residents.get(key) === resident) this.residents.delete(key);
        this.serveWaiters();
      },
    );
    return resident;
  }

  /** Those that leave must be gone before another is loaded: memory for both is what there is not. */
  private async load(wanted: Wanted<T>): Promise<T> {
    await Promise.all(this.departing);
    if (this.closing.signal.aborted) throw cancellation(this.closing.signal);
    return wanted.load(this.closing.signal);
  }

  private depart(resident: Resident<T>): void {
    this.stopExpiry(resident);
    this.residents.delete(resident.key);
    const closed = (async () => resident.loaded?.close())()
      .catch(() => {})
      .finally(() => this.departing.delete(closed));
    this.departing.add(closed);
  }

  private leastRecentlyUsed(): Resident<T> | null {
    let oldest: Resident<T> | null = null;
    for (const resident of this.residents.values()) {
      if (isIdle(resident) && resident.usedAt < (oldest?.usedAt ?? Infinity)) oldest = resident;
    }
    return oldest;
  }

  private lease(resident: Resident<T>, value: T): Lease<T> {
    let held = true;
    return {
      value,
      release: () => {
        if (held) this.endLease(resident);
        held = false;
      },
    };
  }

  private endLease(resident: Resident<T>): void {
    resident.leases--;
    resident.usedAt = this.uses++;
    if (resident.leases > 0) return;
    this.startExpiry(resident);
    this.serveWaiters();
  }

  private startExpiry(resident: Resident<T>): void {
    if (this.limits.keepAliveMs === Infinity || this.residents.get(resident.key) !== resident) return;
    resident.expiry = setTimeout(() => {
      this.depart(resident);
      this.serveWaiters();
    }, this.limits.keepAliveMs);
    resident.expiry.unref();
  }

  private stopExpiry(resident: Resident<T>): void {
    if (resident.expiry !== null) clearTimeout(resident.expiry);
    resident.expiry = null;
  }

  /** Lets in who waits, in order, as far as there are places. */
  private serveWaiters(): void {
    for (let waiter = this.waiters[0]; waiter !== undefined; waiter = this.waiters[0]) {
      const resident = this.enter(waiter.wanted);
      if (resident === null) return;
      this.waiters.shift();
      waiter.place.resolve(resident);
    }
  }

  /** A place, held, in one's turn. */
  private async placeFreed(wanted: Wanted<T>, signal: AbortSignal): Promise<Resident<T>> {
    const waiter: Waiter<T> = { wanted, place: Promise.withResolvers() };
    const leave = () => {
      const index = this.waiters.indexOf(waiter);
      if (index < 0) return;
      this.waiters.splice(index, 1);
      waiter.place.reject(cancellation(signal));
      this.serveWaiters();
    };
    this.waiters.push(waiter);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await waiter.place.promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }
}

function isIdle(resident: Resident<unknown>): boolean {
  return resident.leases === 0 && resident.loaded !== null;
}
