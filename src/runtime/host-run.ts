/**
 * One run as the host's main thread sees it, alone or as a member of a batch: it takes what the callback wrote, joins the bytes to text,
 * counts tokens, keeps the token limit where the library does not, and says in the end why the run ended. The library itself never says
 * why. A run for a vector has no tokens: what the library says before it has the vector is nothing.
 */
import { createUtf8Assembly } from "../chat/utf8-assembly.ts";
import { AppError, type ErrorRecord } from "../core/errors.ts";
import type { RunStats } from "../core/runtime.ts";
import { CALL_STATE } from "./native/abi.ts";
import type { RingRecord } from "./native/ring.ts";

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
  readonly wants: "text" | "vector";
  readonly tokensMax: number;
  /** Prompt tokens that the KV cache seems not to hold. */
  readonly newPromptTokens: number;
  /** Its text goes down the token line: it is counted here, not collected. */
  readonly told?: boolean;
  /** Whether the library stops at `tokensMax` by itself; otherwise the run has enough there. */
  readonly limitKeptByRuntime: boolean;
}

/** Accumulates one run. */
export class HostRun {
  readonly promptId: number;
  private readonly options: HostRunOptions;
  private readonly assembly = createUtf8Assembly();
  private readonly startedMs = performance.now();
  private text = "";
  private tokens = 0;
  private tokensTotal = 0;
  private firstTokenMs: number | null = null;
  private lastTokenMs = 0;
  private enoughFor: "limit" | "request" | "end" | null = null;
  private errorText: string | null = null;
  private stats: RunStats | null = null;
  private row: Float32Array | null = null;

  constructor(options: HostRunOptions) {
    this.options = options;
    this.promptId = options.promptId;
  }

  /** Nothing more is wanted of the library for it. */
  get enough(): boolean {
    return this.enoughFor !== null;
  }

  /** Tokens that have gone, or are going, down the token line. */
  get toldTokens(): number {
    return this.options.told === true ? this.tokensTotal : 0;
  }

  get wantsText(): boolean {
    return this.options.wants === "text";
  }

  /** Takes one record of this run. */
  accept(record: RingRecord): void {
    if (record.vector.length > 0) this.acceptRow(record.vector);
    switch (record.state) {
      case CALL_STATE.normal:
      case CALL_STATE.waiting:
        if (this.wantsText) this.acceptToken(record);
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
    this.enoughFor = "request";
  }

  /** In a batch the library says that this one has ended; others may go on. */
  noteEnd(): void {
    this.enoughFor ??= "end";
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

  /**
   * Closes the run: rkllm_run returned, or this one has enough while others of its batch go on. `takeText` may have a last piece afterwards.
   * @param code what rkllm_run returned; null while it goes on
   */
  finish(code: number | null): RunOutcome {
    this.text += this.assembly.end();
    const failed = this.errorText !== null || (code !== null && code !== 0 && !this.enough);
    if (this.enoughFor !== "request" && failed) {
      const said = this.errorText === null || this.errorText === "" ? "" : `: ${this.errorText}`;
      return this.fail(
        new AppError(
          "runtime_error",
          `The runtime failed during the run (rkllm_run ${code === null ? "goes on" : `returned ${code}`})${said}`,
        ),
      );
    }
    const stats = this.stats ?? this.ownStats();
    if (this.enoughFor === "request") return { kind: "ended", reason: "aborted", stats };
    if (!this.wantsText && this.vector === null) return this.fail(new AppError("runtime_error", faultOfRow(this.row)));
    return { kind: "ended", reason: this.tokensTotal >= this.options.tokensMax ? "length" : "stop", stats };
  }

  /** Closes a run that went wrong. */
  fail(error: AppError): RunOutcome {
    return { kind: "failed", error: error.toRecord() };
  }

  /**
   * The library's figures come with FINISH, which is late for one of a batch that ended before the others, and sometimes does not come at
   * all: what was seen stands in.
   */
  private ownStats(): RunStats {
    const { firstTokenMs, startedMs, lastTokenMs, tokensTotal } = this;
    if (firstTokenMs === null) return { prefillTokens: 0, prefillMs: 0, decodeTokens: 0, decodeMs: 0, memoryMb: 0 };
    return {
      prefillTokens: this.options.newPromptTokens,
      prefillMs: firstTokenMs - startedMs,
      decodeTokens: tokensTotal,
      decodeMs: lastTokenMs - firstTokenMs,
      memoryMb: 0,
    };
  }

  /** In logits mode a library that keeps no limit of its own would go on with the answer. */
  private acceptRow(row: Float32Array): void {
    this.row ??= row.slice();
    if (!this.options.limitKeptByRuntime) this.enoughFor ??= "limit";
  }

  /** A waiting token ended inside a character: its bytes come joined with a later one, but it is a token all the same. */
  private acceptToken(record: RingRecord): void {
    if (this.tokensTotal >= this.options.tokensMax) return; // Late ones, after the limit was reached and the abort asked for.
    this.lastTokenMs = performance.now();
    this.firstTokenMs ??= this.lastTokenMs;
    this.tokensTotal++;
    if (this.options.told !== true) {
      if (record.text.length > 0) this.text += this.assembly.push(record.text);
      this.tokens++;
    }
    if (this.tokensTotal === this.options.tokensMax && !this.options.limitKeptByRuntime) this.enoughFor ??= "limit";
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

/** null where the library has put nothing in. */
function statsOf(record: RingRecord): RunStats | null {
  if (record.prefillTokens + record.prefillMs + record.decodeTokens + record.decodeMs === 0) return null;
  return {
    prefillTokens: record.prefillTokens,
    prefillMs: record.prefillMs,
    decodeTokens: record.decodeTokens,
    decodeMs: record.decodeMs,
    memoryMb: record.memoryMb,
  };
}
