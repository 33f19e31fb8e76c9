/** The engine as the dialects see it. */
import type { GenerationEvent, GenerationRequest, SamplingOptions } from "../core/generation.ts";
import type { ModelDescriptor } from "../core/model.ts";

/** An admitted request: everything that could be refused at once has been checked. */
export interface Generation {
  readonly model: ModelDescriptor;
  readonly promptTokens: number;
  /** Requests ahead of this one when it was admitted; 0 runs at once. */
  readonly queuePosition: number;
  /** Sampling options of the request that the runtime cannot change per run (1.2): it runs with the values it was loaded with. */
  readonly samplingIgnored: readonly (keyof SamplingOptions)[];
  /** May be iterated once. Leaving the iteration, or the request's signal, frees the slot. Throws AppError. */
  readonly events: AsyncIterable<GenerationEvent>;
}

/** One loaded model, for health and status. */
export interface ModelStatus {
  readonly id: string;
  readonly contextTokens: number;
  readonly runtimeVersion: string;
  readonly running: boolean;
  readonly queued: number;
}

/** What the server can say about itself. */
export interface EngineStatus {
  readonly uptimeS: number;
  readonly models: readonly ModelStatus[];
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
  /** Every model of the catalog, the default one first. The list follows the file system. */
  models(): Promise<readonly ModelDescriptor[]>;
  /** The model a name stands for; "" is the default one. Throws AppError model_not_found. */
  model(name: string): Promise<ModelDescriptor>;
  status(): EngineStatus;
  /** Refuses what comes, ends what runs, closes the models. */
  close(): Promise<void>;
}
