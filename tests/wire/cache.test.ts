/** The routes for what is kept of prompts on disk. */
import { expect, test } from "bun:test";
import type { PromptCacheStatus } from "../../src/core/prompt-cache.ts";
import { ask, MODEL, scriptedEngine } from "../support/scripted-engine.ts";

const STATUS: PromptCacheStatus = {
  entries: [
    {
      model: MODEL.id,
      tokens: 900,
      bytes: 100_000_000,
      pinned: true,
      createdMs: Date.parse("2026-01-02T03:04:05.000Z"),
      usedMs: Date.parse("2026-01-02T03:09:05.000Z"),
      hits: 2,
    },
  ],
  bytes: 100_000_000,
  bytesMax: 1_000_000_000,
  hits: 2,
  misses: 3,
  passed: 1,
  tokensSaved: 1800,
  msSaved: 1234.5,
  bytesWrittenToday: 5,
};

const json = async (asked: Promise<Response>) => {
  const response = await asked;
  return { status: response.status, body: await response.json() };
};

test("the cache shows its files and what they were good for, under both paths", async () => {
  const engine = scriptedEngine({ promptCache: STATUS });
  const body = {
    object: "cache",
    bytes: 100_000_000,
    bytes_max: 1_000_000_000,
    bytes_written_today: 5,
    hits: 2,
    misses: 3,
    passed: 1,
    tokens_saved: 1800,
    ms_saved: 1235,
    entries: [
      {
        model: MODEL.id,
        tokens: 900,
        bytes: 100_000_000,
        pinned: true,
        hits: 2,
        created_at: "2026-01-02T03:04:05.000Z",
        used_at: "2026-01-02T03:09:05.000Z",
      },
    ],
  };
  const replies = [await json(ask(engine, "/v1/cache")), await json(ask(engine, "/cache"))];
  expect(replies).toEqual([
    { status: 200, body },
    { status: 200, body },
  ]);
});

test("a warm-up takes a conversation as a chat completion does", async () => {
  const engine = scriptedEngine();
  const tool = { type: "function", function: { name: "lamp", parameters: { type: "object" } } };
  const body = { model: "qwen3:0.6b", messages: [{ role: "developer", content: [{ type: "text", text: "Be kind." }] }], tools: [tool] };
  expect(await json(ask(engine, "/v1/cache/warm", { body }))).toMatchObject({
    status: 200,
    body: { object: "cache.entry", model: MODEL.id, tokens: 11, bytes: 1234 },
  });
  expect(engine.requests[0]?.request.input).toMatchObject({
    messages: [{ role: "system", content: "Be kind." }],
    tools: [{ name: "lamp" }],
  });
});

test("a warm-up without messages, and one of a model that is not there, are refused with the field's name", async () => {
  const engine = scriptedEngine();
  const replies = [
    await json(ask(engine, "/v1/cache/warm", { body: {} })),
    await json(ask(engine, "/v1/cache/warm", { body: { model: "nobody", messages: [{ role: "user", content: "Hi" }] } })),
  ];
  expect(replies).toMatchObject([
    { status: 400, body: { error: { param: "messages" } } },
    { status: 404, body: { error: { code: "model_not_found" } } },
  ]);
});

test("files are deleted, all or those of a model that is there", async () => {
  const engine = scriptedEngine();
  const replies = await Promise.all(
    ["/v1/cache", `/v1/cache?model=${MODEL.id}`, "/v1/cache?model=nobody"].map((path) => json(ask(engine, path, { method: "DELETE" }))),
  );
  expect(replies).toMatchObject([
    { status: 200, body: { object: "cache", deleted: 2 } },
    { status: 200, body: { deleted: 2 } },
    { status: 404, body: { error: { code: "model_not_found" } } },
  ]);
});
