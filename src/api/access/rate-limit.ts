/**
 * A token bucket for each client: it holds `burst` requests, each request takes one, and `perMinute` of them come back in a minute.
 * Buckets are few: the one that was used longest ago goes when there are too many, and its client starts with a full one again.
 */
import { AppError } from "../../core/errors.ts";

/** How many requests a client may make. */
export interface RateLimit {
  readonly perMinute: number;
  /** How many may come at once after a pause. */
  readonly burst: number;
}

/** What is left to a client after a request. */
export interface RateState {
  /** Whether the request may go on. */
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Until the next request may come; 0 if one may come now. */
  readonly retryMs: number;
  /** Until the bucket is full again. */
  readonly resetMs: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

const CLIENTS_MAX = 10_000;
const MINUTE_MS = 60_000;
/** What rounding may make of a whole token that has just come back. */
const ROUNDING = 1e-9;

/** The buckets of all clients. */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #clientsMax: number;
  /** The one used longest ago first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RateLimit, clientsMax: number = CLIENTS_MAX) {
    this.#limit = limit;
    this.#clientsMax = clientsMax;
  }

  /** Clients that are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a request from a client's bucket; from an empty one it takes nothing. */
  take(client: string, nowMs: number): RateState {
    const { perMinute, burst } = this.#limit;
    const perMs = perMinute / MINUTE_MS;
    const old = this.#buckets.get(client);
    // A clock that was set back gives nothing, and takes nothing.
    const back = old === undefined ? burst : old.tokens + Math.max(0, nowMs - old.atMs) * perMs;
    const before = Math.min(burst, back + ROUNDING);
    const allowed = before >= 1;
    const tokens = allowed ? before - 1 : before;
    this.#buckets.delete(client);
    this.#buckets.set(client, { tokens, atMs: nowMs });
    this.#evict();
    return {
      allowed,
      limit: burst,
      remaining: Math.floor(tokens),
      retryMs: tokens >= 1 ? 0 : (1 - tokens) / perMs,
      resetMs: (burst - tokens) / perMs,
    };
  }

  #evict(): void {
    if (this.#buckets.size <= this.#clientsMax) return;
    const oldest = this.#buckets.keys().next().value;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

const seconds = (ms: number): number => Math.ceil(ms / 1000 - ROUNDING);

/** The state as OpenAI's headers tell it. */
export function rateHeaders(state: RateState): Readonly<Record<string, string>> {
  return {
    "x-ratelimit-limit-requests": String(state.limit),
    "x-ratelimit-remaining-requests": String(state.remaining),
    "x-ratelimit-reset-requests": `${seconds(state.resetMs)}s`,
  };
}

/** The refusal that a state without `allowed` stands for. */
export function rateError(state: RateState): AppError {
  const retryAfterS = Math.max(1, seconds(state.retryMs));
  const wait = retryAfterS === 1 ? "a second" : `${retryAfterS} seconds`;
  return new AppError("rate_limited", `Too many requests: this server takes a limited number of them. Try again in ${wait}.`, {
    details: { retryAfterS },
  });
}
