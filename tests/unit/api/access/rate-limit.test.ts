import { expect, test } from "bun:test";
import { AppError } from "../../../../src/core/errors.ts";
import { RateLimiter, rateError, rateHeaders } from "../../../../src/api/access/rate-limit.ts";

const SIX_A_MINUTE = { perMinute: 6, burst: 2 };

test("a client may make its burst at once, and then one request each time a token has come back", () => {
  const limiter = new RateLimiter(SIX_A_MINUTE);
  const allowed = [0, 0, 0, 9_999, 10_000, 10_001, 30_000, 30_000, 30_000].map((nowMs) => limiter.take("a", nowMs).allowed);
  expect(allowed).toEqual([true, true, false, false, true, false, true, true, false]);
});

test("clients have buckets of their own", () => {
  const limiter = new RateLimiter({ perMinute: 1, burst: 1 });
  expect([limiter.take("a", 0), limiter.take("b", 0), limiter.take("a", 0)].map(({ allowed }) => allowed)).toEqual([true, true, false]);
});

test("a pause gives no more than the burst", () => {
  const limiter = new RateLimiter(SIX_A_MINUTE);
  limiter.take("a", 0);
  expect([1e9, 1e9, 1e9].map((nowMs) => limiter.take("a", nowMs).allowed)).toEqual([true, true, false]);
});

test("a clock that was set back neither gives nor takes", () => {
  const limiter = new RateLimiter(SIX_A_MINUTE);
  limiter.take("a", 1e9);
  expect([0, 0, 10_000].map((nowMs) => limiter.take("a", nowMs).allowed)).toEqual([true, false, true]);
});

test("requests that are refused cost nothing", () => {
  const limiter = new RateLimiter({ perMinute: 1, burst: 1 });
  limiter.take("a", 0);
  for (let nowMs = 1000; nowMs < 60_000; nowMs += 1000) expect(limiter.take("a", nowMs).allowed).toBe(false);
  expect(limiter.take("a", 60_000).allowed).toBe(true);
});

test("headers and refusal say what is left and how long to wait", () => {
  const limiter = new RateLimiter(SIX_A_MINUTE);
  const [first, , third] = [0, 0, 500].map((nowMs) => limiter.take("a", nowMs));
  if (first === undefined || third === undefined) throw new Error("three requests give three states");
  const { code, message, details } = AppError.from(rateError(third));
  expect([rateHeaders(first), rateHeaders(third), { code, message, details }]).toEqual([
    { "x-ratelimit-limit-requests": "2", "x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "10s" },
    { "x-ratelimit-limit-requests": "2", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20s" },
    {
      code: "rate_limited",
      message: "Too many requests: this server takes a limited number of them. Try again in 10 seconds.",
      details: { retryAfterS: 10 },
    },
  ]);
});

test("however many addresses there are, only so many are remembered, and the busy ones longest", () => {
  const limiter = new RateLimiter({ perMinute: 1, burst: 1 }, 100);
  for (let client = 0; client < 1000; client += 1) {
    limiter.take("busy", 0);
    limiter.take(`10.0.0.${client}`, 0);
  }
  expect([limiter.size, limiter.take("busy", 0).allowed, limiter.take("10.0.0.0", 0).allowed]).toEqual([100, false, true]);
});
