/**
 * The turns that were granted together. They run together as well: the model starts when each of them has said what it wants to run, or has
 * gone. One that wants to run again (its answer was not what was demanded) waits until the others have ended or want to run again, too.
 */
import { assert, cancellation } from "../core/errors.ts";
import type { BatchMember, BatchTerms } from "../core/runtime.ts";

/** Starts runs of equal terms; the model is idle. See RuntimeSlot.run. */
export type StartBatch = (members: readonly BatchMember[], terms: BatchTerms) => Promise<void>;

interface Joined {
  readonly member: BatchMember;
  /** Whether the turn is over with this run; asked when the run is over. */
  readonly last: () => boolean;
  /** Once it waits for others. */
  stopListening: (() => void) | null;
  readonly seat: object;
}

/** A batch of turns, from their grant to the end of the last. */
export class TurnBatch {
  /** Turns that are not over. */
  private readonly seats: Set<object>;
  private readonly terms: BatchTerms | null;
  private readonly start: StartBatch;
  private readonly onOver: () => void;
  private joined: Joined[] = [];
  private running: Promise<void> | null = null;

  /**
   * @param terms of all of them; null: they run nothing that is started here
   * @param onOver is called once, when every turn is over and the model idle
   */
  constructor(seats: readonly object[], terms: BatchTerms | null, start: StartBatch, onOver: () => void) {
    this.seats = new Set(seats);
    this.terms = terms;
    this.start = start;
    this.onOver = onOver;
  }

  /**
   * Runs a prompt, together with the others. One whose signal fires before it began fails.
   * @param last whether the turn is over when the run is; asked when the run is over
   */
  run(seat: object, member: BatchMember, last: () => boolean): void {
    assert(this.seats.has(seat) && this.terms !== null, "a run is made in its turn");
    const joined: Joined = { member, last, seat, stopListening: null };
    this.joined.push(joined);
    this.startWhenComplete();
    // Mostly it has nobody to wait for.
    if (!this.joined.includes(joined)) return;
    const withdraw = (): void => this.withdraw(seat);
    member.signal.addEventListener("abort", withdraw, { once: true });
    joined.stopListening = () => member.signal.removeEventListener("abort", withdraw);
  }

  /** One of them is over. Safe to call twice. */
  leave(seat: object): void {
    if (!this.seats.delete(seat)) return;
    this.withdraw(seat);
    this.startWhenComplete();
  }

  /** What it wanted to run, and has not begun, is not wanted any more. */
  private withdraw(seat: object): void {
    this.joined = this.joined.filter((joined) => {
      if (joined.seat !== seat) return true;
      joined.stopListening?.();
      joined.member.reader.fail(cancellation(joined.member.signal));
      return false;
    });
  }

  private startWhenComplete(): void {
    if (this.running !== null) return;
    if (this.seats.size === 0) return this.onOver();
    if (this.joined.length < this.seats.size || this.terms === null) return;
    const starting = this.joined;
    this.joined = [];
    for (const { stopListening } of starting) stopListening?.();
    const members = starting.map(({ member }) => member);
    this.running = this.start(members, this.terms).then(() => {
      this.running = null;
      for (const { last, seat } of starting) if (last()) this.seats.delete(seat);
      this.startWhenComplete();
    });
  }
}
