/** Those for whom there is no place yet, in the order they came. Each leaves when its client goes, and when it has waited for as long as it may. */
import { type AppError, cancellation } from "../core/errors.ts";
import { queueTimeout } from "./refusals.ts";
import type { Clock } from "./resident.ts";

/** One who waits. Once it has been let in or refused it is not in the line any more. */
export interface PlaceWaiter<W, P> {
  readonly wanted: W;
  letIn(place: P): void;
  refuse(error: unknown): void;
}

/** Who is let in is decided by its owner, whenever something changes. */
export class PlaceLine<W, P> {
  private readonly clock: Clock;
  private readonly serve: () => void;
  private readonly waiters = new Set<PlaceWaiter<W, P>>();

  /** @param serve lets in whom there is a place for; called when one has come, and when one has gone without a place: others may have waited for its sake */
  constructor(clock: Clock, serve: () => void) {
    this.clock = clock;
    this.serve = serve;
  }

  /** In the order they came; those met may be let in or refused. */
  [Symbol.iterator](): Iterator<PlaceWaiter<W, P>> {
    return this.waiters.values();
  }

  /**
   * Joins the line, at its end.
   * @param waitMaxMs Infinity: as long as the client does
   * @throws AppError cancelled when the signal fires, queue_timeout, and what it is refused with
   */
  async wait(wanted: W, signal: AbortSignal, waitMaxMs: number): Promise<P> {
    const { promise, resolve, reject } = Promise.withResolvers<P>();
    const waiter: PlaceWaiter<W, P> = {
      wanted,
      letIn: (place) => {
        this.waiters.delete(waiter);
        resolve(place);
      },
      refuse: (error) => {
        this.waiters.delete(waiter);
        reject(error);
      },
    };
    this.waiters.add(waiter);
    this.serve();
    // Mostly there is a place at once.
    if (!this.waiters.has(waiter)) return promise;
    const leave = (error: unknown): void => {
      waiter.refuse(error);
      this.serve();
    };
    return promise.finally(this.watch(signal, waitMaxMs, 0, leave));
  }

  /** Goes on waiting with a place, until that can be used. @param waitedMs for how long it has waited. Throws as `wait` does, and what `ready` throws. */
  async waitOn(ready: Promise<unknown>, signal: AbortSignal, waitMaxMs: number, waitedMs: number): Promise<void> {
    // Nobody may be left to hear of its failure.
    ready.catch(() => {});
    if (signal.aborted) throw cancellation(signal);
    const over = Promise.withResolvers<never>();
    const stopWatch = this.watch(signal, waitMaxMs, waitedMs, over.reject);
    await Promise.race([ready, over.promise]).finally(stopWatch);
  }

  /** Tells when its client has gone, or it has waited for as long as it may. @returns stops that */
  private watch(signal: AbortSignal, waitMaxMs: number, waitedMs: number, giveUp: (error: AppError) => void): () => void {
    const onGone = (): void => giveUp(cancellation(signal));
    const stopTimer = this.clock.after(waitMaxMs - waitedMs, () => giveUp(queueTimeout(waitMaxMs, null)));
    signal.addEventListener("abort", onGone, { once: true });
    return () => {
      stopTimer();
      signal.removeEventListener("abort", onGone);
    };
  }
}
