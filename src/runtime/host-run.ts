/**
 * One run as the host's main thread sees it: it takes what the callback wrote, joins the bytes to text, counts tokens, keeps the
 * token limit where the library does not, and says in the end why the run ended. The library itself never says why. A run for a
 * vector has no tokens: what the library says before it has the vector is nothing.
 */
import { createUtf8Assembly } from "../chat/utf8-assembly.ts";
import { AppError, type ErrorRecord } from "../core/errors.ts";
import type { RunStats } from "../core/runtime.ts";
import { CALL_STATE } from "./native/abi.ts";
import type { RingRecord } from "./native/ring.ts";

const ABORT_REPEAT_MS = 50;

/** How a run ended. */
export type RunOutcome =
  | { readonly kind: "ended"; readonly reason: "stop" | "length" | "aborted"; readonly stats: RunStats }
  | { readonly kind: "failed"; readonly error: ErrorRecord };

/** Text and token count since the last time it was taken. */
export interface TextBatch {
  readonly text: string;
  readonly tokens: number;
}

/** What a run is started with. */
export interface HostRunOptions {
  readonly promptId: number;
  /** The number that comes back in the ring's records. */
  readonly run: number;
  readonly wants: "text" | "vector";
  readonly tokensMax: number;
  /** Whether the library stops at `tokensMax` by itself (1.3); otherwise the run is aborted there. */
  readonly limitKeptByRuntime: boolean;
  /** Asks the library to stop; it may take effect much later, or never. */
  readonly abort: () => void;
}

/** Accumulates one run. */
export class HostRun {
  readonly promptId: number;
  readonly run: number;
  private readonly options: HostRunOptions;
  private readonly assembly = createUtf8Assembly();
  private text = "";
  private tokens = 0;
  private tokensTotal = 0;
  private abortedFor: "limit" | "request" | null = null;
  private errorText: string | null = null;
  private stats: RunStats | null = null;
  private row: Float32Array | null = null;
  private aborting: Timer | undefined;

  constructor(options: HostRunOptions) {
    this.options = options;
    this.promptId = options.promptId;
    this.run = options.run;
  }

  /** Takes one record of this run. */
  accept(record: RingRecord): void {
    if (record.vector.length > 0) this.acceptRow(record.vector);
    switch (record.state) {
      case CALL_STATE.normal:
      case CALL_STATE.waiting:
        if (this.options.wants === "text") this.acceptToken(record);
        return;
      case CALL_STATE.finish:
        this.stats = statsOf(record);
        return;
      default:
        this.errorText = new TextDecoder().decode(record.text);
    }
  }

  /** The client has gone, or has enough. */
  requestAbort(): void {
    if (this.abortedFor === null) this.startAborting("request");
    this.abortedFor = "request";
  }

  /** The vector that came; null when none did, or none of any use. */
  get vector(): Float32Array | null {
    return this.row === null || !isDirection(this.row) ? null : this.row;
  }

  /** What has come since the last call; null when nothing has. */
  takeText(): TextBatch | null {
    if (this.tokens === 0 && this.text === "") return null;
    const batch = { text: this.text, tokens: this.tokens };
    this.text = "";
    this.tokens = 0;
    return batch;
  }

  /** Closes the run after rkllm_run returned. `takeText` may have a last piece afterwards. */
  finish(code: number): RunOutcome {
    clearInterval(this.aborting);
    this.text += this.assembly.end();
    if (this.abortedFor !== "request" && (this.errorText !== null || (code !== 0 && this.abortedFor === null))) {
      const said = this.errorText === null || this.errorText === "" ? "" : `: ${this.errorText}`;
      return this.fail(new AppError("runtime_error", `The runtime failed during the run (rkllm_run returned ${code})${said}`));
    }
    // A missing FINISH is tolerated: the run is over, only its figures are unknown.
    const stats = this.stats ?? { prefillTokens: 0, prefillMs: 0, decodeTokens: this.tokensTotal, decodeMs: 0, memoryMb: 0 };
    if (this.abortedFor === "request") return { kind: "ended", reason: "aborted", stats };
    if (this.options.wants === "vector" && this.vector === null) return this.fail(new AppError("runtime_error", faultOfRow(this.row)));
    return { kind: "ended", reason: this.tokensTotal >= this.options.tokensMax ? "length" : "stop", stats };
  }

  /** Closes a run that went wrong. */
  fail(error: AppError): RunOutcome {
    clearInterval(this.aborting);
    return { kind: "failed", error: error.toRecord() };
  }

  /**
   * An abort that reaches the library before rkllm_run has begun, or while it does not listen, is forgotten: it is asked for again
   * until the run has returned.
   */
  private startAborting(reason: "limit" | "request"): void {
    this.abortedFor = reason;
    this.options.abort();
    this.aborting = setInterval(this.options.abort, ABORT_REPEAT_MS);
  }

  /** In logits mode a library that keeps no limit of its own would go on with the answer. */
  private acceptRow(row: Float32Array): void {
    this.row ??= row.slice();
    if (!this.options.limitKeptByRuntime && this.abortedFor === null) this.startAborting("limit");
  }

  /** A waiting token ended inside a character: its bytes come joined with a later one, but it is a token all the same. */
  private acceptToken(record: RingRecord): void {
    if (this.tokensTotal >= this.options.tokensMax) return; // Late ones, after the limit was reached and the abort asked for.
    if (record.text.length > 0) this.text += this.assembly.push(record.text);
    this.tokens++;
    this.tokensTotal++;
    if (this.tokensTotal === this.options.tokensMax && !this.options.limitKeptByRuntime && this.abortedFor === null) {
      this.startAborting("limit");
    }
  }
}

/** Zeros are what the library gives for a prompt that its KV cache held already. */
function isDirection(row: Float32Array): boolean {
  return row.every(Number.isFinite) && row.some((value) => value !== 0);
}

function faultOfRow(row: Float32Array | null): string {
  const what = row === null ? "gave no vector, or one of a size that makes no sense" : "gave a vector of zeros, or of what are no numbers";
  return `The runtime ${what}: the model cannot be used for this`;
}

function statsOf(record: RingRecord): RunStats {
  return {
    prefillTokens: record.prefillTokens,
    prefillMs: record.prefillMs,
    decodeTokens: record.decodeTokens,
    decodeMs: record.decodeMs,
    memoryMb: record.memoryMb,
  };
}
