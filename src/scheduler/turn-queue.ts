/**
 * One slot, many requests: a bounded queue of turns, fair between clients. A request takes its place when it is admitted, so that a full queue
 * is refused at once, and leaves it the moment its client goes, wherever it stands. Where the slot has several lanes, those that can run
 * together have their turn together (`turn-batch.ts`).
 */
import { type AppError, cancellation } from "../core/errors.ts";
import type { BatchMember, BatchTerms } from "../core/runtime.ts";
import { queueFull, queueTimeout } from "./refusals.ts";
import type { DevicePermit } from "./run-permits.ts";
import { ServiceTime } from "./service-time.ts";
import { type StartBatch, TurnBatch } from "./turn-batch.ts";
import { firstBatch, mayWait, nextRound, placeOf, type Waiting, windowMs } from "./turn-order.ts";

/** What a queue is made for. Figures are read whenever they matter: they may change. */
export interface TurnQueueOptions {
  /** Requests that may wait behind the running ones; see mayWait. */
  readonly depthMax: number;
  /** How long a request may wait for its turn, ms; Infinity: as long as its client does. */
  readonly waitMaxMs: number;
  /** Turns that may be had together. */
  readonly lanes: number;
  /** How long a turn may be held back for one more to join it, ms. */
  readonly windowMs: number;
  readonly start: StartBatch;
  /** Leave to use the device, which others may have; absent: it is this slot's alone. */
  readonly permit?: DevicePermit;
}

/** A place in the queue, and then the turn itself. */
export interface Turn {
  /** Requests ahead when the place was taken, the running ones included, and of other slots those runs that are to use the device before. */
  readonly position: number;
  /** How long the turn was likely to be waited for when the place was taken, ms; null while nothing has been measured. */
  readonly expectedWaitMs: number | null;
  /** Resolves when the slot is this request's. Rejects with AppError cancelled when the signal fires first, and queue_timeout. */
  readonly granted: Promise<void>;
  /**
   * Says that it can run, which it is passed over before.
   * @param terms what it runs with; null: alone, and not through `run`
   */
  ready(terms: BatchTerms | null): void;
  /** See TurnBatch.run. Only in the turn. */
  run(member: BatchMember, last: () => boolean): void;
  /** Gives up the place, or the turn. Safe to call twice. */
  release(): void;
}

interface Entry extends Waiting {
  group?: string | null;
  terms: BatchTerms | null;
  readonly grant: (batch: TurnBatch) => void;
}

/** Fair, bounded; one batch of turns at a time. */
export class TurnQueue {
  private readonly options: TurnQueueOptions;
  private readonly line: Entry[] = [];
  private readonly service = new ServiceTime();
  /** The latest round of which a request has had its turn. */
  private round = 0;
  /** Turns that have been granted and are not over. */
  private running = 0;
  private lastBatch = 1;
  private occupied = false;
  private window: Timer | null = null;
  /** Since when a turn is held back. */
  private heldSinceMs: number | null = null;

  constructor(options: TurnQueueOptions) {
    this.options = options;
  }

  /** Requests that wait for their turn. */
  get waiting(): number {
    return this.line.length;
  }

  /** Requests that run or wait. */
  get load(): number {
    return this.running + this.line.length;
  }

  get busy(): boolean {
    return this.running + this.line.length > 0;
  }

  /** Whether all places are taken: who gets in still has nobody waiting. */
  get full(): boolean {
    return this.ahead > this.options.depthMax;
  }

  private get ahead(): number {
    return this.line.length + Number(this.occupied);
  }

  /**
   * Takes a place.
   * @param client who asks: a key or an address
   * @param waitedMs for how long it has waited already, for the model's place
   * @throws AppError queue_full, cancelled
   */
  take(client: string, signal: AbortSignal, waitedMs = 0): Turn {
    if (signal.aborted) throw cancellation(signal);
    const clients = this.line.map((entry) => entry.client);
    if (!mayWait(client, clients, this.ahead, this.options.depthMax)) throw queueFull(this.line.length, this.waitMs(0));
    const granted = Promise.withResolvers<void>();
    granted.promise.catch(() => {});
    let batch: TurnBatch | null = null;
    const entry: Entry = {
      client,
      round: nextRound(client, this.round, this.line),
      terms: null,
      grant: (given) => {
        stopWaiting();
        batch = given;
        granted.resolve();
      },
    };
    const refuse = (error: AppError): void => {
      stopWaiting();
      if (this.leaveLine(entry)) granted.reject(error);
    };
    const leave = (): void => refuse(cancellation(signal));
    const { waitMaxMs } = this.options;
    const deadline = after(waitMaxMs - waitedMs, () => refuse(queueTimeout(waitMaxMs, this.waitMs(0))));
    const stopWaiting = (): void => {
      clearTimeout(deadline);
      signal.removeEventListener("abort", leave);
    };
    const place = placeOf(entry.round, this.line);
    const position = this.running + place + (this.options.permit?.ahead ?? 0);
    const expectedWaitMs = this.waitMs(place);
    this.line.splice(place, 0, entry);
    signal.addEventListener("abort", leave, { once: true });
    return {
      position,
      expectedWaitMs,
      granted: granted.promise,
      ready: (terms) => {
        entry.terms = terms;
        entry.group = terms === null ? null : JSON.stringify([terms.adapter ?? null, terms.sampling]);
        this.dispatch();
      },
      run: (member, last) => {
        if (batch === null) throw new Error("Broken invariant: a run is made in its turn");
        batch.run(entry, member, last);
      },
      release: () => {
        stopWaiting();
        if (batch === null) this.leaveLine(entry);
        else batch.leave(entry);
      },
    };
  }

  private leaveLine(entry: Entry): boolean {
    const index = this.line.indexOf(entry);
    if (index < 0) return false;
    this.line.splice(index, 1);
    // A turn may have been held back for this one.
    if (this.window !== null) this.dispatch();
    return true;
  }

  /** Grants the next turns where the slot is free and somebody is ready, perhaps after a while in which others may join. */
  private dispatch(): void {
    if (this.occupied) return;
    const batch = firstBatch(this.line, this.options.lanes);
    const [first] = batch;
    if (first === undefined) return;
    const gathered = batch.length;
    // Nobody can join one that runs alone.
    const lanes = first.group === null ? 1 : this.options.lanes;
    const coming = this.line.filter(({ group }) => group === undefined).length;
    this.heldSinceMs ??= performance.now();
    const heldMs = performance.now() - this.heldSinceMs;
    const company = { gathered, coming, lastBatch: this.lastBatch, lastRunMs: this.service.lastMs, heldMs };
    const wait = windowMs(company, lanes, this.options.windowMs);
    if (wait === 0) return this.closeWindow();
    clearTimeout(this.window ?? undefined);
    this.window = setTimeout(() => this.closeWindow(), wait);
  }

  private closeWindow(): void {
    clearTimeout(this.window ?? undefined);
    this.window = null;
    this.heldSinceMs = null;
    if (firstBatch(this.line, this.options.lanes).length === 0) return;
    this.occupied = true;
    const { permit } = this.options;
    if (permit === undefined) this.grant(() => {});
    else void permit.take().then((giveBack) => this.grant(giveBack));
  }

  /** Who has the turn is decided now: some may have gone while the permit was waited for, others may have come. */
  private grant(giveBack: () => void): void {
    const turns = firstBatch(this.line, this.options.lanes);
    const [first] = turns;
    const startedMs = performance.now();
    const over = (): void => {
      giveBack();
      this.occupied = false;
      if (turns.length > 0) this.service.note(performance.now() - startedMs);
      this.running = 0;
      this.dispatch();
    };
    if (first === undefined) return over();
    this.lastBatch = turns.length;
    this.running = turns.length;
    const batch = new TurnBatch(turns, first.terms, this.options.start, over);
    for (const turn of turns) {
      this.leaveLine(turn);
      this.round = Math.max(this.round, turn.round);
      turn.grant(batch);
    }
  }

  /**
   * How long one is likely to wait who has `ahead` others before it in line: for the rest of the batch that runs, half of it on average, for those that go
   * first, and for what others do with the device meanwhile. ms; null while nothing has been measured.
   */
  private waitMs(ahead: number): number | null {
    const { lanes, permit } = this.options;
    const own = this.service.waitMs((this.running > 0 ? 0.5 : 0) + Math.floor(ahead / lanes));
    const others = permit === undefined ? 0 : permit.waitMs();
    return own === null || others === null ? null : own + others;
  }
}

/** Timers hold no more, 24 days: who waits that long waits for ever. */
const TIMER_MS_MAX = 2 ** 31 - 1;

function after(ms: number, call: () => void): Timer | undefined {
  return ms > TIMER_MS_MAX ? undefined : setTimeout(call, ms);
}
