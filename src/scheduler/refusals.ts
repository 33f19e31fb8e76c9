/** The refusals of those who wait for a model: too many do, or one has waited for too long. */
import { AppError } from "../core/errors.ts";

/** Long enough for a short answer to end. */
const RETRY_AFTER_UNKNOWN_S = 5;
/** Clients honour no more. */
const RETRY_AFTER_MAX_S = 60;

/** When to try again, s. @param waitMs how long there is likely to be no place; null: nobody knows */
function retryAfterS(waitMs: number | null): number {
  return waitMs === null ? RETRY_AFTER_UNKNOWN_S : Math.min(RETRY_AFTER_MAX_S, Math.max(1, Math.ceil(waitMs / 1000)));
}

/** Of one request too many. @param waitMs see retryAfterS */
export function queueFull(waiting: number, waitMs: number | null): AppError {
  return new AppError("queue_full", `The queue is full: ${waiting} requests are waiting. Try again later.`, {
    details: { retryAfterS: retryAfterS(waitMs) },
  });
}

/** Of one that has waited for as long as it may, for a model's place or for its turn. @param waitMs see retryAfterS */
export function queueTimeout(waitMaxMs: number, waitMs: number | null): AppError {
  return new AppError("queue_timeout", `The request has waited ${waitMaxMs / 1000} s for its turn (queue_timeout_s). Try again later.`, {
    details: { retryAfterS: retryAfterS(waitMs) },
  });
}
