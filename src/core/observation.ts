/**
 * What the engine tells of its work while it does it, for metrics, traces and the status page. Whoever listens must be quick: nothing here
 * waits, throws, or sees a prompt's text.
 */
import type { AppError } from "./errors.ts";
import type { FinishReason, Timings, Usage } from "./generation.ts";
import type { ModelDescriptor } from "./model.ts";

/** What was asked for. */
export type WorkKind = "answer" | "embedding" | "ranking" | "warming";

/** How an answer ended that came to its end. */
export interface FinishedAnswer {
  readonly reason: FinishReason;
  readonly usage: Usage;
  readonly timings: Timings;
}

/** Told of one piece of work, in this order; `failed` may come at any time. After its end it hears no more. */
export interface WorkObserver {
  /** The name stands for this model, which is loaded as `baseId` (without its adapter). Said anew where it has turned out to stand for another. */
  resolved(model: ModelDescriptor, baseId: string): void;
  /** It is loaded. */
  loaded(): void;
  /** The prompt is tokenized; of several, their sum. @param position see Turn.position */
  prepared(promptTokens: number, position: number): void;
  /** It has its turn. */
  granted(): void;
  /** So many tokens more have come. Called for every token. */
  tokens(count: number): void;
  /** The answer is complete. */
  finished(answer: FinishedAnswer): void;
  /** Work that is no answer is done. */
  done(): void;
  /** Harmless after the end. */
  failed(error: AppError): void;
}

/** Why a host ended that was still wanted: it crashed or hung, or its memory had grown. */
export type HostEnd = "lost" | "grown";

/** Told of all work. */
export interface Observer {
  /** @param requestId the request's id, as in the log; one request may ask for several answers */
  begin(kind: WorkKind, requestId: string): WorkObserver;
  /** So many prompts of a model have their turn together. */
  batch(model: string, size: number): void;
  /** A model was opened, or could not be. */
  opened(model: string, ms: number, error: AppError | null): void;
  /** The host of a model has to be opened anew. */
  hostEnded(model: string, why: HostEnd): void;
}

const UNOBSERVED_WORK: WorkObserver = {
  resolved() {},
  loaded() {},
  prepared() {},
  granted() {},
  tokens() {},
  finished() {},
  done() {},
  failed() {},
};

/** Nobody listens. */
export const UNOBSERVED: Observer = {
  begin: () => UNOBSERVED_WORK,
  batch() {},
  opened() {},
  hostEnded() {},
};
