/** The runtime port: what the engine asks of an open model, whatever library is behind it. */
import type { GenerationInput, ReasoningChoice, Sampling } from "./generation.ts";

/** What the library behind a slot can do. */
export interface RuntimeCapabilities {
  /** Version read from the library, e.g. "1.3.0". */
  readonly version: string;
  /** Sampling and token limit may differ from run to run (1.3.0); otherwise they are fixed when the model opens. */
  readonly perRunSampling: boolean;
  /** Context length the slot was opened with, tokens. */
  readonly contextTokens: number;
}

/** A prompt that was rendered and tokenized; its ids stay on the host's side. */
export interface PreparedPrompt {
  /** Names the prompt towards the slot that prepared it. */
  readonly promptId: number;
  readonly promptTokens: number;
}

/** One pass through the model. */
export interface Run {
  readonly promptId: number;
  /** At least 1, and prompt + tokensMax fits the context. */
  readonly tokensMax: number;
  readonly sampling: Sampling;
}

/** The runtime's own account of a run (RKLLMPerfStat). */
export interface RunStats {
  readonly prefillTokens: number;
  readonly prefillMs: number;
  readonly decodeTokens: number;
  readonly decodeMs: number;
  readonly memoryMb: number;
}

/** What a run yields: text as it comes, then exactly one `end`. */
export type TokenEvent =
  | { readonly kind: "text"; readonly text: string; readonly tokens: number }
  /** `length`: the token limit ended it; `aborted`: the signal did. */
  | { readonly kind: "end"; readonly reason: "stop" | "length" | "aborted"; readonly stats: RunStats };

/** Room the closed runtime keeps for itself at the end of the context (seen: 1,024 configured, 1,020 usable). */
export const CONTEXT_RESERVE_TOKENS = 4;

/** An open model with one KV cache. At most one run at a time; prompts may be prepared while a run is going on. */
export interface RuntimeSlot {
  readonly capabilities: RuntimeCapabilities;
  /** Renders and tokenizes. Throws AppError invalid_request for what a template refuses, engine_lost if the host dies. */
  prepare(input: GenerationInput, reasoning: ReasoningChoice): Promise<PreparedPrompt>;
  /** Gives up a prepared prompt that will not be run. */
  discard(promptId: number): void;
  /**
   * Runs a prepared prompt; the prompt is used up. When the signal fires the run is aborted, and `end` comes once the runtime has really stopped.
   * The iteration throws AppError runtime_error or engine_lost. A caller that leaves the iteration early aborts the run too.
   */
  run(run: Run, signal: AbortSignal): AsyncIterable<TokenEvent>;
  /** Closes the model and gives its memory back. Safe to call twice. */
  close(): Promise<void>;
}
