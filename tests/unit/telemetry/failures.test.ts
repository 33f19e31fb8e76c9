import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import { Failures, FAILURES_MAX } from "../../../src/telemetry/failures.ts";

test("only so many are kept, the newest first, with messages of a bounded length", () => {
  const failures = new Failures();
  for (let id = 1; id <= FAILURES_MAX + 10; id++) failures.note(id, `r${id}`, 500, "tiny", new AppError("engine_lost", "x".repeat(10_000)));
  const kept = failures.newest();
  expect(failures.total).toBe(FAILURES_MAX + 10);
  expect([kept.length, kept[0]?.requestId, kept.at(-1)?.requestId, kept[0]?.message.length]).toEqual([
    FAILURES_MAX,
    `r${FAILURES_MAX + 10}`,
    "r11",
    500,
  ]);
});

test("a full queue is one, what a client did wrong is none", () => {
  const failures = new Failures();
  const note = (code: "queue_full" | "invalid_request" | "cancelled" | "unauthorized", status: number) =>
    failures.note(1, "r1", status, null, new AppError(code, "Words."));
  note("queue_full", 429);
  note("invalid_request", 400);
  note("cancelled", 499);
  note("unauthorized", 401);
  expect(failures.newest().map(({ code }) => code)).toEqual(["queue_full"]);
});

test("messages that may quote anything are not shown", () => {
  const failures = new Failures();
  for (const code of ["internal", "output_invalid"] as const) failures.note(1, "r1", 500, null, new AppError(code, "SECRET"));
  expect(JSON.stringify(failures.newest())).not.toContain("SECRET");
});
