import { expect, test } from "bun:test";
import type { TimedAnswer } from "../../../src/bench/ask.ts";
import { cellOf, measureQuality } from "../../../src/bench/measure.ts";

function answer(changed: Partial<TimedAnswer> = {}): TimedAnswer {
  return {
    text: "Hello there",
    promptTokens: 100,
    tokens: 11,
    firstMs: 50,
    lastMs: 150,
    endMs: 160,
    gapsMs: [40, 60],
    timings: { cache_n: 0, prompt_n: 100, prompt_ms: 40, predicted_n: 11, predicted_ms: 110, memory_mb: 80, queue_ms: 5 },
    ...changed,
  };
}

test("the figures of a round are those of its answers", () => {
  const cell = cellOf({ promptTokens: 128, concurrency: 2 }, [
    { answers: [answer(), answer({ firstMs: 70, timings: null })], wallMs: 200 },
  ]);
  expect(cell).toMatchObject({ promptTokens: 128, promptTokensSent: 100, concurrency: 2, outputTokens: 11, memoryMb: 80 });
  expect(cell.ttftMs).toMatchObject({ n: 2, median: 60, max: 70 });
  expect(cell.itlMs).toMatchObject({ max: 10, min: 8 });
  expect(cell.longestGapMs?.median).toBe(60);
  expect(cell.prefillPerS).toMatchObject({ n: 1, median: 2500 });
  expect(cell.decodePerS?.median).toBe(100);
  expect(cell.throughputPerS.median).toBe(110);
});

test("answers of one token, from a server that reports nothing, have no figures between tokens", () => {
  const cell = cellOf({ promptTokens: 8, concurrency: 1 }, [{ answers: [answer({ tokens: 1, gapsMs: [], timings: null })], wallMs: 10 }]);
  expect(cell).toMatchObject({ itlMs: null, longestGapMs: null, queueMs: null, prefillPerS: null, decodePerS: null, memoryMb: null });
});

/** What comes of the quality of a model whose every answer is this one event. */
async function qualityOf(event: object) {
  using server = Bun.serve({
    port: 0,
    fetch: () => new Response(`data: ${JSON.stringify(event)}\n\n`, { headers: { "content-type": "text/event-stream" } }),
  });
  const quality = [{ id: "json", prompt: "As JSON, please", keys: { name: "string" } }] as const;
  // Awaited here: at the end of this block the server is stopped.
  return await measureQuality({
    server: { url: server.url.origin, key: null },
    model: "m",
    prompts: { version: 1, passage: "", instruction: "", quality },
    promptTokens: [],
    outputTokens: 1,
    concurrency: [],
    repeats: 1,
    warmUps: 0,
    progress: () => {},
  });
}

test("an answer that the server finds not to be the JSON it must be is a fault of the model, and the measurement goes on", async () => {
  const error = { message: "It is not the JSON it must be.", code: "output_invalid", partial_text: "{oops" };
  expect(await qualityOf({ error })).toEqual([{ id: "json", faults: [error.message], answer: "{oops" }]);
});

test("a server that fails in the middle of an answer ends the measurement", async () => {
  const failing = qualityOf({ error: { message: "The host is gone.", code: "engine_lost" } });
  expect(failing).rejects.toMatchObject({ code: "runtime_error", message: "The host is gone." });
  await failing.catch(() => {});
});
