/** The batch that a host is working on, as the gateway sees it: who reads each of its runs, and who has been told to stop. */
import type { AppError } from "../core/errors.ts";
import type { BatchMember, RunStats, TokenEvent } from "../core/runtime.ts";

/** What a run brings: text, or a vector in place of it, then an end. */
export type RunEvent = TokenEvent | { readonly kind: "vector"; readonly vector: Float32Array };

/** As TokenReader, for all that a run may bring. */
export interface RunReader {
  take(event: RunEvent): void;
  fail(error: AppError): void;
}

/** Who takes part in a batch. */
export type ActiveMember = Pick<BatchMember, "promptId" | "signal"> & { readonly reader: RunReader };

/** What stands in for the figures of a run that has none. */
const NO_STATS: RunStats = { prefillTokens: 0, prefillMs: 0, decodeTokens: 0, decodeMs: 0, memoryMb: 0 };

/** What is left of a run that nobody wanted any more. */
export const ABORTED: TokenEvent = { kind: "end", reason: "aborted", stats: NO_STATS };

/** A run that has not ended. */
interface ActiveRun {
  readonly promptId: number;
  readonly reader: RunReader;
  aborting: boolean;
  readonly stopListening: () => void;
}

/** Runs that were started together. */
export class ActiveBatch {
  /** Resolves when the library has returned, or is gone. */
  readonly over: Promise<void>;
  private readonly runs = new Map<number, ActiveRun>();
  private readonly ending = Promise.withResolvers<void>();
  private readonly onAbort: (promptId: number, allOfThem: boolean) => void;

  /** @param onAbort is told once of each run that is no longer wanted, and whether none of the batch is any more */
  constructor(members: readonly ActiveMember[], onAbort: (promptId: number, allOfThem: boolean) => void) {
    this.onAbort = onAbort;
    this.over = this.ending.promise;
    for (const { promptId, signal, reader } of members) {
      const abort = (): void => this.abort(run);
      const run: ActiveRun = { promptId, reader, aborting: false, stopListening: () => signal.removeEventListener("abort", abort) };
      signal.addEventListener("abort", abort, { once: true });
      this.runs.set(promptId, run);
    }
  }

  /** The host has been told to run: those whose clients went before have it stopped. */
  started(members: readonly ActiveMember[]): void {
    for (const { promptId, signal } of members) {
      const run = this.runs.get(promptId);
      if (signal.aborted && run !== undefined) this.abort(run);
    }
  }

  /** Hands on what came of a run; one that has ended already gets nothing more. */
  push(promptId: number, event: RunEvent): void {
    const run = this.runs.get(promptId);
    if (run === undefined) return;
    if (event.kind === "end") this.leave(run);
    run.reader.take(event);
  }

  /** A run has failed. */
  fail(promptId: number, error: AppError): void {
    const run = this.runs.get(promptId);
    if (run === undefined) return;
    this.leave(run);
    run.reader.fail(error);
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
    for (const { promptId, aborting } of this.runs.values()) {
      if (aborting) this.push(promptId, ABORTED);
      else this.fail(promptId, error);
    }
    this.finish();
  }

  private leave(run: ActiveRun): void {
    this.runs.delete(run.promptId);
    run.stopListening();
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
