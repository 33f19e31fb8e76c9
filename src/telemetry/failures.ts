/** The last failures that are the server's, for people who look at it. What a client did wrong is its own matter, and may quote its text. */
import type { AppError, ErrorCode } from "../core/errors.ts";

/** Most that are kept. */
export const FAILURES_MAX = 50;

/** One of them. */
export interface Failure {
  readonly timeMs: number;
  readonly requestId: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly model: string | null;
  readonly message: string;
}

/** Messages of these may quote what a model wrote, or anything: the log has them. */
const WITHHELD: Partial<Record<ErrorCode, string>> = {
  output_invalid: "The model's answer was not in the form that was asked for.",
  internal: "A fault of the server itself. The log has it under the request's id.",
};

/** Longest message. Those of libraries may go on. */
const MESSAGE_CHARACTERS_MAX = 500;

/** Statuses below 500 that say that there was no room. */
const CAPACITY_CODES: ReadonlySet<ErrorCode> = new Set(["queue_full", "queue_timeout", "model_loading"]);

/** Counts all, and keeps the newest. */
export class Failures {
  /** Since the start. */
  total = 0;
  private list: Failure[] = [];

  /** @param timeMs ms since the epoch */
  note(timeMs: number, requestId: string, status: number, model: string | null, error: AppError): void {
    if (status < 500 && !CAPACITY_CODES.has(error.code)) return;
    this.total += 1;
    const message = (WITHHELD[error.code] ?? error.message).slice(0, MESSAGE_CHARACTERS_MAX);
    this.list.unshift({ timeMs, requestId, status, code: error.code, model, message });
    this.list.length = Math.min(this.list.length, FAILURES_MAX);
  }

  /** The newest first. */
  newest(): readonly Failure[] {
    return [...this.list];
  }
}
