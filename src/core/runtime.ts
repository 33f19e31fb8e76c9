/** The runtime port: what the engine asks of an open model, whatever library is behind it. */
import type { AppError } from "./errors.ts";
import type { GenerationInput, ReasoningChoice, Sampling } from "./generation.ts";
import type { Adapter } from "./model.ts";
import type { KeepRefusal, KeptPrompt, Refused } from "./prompt-cache.ts";

/** What the library behind a slot can do. */
export interface RuntimeCapabilities {
  /** Version read from the library, e.g. "1.3.0". */
  readonly version: string;
  /** Sampling and token limit may differ from run to run (1.3.0); otherwise they are fixed when the model opens. */
  readonly perRunSampling: boolean;
  /** Context length the slot was opened with, tokens; each lane has one of its own. */
  readonly contextTokens: number;
  /** What of it no prompt may use, where that is known; CONTEXT_RESERVE_TOKENS otherwise. */
  readonly contextReserveTokens?: number;
  /** Prompts that may run together, each in a KV cache of its own (n_batch). */
  readonly lanes: number;
  /** CPU threads the library was given. */
  readonly threads: number;
}

/** The ways in which model families write a call; chat/tool-syntax/ has one reader for each. */
export type ToolSyntax =
  | "hermes"
  | "qwen-xml"
  | "llama"
  | "mistral"
  | "mistral-args"
  | "deepseek"
  | "gemma"
  | "function-gemma"
  | "gemma-4"
  | "functionary"
  | "function-tag";

/** How the answers to a prompt are to be read; chat/output-format.ts finds it. */
export interface OutputFormat {
  /** The tags around a thought. `begun`: the prompt ends inside one, so that the answer begins with it. null: the model marks none. */
  readonly reasoning: { readonly open: string; readonly close: string; readonly begun: boolean } | null;
  readonly toolSyntax: ToolSyntax;
}

/** What an answer is made to begin with: it stands behind the rendered prompt, and the model goes on from there. */
export type AnswerOpening =
  /** Never control text. */
  | { readonly kind: "text"; readonly text: string }
  /** The beginning of a call in the model's own syntax, of one function or of any. */
  | { readonly kind: "tool_call"; readonly name?: string }
  /** A whole thought as the model has written it, without what ends it: the answer is to follow. */
  | { readonly kind: "thought"; readonly text: string };

/** What a prompt is made of. */
export interface PromptRequest {
  readonly input: GenerationInput;
  readonly reasoning: ReasoningChoice;
  readonly opening?: AnswerOpening;
  /** The text is to be embedded: the token that ends a text goes behind it, for models that were trained so. Not behind token ids. */
  readonly endOfText?: true;
  /**
   * The prompt is to be answered. What went through the model before, and stands in it as text, keeps the tokens it had then, for those the KV
   * cache may hold, unless the prompt has more than so many tokens with them. Absent: the tokenizer's ids, which depend on nothing else.
   */
  readonly continuedTokensMax?: number;
}

/** A prompt that was rendered and tokenized; its ids stay on the host's side. */
export interface PreparedPrompt {
  /** Names the prompt towards the slot that prepared it. */
  readonly promptId: number;
  readonly promptTokens: number;
  /** Only the library can count them: `promptTokens` is an upper estimate. */
  readonly estimated?: true;
  readonly format: OutputFormat;
  /** The text that the answer was made to begin with, as it would stand in an answer; "" for none. */
  readonly opening: string;
  /** Hashes of its beginnings (HashedSequence); empty where prompts are not kept on disk. */
  readonly prefixes: readonly string[];
}

/** One pass of a prompt through the model. */
export interface Run {
  readonly promptId: number;
  /** At least 1, and prompt + tokensMax fits the context. */
  readonly tokensMax: number;
}

/** What the runs of a batch have in common: the library takes it once for all of them. */
export interface BatchTerms {
  readonly sampling: Sampling;
  /** Absent: the model as it is. It is loaded when a run first asks for it, and stays loaded as long as the model does. */
  readonly adapter?: Adapter;
}

/**
 * Gets what a run brings, as it comes: a call from the socket that a token comes out of, straight through to the client's, since whatever a token has
 * to wait in costs more than all that is done with it. Neither may throw.
 */
export interface TokenReader {
  /** Text, then exactly one `end`, which is the last call. */
  take(event: TokenEvent): void;
  /** The last call in place of the `end`: AppError cancelled, model_load_failed for an adapter, runtime_error or engine_lost. */
  fail(error: AppError): void;
}

/** A run, who reads it, and the way to end it before the others of its batch. */
export interface BatchMember extends Run {
  /** When it fires the run gets its `end` at once where others go on, else once the runtime has stopped, or soon after it should have. */
  readonly signal: AbortSignal;
  readonly reader: TokenReader;
}

/** Runs that go through the model together: at least one, at most as many as there are lanes. */
export interface Batch extends BatchTerms {
  readonly members: readonly BatchMember[];
}

/** One pass that makes a vector in place of text. */
export interface EmbeddingRun extends Pick<BatchTerms, "adapter"> {
  readonly promptId: number;
  /** The vector is that of the logits which these two tokens have behind the prompt; absent: an embedding of the prompt. */
  readonly logitsOf?: readonly [number, number];
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

/** Tokens that stay free behind a prompt and its answer: what an answer may fill was not asked, so never fewer than was seen. */
export function answerReserveTokens(contextReserveTokens: number = CONTEXT_RESERVE_TOKENS): number {
  return Math.max(CONTEXT_RESERVE_TOKENS, contextReserveTokens);
}

/** What can be asked of a model's vocabulary and template; `pieces`: whether each token's text is wanted. */
export type Inspection = { readonly pieces: boolean } & InspectedThing;

type InspectedThing =
  | {
      readonly kind: "text";
      readonly text: string;
      /** The tokens that the model wants around a text: BOS in front, an end behind. */
      readonly addSpecial: boolean;
      /** Control tokens that the text spells become such tokens. */
      readonly parseSpecial: boolean;
    }
  | { readonly kind: "ids"; readonly ids: readonly number[] }
  | { readonly kind: "prompt"; readonly prompt: PromptRequest };

/**
 * Longest text that is tokenized only to be looked at. It may be longer than the context, but the host must not be kept from its pings,
 * nor from the answer that it is making: four times this length, of the worst kind, took four seconds on a desktop.
 */
export const INSPECTED_BYTES_MAX = 1 << 18;

/** A text and its tokens. */
export interface Inspected {
  readonly text: string;
  /** null for a prompt whose model came without a tokenizer: its library makes the ids. */
  readonly ids: readonly number[] | null;
  /** Empty unless asked for. What each token stands for: a text, or bytes where these are no whole characters. */
  readonly pieces: readonly (string | readonly number[])[];
}

/** Memory that a slot takes now. */
export interface SlotMemory {
  readonly residentBytes: number;
  /** The part of it that belongs to files on disk, which the system can take back. */
  readonly fileBytes: number;
}

/** An open model. At most one batch at a time; prompts may be prepared while it is going on. */
export interface RuntimeSlot {
  readonly capabilities: RuntimeCapabilities;
  /** Renders and tokenizes. Throws AppError invalid_request for what a template refuses, engine_lost if the host dies. */
  prepare(prompt: PromptRequest): Promise<PreparedPrompt>;
  /** Gives up a prepared prompt that will not be run. */
  discard(promptId: number): void;
  /**
   * Runs prepared prompts together; they are used up. Resolves when the library has returned, or is gone: only then may another batch begin.
   * Never rejects: what goes wrong is told to the readers.
   */
  run(batch: Batch): Promise<void>;
  /**
   * Makes one vector of a prepared prompt, not normalised; the prompt is used up. It counts as a batch: one at a time, and what ends a run
   * ends this. Throws AppError runtime_error or engine_lost, and what the signal was fired with once the runtime has really stopped.
   */
  embed(run: EmbeddingRun, signal: AbortSignal): Promise<Float32Array>;
  /** Why a prompt of so many tokens can never be kept; null: it may be. Without tokens: any prompt. */
  keepRefusal(promptTokens?: number): KeepRefusal | null;
  /**
   * Writes to disk what the last run left in the KV cache, so that it need not be computed again, and keeps it longer than others.
   * It counts as a batch. Throws AppError engine_lost.
   */
  keep(): Promise<KeptPrompt | Refused>;
  /** Answers while a run is going on. Throws AppError invalid_request for what the vocabulary or the template refuses. */
  inspect(question: Inspection): Promise<Inspected>;
  /** null where nobody can tell: the model shares its process with others. */
  memory(): SlotMemory | null;
  /** Closes the model and gives its memory back. Safe to call twice. */
  close(): Promise<void>;
}
