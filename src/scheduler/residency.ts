/**
 * Which models are loaded. A model is loaded when a request first needs it and stays for the time that was said for it, or until another
 * needs its place; then the one unused for longest goes. A model with requests in it is never unloaded: a newcomer waits for one to
 * become free. What it needs is not used anew meanwhile, so that a busy model cannot keep the others out for ever; all else goes on.
 */
import { AppError, cancellation } from "../core/errors.ts";
import { LoadTimes } from "./load-times.ts";
import { PlaceLine } from "./place-line.ts";
import { queueFull } from "./refusals.ts";
import { type Clock, type Closable, LoadFailures, Resident, SYSTEM_CLOCK, type Wanted } from "./resident.ts";
import { freeBytes, makeRoom, type MemorySource } from "./room.ts";
import { mayWait } from "./turn-order.ts";

/** A loaded model in use: it stays until it is released. */
export interface Lease<T> {
  readonly value: T;
  /** How long it was waited for before it could be loaded, ms. */
  readonly waitedMs: number;
  /** Safe to call twice. */
  release(): void;
}

/** One that is loading or loaded. */
export interface Arrival {
  /** The name it was last asked for by. */
  readonly askedAs: string;
  /** When it goes if nobody asks for it before, ms since the epoch; null: not before its place is needed. */
  readonly expiresAtMs: number | null;
  /** What it was thought to take before it was loaded. */
  readonly memoryBytes: number;
}

/** One that is loaded. */
export interface Residence<T> extends Arrival {
  readonly value: T;
  readonly pinned: boolean;
  readonly loadedAtMs: number;
}

/** How many may be loaded, and how long an unused one stays. Read whenever it matters: it may change. */
export interface ResidencyLimits {
  readonly countMax: number;
  /** ms without a lease after which a value is closed where nobody said otherwise; Infinity keeps it until its place is needed. */
  readonly keepAliveMs: number;
  /** Requests that may wait for a value to be loaded, behind the first. */
  readonly waitingMax: number;
  /** How long a request may wait until its value can be loaded, ms; Infinity: as long as its client does. */
  readonly waitMaxMs: number;
  readonly memory: MemorySource;
}

/** At most `countMax` loaded values by key, within their memory, least recently used out first. */
export class Residency<T extends Closable> {
  private readonly limits: ResidencyLimits;
  private readonly clock: Clock;
  private readonly residents = new Map<string, Resident<T>>();
  /** Values that are being closed: their memory is not free yet. */
  private readonly departing = new Map<Promise<void>, Resident<T>>();
  private readonly line: PlaceLine<Wanted<T>, Resident<T>>;
  private readonly failures: LoadFailures;
  private readonly loadTimes = new LoadTimes();
  private readonly closing = new AbortController();
  private uses = 0;

  constructor(limits: ResidencyLimits, clock: Clock = SYSTEM_CLOCK) {
    this.limits = limits;
    this.clock = clock;
    this.failures = new LoadFailures(clock);
    this.line = new PlaceLine(clock, () => this.serveLine());
  }

  /** What is loaded now, in the order it was loaded. */
  *loaded(): Iterable<Residence<T>> {
    for (const resident of this.residents.values()) {
      const { value, pinned, loadedAtMs } = resident;
      if (value !== null) yield { ...this.arrival(resident), value, pinned, loadedAtMs };
    }
  }

  /** What is being loaded now, in the order it was begun. */
  *loading(): Iterable<Arrival> {
    for (const resident of this.residents.values()) if (resident.value === null) yield this.arrival(resident);
  }

  private arrival(resident: Resident<T>): Arrival {
    const { askedAs, memoryBytes } = resident;
    return { askedAs, memoryBytes, expiresAtMs: resident.expiry(this.limits.keepAliveMs) };
  }

  /**
   * The value of a key, loaded if need be. Several callers share one loading; when it fails, all of them get its error and nothing stays,
   * and for some seconds those who come after them get it, too.
   * A loading goes on when its caller goes: who gives up after half a minute and tries again would otherwise never see it done.
   * @throws AppError cancelled when the signal fires before it can be loaded, queue_full, queue_timeout, out_of_memory, shutting_down after
   * `close`, and what `load` throws
   */
  async acquire(wanted: Wanted<T>, signal: AbortSignal): Promise<Lease<T>> {
    if (signal.aborted) throw cancellation(signal);
    if (this.closing.signal.aborted) throw cancellation(this.closing.signal);
    this.refuseIfCrowded(wanted);
    const askedMs = this.clock.steadyMs();
    const { waitMaxMs } = this.limits;
    const resident = await this.line.wait(wanted, signal, waitMaxMs);
    const waitedMs = () => this.clock.steadyMs() - askedMs;
    try {
      if (resident.begunMs === null) {
        // A loading that fails before it begins ends the wait as well.
        await this.line.waitOn(Promise.race([resident.begun.promise, resident.loading]), signal, waitMaxMs, waitedMs());
      }
      const begunAfterMs = waitedMs();
      return this.lease(resident, await resident.loading, begunAfterMs);
    } catch (thrown) {
      resident.giveUp(wanted.client);
      this.endLease(resident);
      throw thrown;
    }
  }

  /** Whether the value of a key is loaded as it is wanted. */
  has(wanted: Pick<Wanted<T>, "key" | "edition">): boolean {
    const resident = this.residents.get(wanted.key);
    return resident !== undefined && resident.value !== null && resident.fits(wanted);
  }

  /** Closes the value of a key once nobody uses it; who asks for it from now on waits for that and has it loaded anew. false: there is none. */
  async unload(key: string): Promise<boolean> {
    const resident = this.residents.get(key);
    if (resident === undefined) return false;
    resident.leaving = true;
    if (resident.idle) this.expire(resident);
    await resident.gone.promise;
    return true;
  }

  /** Closes everything that is loaded and gives up what is loading; nothing can be acquired any more. */
  async close(): Promise<void> {
    const over = new AppError("shutting_down", "The server is shutting down");
    this.closing.abort(over);
    for (const waiter of this.line) waiter.refuse(over);
    const residents = [...this.residents.values()];
    this.residents.clear();
    for (const resident of residents) resident.stopExpiry();
    const closed = residents.map(async (resident) => (await resident.loading).close().finally(() => resident.gone.resolve()));
    await Promise.allSettled([...this.departing.keys(), ...closed]);
  }

  /** Holds a resident for a request. */
  private enter(resident: Resident<T>, wanted: Wanted<T>): Resident<T> {
    resident.leases++;
    if (resident.value === null) resident.awaitedBy.push(wanted.client);
    resident.askedAs = wanted.askedAs ?? wanted.name;
    resident.stopExpiry();
    resident.follow(wanted.stay ?? {});
    return resident;
  }

  /**
   * Makes a resident, closing for its place those that are in its way: its outdated self, and those unused for longest. Where some of these are
   * in use: those that it needs out of use.
   */
  private admit(wanted: Wanted<T>, outdated: Resident<T> | null): Resident<T> | readonly Resident<T>[] {
    this.failures.refuseRecent(wanted);
    const { countMax, memory } = this.limits;
    const residents = [...this.residents.values()];
    const room = { countMax, freeBytes: freeBytes(memory, residents, [...this.departing.values()]) };
    const making = makeRoom(wanted, residents, room, outdated);
    if ("awaited" in making) return making.awaited;
    for (const resident of making.going) this.depart(resident);
    const resident = new Resident<T>(wanted, async (loading) => this.load(wanted, loading), this.clock);
    resident.usedAt = this.uses++;
    if (outdated?.leaving === false) resident.follow(outdated.stay);
    this.residents.set(wanted.key, resident);
    resident.loading.then(
      (value) => {
        resident.value = value;
        resident.loadedAtMs = this.clock.nowMs();
        this.loadTimes.note(resident, resident.sinceBegunMs);
        this.failures.forget(wanted.key);
        if (resident.leases === 0) this.endUse(resident);
        this.serveLine();
      },
      (thrown: unknown) => {
        if (!this.closing.signal.aborted) this.failures.note(wanted, AppError.from(thrown));
        if (this.residents.get(wanted.key) === resident) this.residents.delete(wanted.key);
        resident.gone.resolve();
        this.serveLine();
      },
    );
    return resident;
  }

  /** Estimates may be wrong: where memory was short after all, one that nobody uses makes room, and it is tried once more. */
  private async load(wanted: Wanted<T>, resident: Resident<T>): Promise<T> {
    try {
      return await this.loadOnce(wanted, resident);
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== "out_of_memory") throw thrown;
      const [oldest] = [...this.residents.values()].filter(({ idle, pinned }) => idle && !pinned).sort((a, b) => a.usedAt - b.usedAt);
      if (oldest === undefined) throw thrown;
      this.depart(oldest);
      return this.loadOnce(wanted, resident);
    }
  }

  /** Those that leave must be gone before another is loaded: memory for both is what there is not. They may need the device for that. */
  private async loadOnce({ load, leave }: Wanted<T>, resident: Resident<T>): Promise<T> {
    const { signal } = this.closing;
    await Promise.all(this.departing.keys());
    if (signal.aborted) throw cancellation(signal);
    const giveBack = await leave?.(signal);
    try {
      resident.begin();
      return await load(signal);
    } finally {
      giveBack?.();
    }
  }

  private depart(resident: Resident<T>): void {
    resident.stopExpiry();
    this.residents.delete(resident.key);
    const closed = (async () => resident.value?.close())()
      .catch(() => {})
      .finally(() => {
        this.departing.delete(closed);
        resident.gone.resolve();
      });
    this.departing.set(closed, resident);
  }

  private expire(resident: Resident<T>): void {
    this.depart(resident);
    this.serveLine();
  }

  private lease(resident: Resident<T>, value: T, waitedMs: number): Lease<T> {
    let held = true;
    return {
      value,
      waitedMs,
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
    this.endUse(resident);
    this.serveLine();
  }

  /** Nobody uses it any more; one that is still loading is not to be closed before it is loaded. */
  private endUse(resident: Resident<T>): void {
    if (this.residents.get(resident.key) !== resident || resident.value === null) return;
    if (resident.leaving) this.depart(resident);
    else resident.startExpiry(this.limits.keepAliveMs, () => this.expire(resident));
  }

  /** Throws AppError queue_full when as many wait for the loading of a value as may wait for the value. */
  private refuseIfCrowded({ key, client }: Wanted<T>): void {
    const resident = this.residents.get(key);
    const loading = resident?.value === null ? resident : null;
    const placeless = [...this.line].filter(({ wanted }) => wanted.key === key).map(({ wanted }) => wanted.client);
    const waiting = [...(loading?.awaitedBy ?? []), ...placeless];
    if (mayWait(client, waiting, waiting.length, this.limits.waitingMax)) return;
    const leftMs = loading === null ? null : this.loadTimes.leftMs(loading, loading.sinceBegunMs);
    throw queueFull(waiting.length, leftMs);
  }

  /**
   * Lets in who waits, in order, as far as there are places. Who waits for room holds up those who need what it needs, and those who need room as well; who
   * waits for its model's outdated self to be out of use holds up nobody.
   */
  private serveLine(): void {
    /** What the first who waits for room needs out of use; null: nobody waits for room. */
    let needed: readonly Resident<T>[] | null = null;
    for (const waiter of this.line) {
      const { wanted } = waiter;
      const known = this.residents.get(wanted.key) ?? null;
      const fits = known !== null && known.fits(wanted);
      if (fits ? needed?.includes(known) : needed !== null || known?.idle === false) continue;
      try {
        const admitted = fits ? known : this.admit(wanted, known);
        if (admitted instanceof Resident) waiter.letIn(this.enter(admitted, wanted));
        else needed = admitted;
      } catch (thrown) {
        waiter.refuse(thrown);
      }
    }
  }
}
