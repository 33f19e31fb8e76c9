/** Tries again what failed for a reason that may pass: with growing waits, as long as the server asks, and not for ever. */
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../core/errors.ts";
import { TransientError } from "./remote-file.ts";

/** Tries in a row without any progress. */
const TRIES_MAX = 6;
const BACKOFF_MS_MIN = 1000;
const BACKOFF_MS_MAX = 30_000;

/** How something is tried again. */
export interface RetryOptions {
  readonly signal: AbortSignal;
  /** Waits between tries; a test need not wait. */
  readonly wait?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  readonly onRetry: (reason: string, waitMs: number) => void;
  /** The error for too many tries in a row; `reason` is half a sentence. */
  readonly failure: (reason: string) => AppError;
  /** A figure that grows with what has been achieved; then tries are counted anew. */
  readonly achieved?: () => number;
}

/** Tries until it succeeds. Throws `failure` after TRIES_MAX tries in a row, AppError cancelled, and at once whatever is not transient. */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, achieved = () => 0 } = options;
  const wait = options.wait ?? ((ms: number, until: AbortSignal) => delay(ms, undefined, { signal: until }));
  let tries = 0;
  for (;;) {
    const before = achieved();
    try {
      return await attempt();
    } catch (cause) {
      if (signal.aborted) throw cancelled(cause);
      if (!(cause instanceof TransientError)) throw cause;
      tries = achieved() > before ? 1 : tries + 1;
      if (tries >= TRIES_MAX) throw options.failure(`${cause.message}, ${TRIES_MAX} times in a row`);
      const waitMs = cause.retryAfterMs ?? Math.min(BACKOFF_MS_MIN * 2 ** (tries - 1), BACKOFF_MS_MAX);
      options.onRetry(cause.message, waitMs);
      await wait(waitMs, signal).catch(() => undefined);
      if (signal.aborted) throw cancelled(cause);
    }
  }
}

function cancelled(cause: unknown): AppError {
  return new AppError("cancelled", "The download was stopped.", { cause });
}
