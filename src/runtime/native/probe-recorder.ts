/** The compiled recorder of `doctor --probe` (probe.c): runs the library with a second thread beside it, and reads what was written down. */
import { cc, type Pointer, ptr } from "bun:ffi";
import { AppError } from "../../core/errors.ts";
import { CALL_STATE } from "./abi.ts";
import { type NativeArgument, nativeBytes, nativeString } from "./struct-writer.ts";

const SYMBOLS = {
  probe_init: { args: [], returns: "i32" },
  probe_flush: { args: [], returns: "void" },
  probe_callback: { args: [], returns: "ptr" },
  probe_decoy: { args: [], returns: "ptr" },
  probe_begin: { args: ["i32", "i32", "i32", "i32", "i32", "i32"], returns: "void" },
  probe_hold: { args: ["i32", "ptr", "ptr"], returns: "void" },
  probe_run: { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  probe_die_with_parent: { args: ["i32"], returns: "i32" },
  probe_summary: { args: ["ptr"], returns: "void" },
  probe_event: { args: ["i32", "ptr"], returns: "void" },
  probe_figures: { args: ["i32", "ptr"], returns: "void" },
  probe_text: { args: ["i32", "ptr"], returns: "i32" },
  probe_row: { args: ["ptr"], returns: "i32" },
  probe_result_layout: { args: ["ptr"], returns: "i32" },
} as const;

/** probe.c names the same numbers. */
const FLAG = { otherThread: 1, noResult: 2, noText: 4, hiddenRows: 8, logitsRows: 16 } as const;
const MEMBERS_MAX = 8;
const TEXT_BYTES_MAX = 1 << 14;
const ROW_FLOATS_MAX = 8192;
const NEVER = -1;

/** What a run is to do besides running. Tokens are counted from 1. */
export interface RunPlan {
  /** The callback answers 1 at this token. */
  readonly pauseAt?: number;
  /** Another thread aborts at this token; the callback waits a moment for that call to return. */
  readonly abortAt?: number;
  /** The callback itself aborts at this token. */
  readonly abortInsideAt?: number;
  /** Another thread aborts so many microseconds after the start. */
  readonly abortAfterUs?: number;
  /** The callback answers 2 for rows, which frees them (1.3). */
  readonly freeRows?: boolean;
  /** The first callback makes the file `path` and waits, at most `ms`, for the file `until`. */
  readonly hold?: { readonly ms: number; readonly path: string; readonly until: string };
}

/** One callback. */
export interface RecordedEvent {
  /** Since the start of the run. */
  readonly atUs: number;
  /** CALL_STATE of abi.ts. */
  readonly state: number;
  readonly otherThread: boolean;
  readonly hasResult: boolean;
  readonly hasText: boolean;
  readonly hasRows: boolean;
  /** Token ids by member; -1 where there was none. */
  readonly ids: readonly number[];
}

/** A member's part of RKLLMPerfStat, as the last FINISH had it. */
export interface RecordedFigures {
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
}

/** Everything that was seen of one run. */
export interface Recording {
  /** What rkllm_run returned. */
  readonly code: number;
  readonly events: readonly RecordedEvent[];
  /** Callbacks for tokens, those without text included. */
  readonly tokens: readonly RecordedEvent[];
  readonly finishes: number;
  /** Callbacks that came when rkllm_run had returned. */
  readonly late: number;
  /** Calls of the function that stands where the callback stood at init. */
  readonly decoys: number;
  /** rkllm_is_running during the run; null where no token came. */
  readonly runningDuring: number | null;
  /** Start and end of the abort's call and what it returned, microseconds; null where none was made. */
  readonly abort: { readonly atUs: number; readonly returnedUs: number; readonly code: number } | null;
  readonly returnedUs: number;
  /** The file that a held run waited for was there in time. */
  readonly released: boolean;
  /** What each member said. */
  readonly texts: readonly string[];
  readonly figures: readonly RecordedFigures[];
  /** null where no rows came. */
  readonly rows: RecordedRows | null;
}

/** The rows of a hidden-layer or logits run. */
export interface RecordedRows {
  readonly count: number;
  readonly width: number;
  /** Rows of nothing but zeros. */
  readonly zeroRows: number;
  /** Values that are infinite or no numbers. */
  readonly oddFloats: number;
  /** The last one; no more than its first 8192 values. */
  readonly last: Float32Array;
}

/** The native calls of a run. */
export interface RunCalls {
  readonly run: number;
  readonly abort: number;
  readonly isRunning: number;
}

/** Records runs; one per process. */
export class ProbeRecorder {
  /** Addresses of the LLMResultCallback and of the one that takes its place. */
  readonly callback: Pointer;
  readonly decoy: Pointer;
  private readonly native: ReturnType<typeof compile>["symbols"];
  private members = 1;

  /** @param source absolute path of probe.c. Throws AppError internal. */
  constructor(source: string) {
    this.native = compile(source).symbols;
    if (this.native.probe_init() !== 0) throw new AppError("internal", "The C library lacks a function that the probe needs");
    this.callback = this.native.probe_callback() as Pointer;
    this.decoy = this.native.probe_decoy() as Pointer;
  }

  /** Empties the recording for the next run. Files named in the plan have to be kept by the caller. */
  begin(members: number, plan: RunPlan): readonly NativeArgument[] {
    this.members = members;
    const { pauseAt = NEVER, abortAt = NEVER, abortInsideAt = NEVER, abortAfterUs = NEVER, freeRows = false, hold } = plan;
    this.native.probe_begin(members, pauseAt, abortAt, abortInsideAt, Math.round(abortAfterUs), freeRows ? 2 : 0);
    if (hold === undefined) return [];
    const [path, until] = [nativeString(hold.path), nativeString(hold.until)];
    this.native.probe_hold(hold.ms, path.address, until.address);
    return [path, until];
  }

  /** rkllm_run, with the other thread beside it. */
  run(calls: RunCalls, handle: Pointer, input: Pointer, infer: Pointer): void {
    this.native.probe_run(calls.run as Pointer, calls.abort as Pointer, calls.isRunning as Pointer, handle, input, infer);
  }

  /** What has been written down so far. */
  read(): Recording {
    const summary = new Float64Array(new ArrayBuffer(15 * 8));
    this.native.probe_summary(ptr(summary));
    const at = (index: number): number => summary[index] ?? 0;
    const events = Array.from({ length: at(1) }, (_, index) => this.event(index));
    return {
      code: at(0),
      events,
      tokens: events.filter(({ state }) => state === CALL_STATE.normal || state === CALL_STATE.waiting),
      finishes: events.filter(({ state }) => state === CALL_STATE.finish).length,
      late: at(1) - at(2),
      decoys: at(4),
      runningDuring: at(5) === NEVER ? null : at(5),
      abort: at(6) === NEVER ? null : { atUs: at(6), returnedUs: at(7), code: at(8) },
      returnedUs: at(9),
      released: at(10) !== 0,
      texts: Array.from({ length: this.members }, (_, member) => this.text(member)),
      figures: Array.from({ length: this.members }, (_, member) => this.figures(member)),
      rows: at(12) === 0 ? null : { count: at(11), width: at(12), zeroRows: at(13), oddFloats: at(14), last: this.row() },
    };
  }

  /** Asks the kernel to end this process with its parent; false when the parent is gone already. */
  dieWithParent(parentPid: number): boolean {
    return this.native.probe_die_with_parent(parentPid) === 0;
  }

  /** Writes out what the library has printed through C's streams. */
  flush(): void {
    this.native.probe_flush();
  }

  /** Size and offsets of the C side's RKLLMResult, for the test that compares them with the tables. */
  resultLayout(): number[] {
    const out = new Uint32Array(new ArrayBuffer(16 * 4));
    return [...out.subarray(0, this.native.probe_result_layout(ptr(out)))];
  }

  private event(index: number): RecordedEvent {
    const out = new Float64Array(new ArrayBuffer((3 + MEMBERS_MAX) * 8));
    this.native.probe_event(index, ptr(out));
    const [atUs = 0, state = 0, flags = 0, ...ids] = out;
    return {
      atUs,
      state,
      otherThread: (flags & FLAG.otherThread) !== 0,
      hasResult: (flags & FLAG.noResult) === 0,
      hasText: (flags & FLAG.noText) === 0,
      hasRows: (flags & (FLAG.hiddenRows | FLAG.logitsRows)) !== 0,
      ids: ids.slice(0, this.members),
    };
  }

  private text(member: number): string {
    const out = nativeBytes(TEXT_BYTES_MAX);
    return new TextDecoder().decode(out.subarray(0, this.native.probe_text(member, ptr(out))));
  }

  private figures(member: number): RecordedFigures {
    const out = new Float64Array(new ArrayBuffer(4 * 8));
    this.native.probe_figures(member, ptr(out));
    const [prefillTokens = 0, decodeTokens = 0, prefillMs = 0, decodeMs = 0] = out;
    return { prefillTokens, decodeTokens, prefillMs, decodeMs };
  }

  private row(): Float32Array {
    const out = new Float32Array(new ArrayBuffer(ROW_FLOATS_MAX * 4));
    return out.slice(0, this.native.probe_row(ptr(out)));
  }
}

function compile(source: string) {
  return cc({ source, flags: ["-nostdlib"], symbols: SYMBOLS });
}
