/** The engine as the dialects see it. */
import type { GenerationEvent, GenerationRequest, Sampling, SamplingOptions } from "../core/generation.ts";
import type { ModelDescriptor } from "../core/model.ts";
import type { KeptPrompt, PromptCacheStatus } from "../core/prompt-cache.ts";
import type { Inspected, Inspection } from "../core/runtime.ts";
import type { EmbeddingRequest, Embeddings } from "./embed.ts";
import type { ModelFacts } from "./model-facts.ts";
import type { ModelMetadata } from "./model-metadata.ts";
import type { Ranking, RerankRequest } from "./rerank.ts";

/** An admitted request: everything that could be refused at once has been checked. */
export interface Generation {
  readonly model: ModelDescriptor;
  readonly promptTokens: number;
  /** Requests ahead of this one when it was admitted; 0 runs at once. */
  readonly queuePosition: number;
  /** How long it was likely to wait when it was admitted, by what others took lately, ms; null where nothing is known. */
  readonly queueWaitMs: number | null;
  /** Sampling options of the request that the runtime cannot change per run (1.2): it runs with the values it was loaded with. */
  readonly samplingIgnored: readonly (keyof SamplingOptions)[];
  /**
   * Gives what has come of the answer by now, and then what comes when it comes, in order; `finish` is last. Resolves behind it. May be called once;
   * the answer goes on whether or not it has been, until the request's signal fires. Throws AppError, and what the reader throws, which ends the answer.
   */
  read(reader: AnswerReader): Promise<void>;
}

/** Gets an answer as it is made. What it cannot use at once it has to keep: nothing waits for it. */
export type AnswerReader = (events: readonly GenerationEvent[]) => void;

/** A text and its tokens, by the vocabulary of a model. */
export interface InspectionAnswer extends Inspected {
  readonly model: ModelDescriptor;
  /** Length of the context that the model is open with. */
  readonly contextTokens: number;
}

/** How a text is to be tokenized. */
export type TokenizeOptions = Omit<Extract<Inspection, { kind: "text" }>, "kind" | "text">;

/** One loaded model, for health and status. */
export interface ModelStatus {
  /** The name it was last asked for by, which may be that of the model with an adapter. */
  readonly id: string;
  /** The model that is loaded, without adapters. */
  readonly baseId: string;
  /** Size of the weights' file. */
  readonly bytes: number;
  /** Memory that the model's engine host takes; null where it cannot be told. */
  readonly memoryBytes: number | null;
  /** Copies of it that are open side by side, and prompts that each runs together. */
  readonly slots: number;
  readonly lanes: number;
  /** CPU threads that each was given. */
  readonly threads: number;
  readonly contextTokens: number;
  readonly runtimeVersion: string;
  readonly running: boolean;
  readonly queued: number;
  /** Its queue takes nothing more. */
  readonly full: boolean;
  /** It stays loaded whatever else is asked for. */
  readonly pinned: boolean;
  /** When it is unloaded if nobody asks for it before, ms since the epoch; null: not before its place is needed. */
  readonly expiresAtMs: number | null;
  readonly loadedAtMs: number;
}

/** A model that is being loaded. */
export interface LoadingModel {
  /** As in ModelStatus. */
  readonly id: string;
  /** What it is thought to take. */
  readonly memoryBytes: number;
  /** As in ModelStatus, if it were loaded and out of use now. */
  readonly expiresAtMs: number | null;
}

/** How a model is to stay loaded. */
export interface LoadOptions {
  /** As in GenerationRequest. */
  readonly keepAliveMs?: number;
  /** Absent: as it was. */
  readonly pinned?: boolean;
}

/** What the server can say about itself. */
export interface EngineStatus {
  readonly uptimeS: number;
  /** It takes nothing on any more. */
  readonly draining: boolean;
  readonly models: readonly ModelStatus[];
  readonly loading: readonly LoadingModel[];
}

/** A prompt that has been kept. */
export interface WarmPrompt extends KeptPrompt {
  readonly model: ModelDescriptor;
}

/** Everything a dialect can ask for. */
export interface Engine {
  /**
   * Resolves when the model is loaded, the prompt rendered, tokenized and known to fit, and a place in the queue taken.
   * Throws AppError model_not_found, model_not_runnable, context_length_exceeded, queue_full, model_load_failed, …
   */
  generate(request: GenerationRequest, signal: AbortSignal): Promise<Generation>;
  /**
   * Tokens of the request's prompt. Loads the model, but waits for no answer that is being made. Throws AppError model_not_found,
   * model_not_runnable, model_load_failed, …
   */
  countTokens(request: GenerationRequest, signal: AbortSignal): Promise<number>;
  /**
   * The vectors of some texts, computed in one turn. Throws AppError as `generate` does, with the name of the input at fault, and
   * unsupported_parameter for `dimensions`.
   */
  embed(request: EmbeddingRequest, signal: AbortSignal): Promise<Embeddings>;
  /** The scores of documents against a query, computed in one turn. Throws AppError as `embed` does. */
  rerank(request: RerankRequest, signal: AbortSignal): Promise<Ranking>;
  /** Like the two below loads the model, but waits for no answer that is being made. Throws AppError invalid_request, model_not_found, … */
  tokenize(model: string, text: string, options: TokenizeOptions, signal: AbortSignal): Promise<InspectionAnswer>;
  detokenize(model: string, ids: readonly number[], signal: AbortSignal): Promise<InspectionAnswer>;
  /** The prompt that a request would run with; its `ids` are null for a model without a tokenizer. */
  applyTemplate(request: GenerationRequest, options: { readonly pieces: boolean }, signal: AbortSignal): Promise<InspectionAnswer>;
  /** Every model of the catalog, the default one first. The list follows the file system. */
  models(): Promise<readonly ModelDescriptor[]>;
  /**
   * The model a name stands for; "" is the default one. Throws AppError model_not_found.
   * @param sinceMs as GenerationRequest.arrivedMs
   */
  model(name: string, sinceMs?: number): Promise<ModelDescriptor>;
  /** A request for an answer has come, and is being read: the models folders can be looked at meanwhile. */
  expect(): void;
  /** What a model can do; read without loading it, and remembered. Throws AppError model_file_invalid. */
  facts(model: ModelDescriptor): Promise<ModelFacts>;
  /** What its file says of itself, long arrays only where all is wanted, and what it runs with where a request is silent. Throws AppError model_file_invalid. */
  metadata(model: ModelDescriptor, verbose: boolean): Promise<ModelMetadata & { readonly sampling: Sampling }>;
  /**
   * Loads a model without running it, or changes how a loaded one stays. Throws AppError model_not_found, model_not_runnable,
   * model_load_failed, out_of_memory, …
   */
  load(model: string, options: LoadOptions, signal: AbortSignal): Promise<ModelStatus>;
  /**
   * Unloads a model, pinned or not, and those that share its weights with it. What runs and what waits for it ends first; who asks for it
   * later has it loaded anew. Resolves when its memory is free; false: it was not loaded. Throws AppError model_not_found.
   */
  unload(model: string): Promise<boolean>;
  status(): EngineStatus;
  /** What is kept of prompts on disk. */
  promptCache(): PromptCacheStatus;
  /** Deletes it, or that of one model, which may be gone. @returns how many files. Throws AppError model_not_found. */
  clearPromptCache(model?: string): Promise<number>;
  /**
   * Computes a prompt and keeps it on disk, so that requests that begin as it does need not compute that. Throws AppError as `generate`
   * does, unsupported_parameter where the model's prompts are not kept, and storage_full.
   */
  warm(request: GenerationRequest, signal: AbortSignal): Promise<WarmPrompt>;
  /** Refuses what comes from now on; what was taken on goes on. */
  drain(): void;
  /** Refuses what comes, ends what runs, closes the models. */
  close(): Promise<void>;
}
