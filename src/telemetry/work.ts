/** One piece of work of the engine, with the times of its stages: what metrics, traces and the status page are made from. */
import type { AppError } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";
import type { FinishedAnswer, WorkKind, WorkObserver } from "../core/observation.ts";
import type { Throughput } from "./throughput.ts";

/** Who is told of it. */
export interface WorkListeners {
  readonly throughput: Throughput;
  onResolved(work: Work): void;
  /** Called once. */
  onEnd(work: Work): void;
}

/** Times are performance.now() readings, ms; null until it came to that. */
export class Work implements WorkObserver {
  readonly kind: WorkKind;
  readonly requestId: string;
  readonly arrivedMs = performance.now();
  /** The model's id, with that of its adapter where it has one. */
  model: string | null = null;
  /** The model that is loaded for it, without an adapter. */
  baseModel: string | null = null;
  adapter: string | null = null;
  loadedMs: number | null = null;
  preparedMs: number | null = null;
  grantedMs: number | null = null;
  firstTokenMs: number | null = null;
  lastTokenMs = 0;
  endedMs: number | null = null;
  promptTokens = 0;
  /** Requests ahead when its place in the queue was taken. */
  position: number | null = null;
  /** Tokens that have come. */
  generatedTokens = 0;
  /** Those of them that came with the first. */
  firstTokens = 0;
  answer: FinishedAnswer | null = null;
  error: AppError | null = null;
  private readonly listeners: WorkListeners;

  constructor(kind: WorkKind, requestId: string, listeners: WorkListeners) {
    this.kind = kind;
    this.requestId = requestId;
    this.listeners = listeners;
  }

  resolved(model: ModelDescriptor, baseId: string): void {
    this.model = model.id;
    this.baseModel = baseId;
    this.adapter = model.adapted === undefined ? null : model.id;
    this.listeners.onResolved(this);
  }

  loaded(): void {
    this.loadedMs = performance.now();
  }

  prepared(promptTokens: number, position: number): void {
    this.preparedMs = performance.now();
    this.promptTokens = promptTokens;
    this.position = position;
  }

  granted(): void {
    this.grantedMs = performance.now();
  }

  /** The hot path: one reading of the clock and some additions for each token. */
  tokens(count: number): void {
    const nowMs = performance.now();
    const { throughput } = this.listeners;
    if (this.firstTokenMs === null) {
      this.firstTokenMs = nowMs;
      this.firstTokens = count;
      throughput.firstToken(nowMs, nowMs - this.arrivedMs);
    }
    this.lastTokenMs = nowMs;
    this.generatedTokens += count;
    throughput.tokens(nowMs, count);
  }

  finished(answer: FinishedAnswer): void {
    this.answer = answer;
    this.end();
  }

  done(): void {
    this.end();
  }

  failed(error: AppError): void {
    if (this.endedMs !== null) return;
    this.error = error;
    this.end();
  }

  private end(): void {
    if (this.endedMs !== null) return;
    this.endedMs = performance.now();
    this.listeners.onEnd(this);
  }
}

/** How it ended: an answer's finish reason, an error's code, or `done`. */
export function outcomeOf({ answer, error }: Pick<Work, "answer" | "error">): string {
  return error?.code ?? answer?.reason ?? "done";
}

/** Mean time between the tokens of an answer, ms; null where there are too few. What came with the first token is not counted. */
export function interTokenMs({ firstTokenMs, lastTokenMs, firstTokens, generatedTokens }: Work): number | null {
  const later = generatedTokens - firstTokens;
  return firstTokenMs === null || later < 1 ? null : (lastTokenMs - firstTokenMs) / later;
}
