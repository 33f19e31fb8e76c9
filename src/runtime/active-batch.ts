/** The batch that a host is working on, as the gateway sees it: a stream for each of its runs, and who has been told to stop. */
import type { AppError } from "../core/errors.ts";
import type { BatchMember, RunStats, TokenEvent } from "../core/runtime.ts";
import { EventQueue } from "./event-queue.ts";

/** What a run yields: text, or a vector in place of it, then an end. */
export type RunEvent = TokenEvent | { readonly kind: "vector"; readonly vector: Float32Array };

/** What stands in for the figures of a run that has none. */
export const NO_STATS: RunStats = { prefillTokens: 0, prefillMs: 0, decodeTokens: 0, decodeMs: 0, memoryMb: 0 };

/** A run that has not ended. */
interface ActiveRun {
  readonly promptId: number;
  readonly queue: EventQueue<RunEvent>;
  aborting: boolean;
  readonly stopListening: () => void;
}

/** Runs that were started together. */
export class ActiveBatch {
  /** One for each member, in order. */
  readonly streams: readonly AsyncIterable<RunEvent>[];
  /** Resolves when the library has returned, or is gone. */
  readonly over: Promise<void>;
  private readonly runs = new Map<number, ActiveRun>();
  private readonly ending = Promise.withResolvers<void>();
  private readonly onAbort: (promptId: number, allOfThem: boolean) => void;

  /** @param onAbort is told once of each run that is no longer wanted, and whether none of the batch is any more */
  constructor(members: readonly Pick<BatchMember, "promptId" | "signal">[], onAbort: (promptId: number, allOfThem: boolean) => void) {
    this.onAbort = onAbort;
    this.over = this.ending.promise;
    this.streams = members.map(({ promptId, signal }) => {
      const abort = (): void => this.abort(run);
      const run: ActiveRun = {
        promptId,
        // A reader that leaves wants no more of its run.
        queue: new EventQueue(abort),
        aborting: false,
        stopListening: () => signal.removeEventListener("abort", abort),
      };
      signal.addEventListener("abort", abort, { once: true });
      this.runs.set(promptId, run);
      return run.queue;
    });
  }

  /** The host has been told to run: those whose clients went before have it stopped. */
  started(members: readonly Pick<BatchMember, "promptId" | "signal">[]): void {
    for (const { promptId, signal } of members) {
      const run = this.runs.get(promptId);
      if (signal.aborted && run !== undefined) this.abort(run);
    }
  }

  /** Hands on what came of a run; one that has ended already gets nothing more. */
  push(promptId: number, event: RunEvent): void {
    this.runs.get(promptId)?.queue.push(event);
  }

  /** A run has ended, as `error` says. */
  end(promptId: number, error: AppError | null): void {
    const run = this.runs.get(promptId);
    if (run === undefined) return;
    this.runs.delete(promptId);
    run.stopListening();
    if (error === null) run.queue.end();
    else run.queue.fail(error);
  }

  /** None of them is wanted any more. */
  abortAll(): void {
    for (const run of this.runs.values()) this.abort(run);
  }

  /** The library has returned. */
  finish(): void {
    this.ending.resolve();
  }

  /** The host is gone. A run that was being aborted has lost nothing its reader still wants. */
  lose(error: AppError): void {
    for (const { promptId, aborting, queue } of this.runs.values()) {
      if (aborting) queue.push({ kind: "end", reason: "aborted", stats: NO_STATS });
      this.end(promptId, aborting ? null : error);
    }
    this.finish();
  }

  private abort(run: ActiveRun): void {
    if (this.runs.get(run.promptId) !== run || run.aborting) return;
    run.aborting = true;
    this.onAbort(
      run.promptId,
      [...this.runs.values()].every(({ aborting }) => aborting),
    );
  }
}
