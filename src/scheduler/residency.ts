/**
 * Which models are loaded. A model is loaded when a request first needs it and stays until another needs its place; then the one
 * unused for longest goes. A model with requests in it is never unloaded: a newcomer waits for one to become free.
 */
import { AppError, cancellation } from "../core/errors.ts";

/** Something loaded that can be closed. */
export interface Closable {
  close(): Promise<void>;
}

/** A loaded model in use: it stays until it is released. */
export interface Lease<T> {
  readonly value: T;
  /** Safe to call twice. */
  release(): void;
}

interface Resident<T> {
  readonly key: string;
  readonly loading: Promise<T>;
  loaded: T | null;
  leases: number;
  usedAt: number;
  expiry: Timer | null;
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
  private readonly waiters: (() => void)[] = [];
  private uses = 0;
  private closed = false;

  constructor(limits: ResidencyLimits) {
    this.limits = limits;
  }

  /** What is loaded now, in the order it was loaded. */
  *loaded(): Iterable<T> {
    for (const resident of this.residents.values()) if (resident.loaded !== null) yield resident.loaded;
  }

  /**
   * The value of a key, loaded if need be. Several callers share one loading; when it fails, all of them get its error and nothing stays.
   * @throws AppError cancelled when the signal fires while waiting for a place, shutting_down after `close`, and what `load` throws
   */
  async acquire(key: string, load: () => Promise<T>, signal: AbortSignal): Promise<Lease<T>> {
    for (;;) {
      this.refuseIfOver(signal);
      const resident = this.residents.get(key) ?? this.admit(key, load);
      if (resident === null) {
        await this.placeFreed(signal);
        continue;
      }
      resident.leases++;
      this.stopExpiry(resident);
      try {
        return this.lease(resident, await resident.loading);
      } catch (thrown) {
        this.endLease(resident);
        throw thrown;
      }
    }
  }

  /** Closes everything that is loaded; nothing can be acquired any more. */
  async close(): Promise<void> {
    this.closed = true;
    this.wakeWaiters();
    const residents = [...this.residents.values()];
    this.residents.clear();
    for (const resident of residents) this.stopExpiry(resident);
    await Promise.allSettled(residents.map(async (resident) => (await resident.loading).close()));
  }

  /** Makes a resident, closing an idle one for its place first; null when every place is in use. */
  private admit(key: string, load: () => Promise<T>): Resident<T> | null {
    let leaving: Resident<T> | null = null;
    if (this.residents.size >= this.limits.countMax) {
      leaving = this.leastRecentlyUsed();
      if (leaving === null) return null;
      this.stopExpiry(leaving);
      this.residents.delete(leaving.key);
    }
    // The old one must be gone before the new one loads: memory for both is what there is not.
    const loading = leaving === null ? load() : leaving.loading.then(async (value) => value.close()).then(load);
    const resident: Resident<T> = { key, loading, loaded: null, leases: 0, usedAt: this.uses++, expiry: null };
    this.residents.set(key, resident);
    loading.then(
      (value) => (resident.loaded = value),
      () => {
        if (this.residents.get(key) === resident) this.residents.delete(key);
        this.wakeWaiters();
      },
    );
    return resident;
  }

  private leastRecentlyUsed(): Resident<T> | null {
    let oldest: Resident<T> | null = null;
    for (const resident of this.residents.values()) {
      if (resident.leases === 0 && resident.loaded !== null && resident.usedAt < (oldest?.usedAt ?? Infinity)) oldest = resident;
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
    this.wakeWaiters();
  }

  private startExpiry(resident: Resident<T>): void {
    if (this.limits.keepAliveMs === Infinity || this.closed) return;
    resident.expiry = setTimeout(() => {
      if (this.residents.get(resident.key) !== resident) return;
      this.residents.delete(resident.key);
      void resident.loaded?.close();
    }, this.limits.keepAliveMs);
    resident.expiry.unref();
  }

  private stopExpiry(resident: Resident<T>): void {
    if (resident.expiry !== null) clearTimeout(resident.expiry);
    resident.expiry = null;
  }

  /** All of them: one that was woken and has lost interest would otherwise keep the others waiting. */
  private wakeWaiters(): void {
    for (const wake of this.waiters.splice(0)) wake();
  }

  private async placeFreed(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiters.push(resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    const index = this.waiters.indexOf(resolve);
    if (index >= 0) this.waiters.splice(index, 1);
  }

  private refuseIfOver(signal: AbortSignal): void {
    if (signal.aborted) throw cancellation(signal);
    if (this.closed) throw new AppError("shutting_down", "The server is shutting down");
  }
}
