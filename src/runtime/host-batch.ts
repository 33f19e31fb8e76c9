/**
 * The runs that go through the library together, lane by lane. One that has enough ends at once while others go on; the library itself is
 * stopped when none of them wants more of it.
 */
import type { AppError } from "../core/errors.ts";
import type { HostRun, RunOutcome } from "./host-run.ts";
import { CALL_STATE } from "./native/abi.ts";
import type { RingRecord } from "./native/ring.ts";

const ABORT_REPEAT_MS = 50;
/** How long a run that has enough waits for the library's own figures when the library does not stop. */
const FIGURES_WAIT_MS = 250;

/** What happens to a member. */
export interface BatchEvents {
  /** Text has come; the run has it. */
  readonly onText: (run: HostRun) => void;
  /** The last of it: no text comes afterwards. */
  readonly onEnd: (run: HostRun, outcome: RunOutcome) => void;
}

/** What is known of the library that a batch runs on. */
export interface BatchLibrary {
  /** Asks it to stop; that may take effect much later, or never. */
  readonly abort: () => void;
  /** An abort that comes too late would end the next run (RuntimeFindings.idleAbortEndsNextRun). */
  readonly abortOnce: boolean;
  /** A lane without a run is given something to work on all the same. */
  readonly idleLanesWork: boolean;
}

/** One call of rkllm_run. */
export class HostBatch {
  /** The number that comes back in the ring's records. */
  readonly run: number;
  private readonly lanes: readonly (HostRun | null)[];
  /** Those that have not ended. */
  private readonly open: Set<HostRun>;
  /** Lanes that the library works on, as far as it has said. It returns by itself when there is none. */
  private readonly working: Set<number>;
  private readonly events: BatchEvents;
  private readonly library: BatchLibrary;
  private isAborted = false;
  private aborting: Timer | undefined;
  private waiting: Timer | undefined;

  /** @param lanes the run in each lane */
  constructor(run: number, lanes: readonly (HostRun | null)[], events: BatchEvents, library: BatchLibrary) {
    this.run = run;
    this.lanes = lanes;
    this.open = new Set(lanes.filter((lane) => lane !== null));
    this.working = new Set(lanes.keys().filter((lane) => lanes[lane] !== null || library.idleLanesWork));
    this.events = events;
    this.library = library;
  }

  /** Takes one record. A stale token of an earlier run (seen after aborts) belongs to nobody any more. */
  accept(record: RingRecord): void {
    if (record.run !== this.run) return;
    const run = this.lanes[record.member];
    const ends = this.lanes.length > 1 && run?.wantsText !== false && endsLane(record);
    if (ends) this.working.delete(record.member);
    if (run === null || run === undefined || !this.open.has(run)) return;
    if (ends) run.noteEnd();
    else run.accept(record);
    if (run.enough) this.settle();
  }

  /** After each drain: several tokens that came together travel together. */
  flush(): void {
    for (const run of this.open) this.events.onText(run);
  }

  /** A client has gone, or has enough. */
  abort(promptId: number): void {
    for (const run of this.open) if (run.promptId === promptId) run.requestAbort();
    this.settle();
  }

  /** Ends all of them: the model is being closed. */
  abortAll(): void {
    for (const run of this.open) run.requestAbort();
    this.settle();
  }

  /** rkllm_run has returned. */
  returned(code: number): void {
    this.close((run) => run.finish(code));
  }

  /** rkllm_run was not even called. */
  failed(error: AppError): void {
    this.close((run) => run.fail(error));
  }

  private close(outcomeOf: (run: HostRun) => RunOutcome): void {
    clearInterval(this.aborting);
    clearTimeout(this.waiting);
    for (const run of this.open) this.end(run, outcomeOf(run));
  }

  /**
   * Ends those that have enough, but for the last: it waits for the library to stop, and gets the library's own figures. Where no lane is left
   * to work on the library is about to return, and an abort might come too late for this run.
   */
  private settle(): void {
    const done = [...this.open].filter((run) => run.enough);
    if (done.length === this.open.size) {
      done.pop();
      if (this.working.size > 0) this.startAborting();
    }
    for (const run of done) this.end(run, run.finish(null));
  }

  private end(run: HostRun, outcome: RunOutcome): void {
    this.open.delete(run);
    this.events.onText(run);
    this.events.onEnd(run, outcome);
  }

  /**
   * An abort that reaches the library before rkllm_run has begun, or while it does not listen, is forgotten: it is asked for again
   * until the run has returned.
   */
  private startAborting(): void {
    if (this.isAborted) return;
    this.isAborted = true;
    const { abort, abortOnce } = this.library;
    abort();
    if (!abortOnce) this.aborting = setInterval(abort, ABORT_REPEAT_MS);
    this.waiting = setTimeout(() => this.endAll(), FIGURES_WAIT_MS);
  }

  /** The library heeds no abort, and goes on: whoever has all that is wanted of it is not to wait for that. */
  private endAll(): void {
    for (const run of this.open) this.end(run, run.finish(null));
  }
}

/** In a batch a token without an id says that its lane has ended while others go on (Rockchip's manual). */
function endsLane({ state, tokenId, text }: RingRecord): boolean {
  return state <= CALL_STATE.waiting && tokenId < 0 && text.length === 0;
}
