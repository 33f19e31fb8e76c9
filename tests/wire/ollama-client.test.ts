/** Every method of Ollama's own client that has a route for answers, vectors and models. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Ollama } from "ollama";
import { rejection } from "../support/rejection.ts";
import { aborted, listen } from "../support/api-socket.ts";
import type { ListeningApi } from "../support/api-socket.ts";
import { finishEvent, HELLO } from "../support/scripted-engine.ts";

const MODEL = "qwen3:0.6b";
const MESSAGES = [{ role: "user", content: "hi" }];

let api: ListeningApi;
let client: Ollama;

beforeAll(() => {
  api = listen({ events: HELLO, capabilities: ["completion", "tools", "insert", "thinking"] });
  client = new Ollama({ host: api.url });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

test("generate reads text, what fills in, and a conversation to go on with", async () => {
  const first = await client.generate({ model: MODEL, prompt: "hi", system: "Be brief.", options: { num_ctx: 4096, stop: ["END"] } });
  const second = await client.generate({ model: MODEL, prompt: "more", context: first.context });
  const infill = await client.generate({ model: MODEL, prompt: "def f(", suffix: "return a", raw: false });
  expect([first, second, infill].map(({ response, done, done_reason }) => [response, done, done_reason])).toEqual([
    ["Hello", true, "stop"],
    ["Hello", true, "stop"],
    ["Hello", true, "stop"],
  ]);
  expect(api.engine.requests.slice(-3).map(({ request }) => request.input)).toMatchObject([
    { messages: [{ role: "system" }, { content: "hi" }] },
    { messages: [{ role: "system" }, { content: "hi" }, { content: "Hello" }, { content: "more" }] },
    { kind: "infill", prefix: "def f(", suffix: "return a" },
  ]);
});

test("chat asks for JSON that fits a schema, and sends results of calls back", async () => {
  const format = { type: "object", properties: { a: { type: "integer" } } };
  const call = { function: { name: "now", arguments: { zone: "CET" } } };
  const messages = [
    ...MESSAGES,
    { role: "assistant", content: "", tool_calls: [call] },
    { role: "tool", content: "noon", tool_name: "now" },
  ];
  await client.chat({ model: MODEL, messages, format, keep_alive: "5m", think: "high" });
  expect(api.engine.requests.at(-1)?.request).toMatchObject({
    responseFormat: { kind: "json_schema", schema: format, field: "format" },
    keepAliveMs: 300_000,
    reasoning: { mode: "on", level: "high" },
    input: { messages: [{}, { toolCalls: [{ name: "now", arguments: '{"zone":"CET"}' }] }, { role: "tool", name: "now" }] },
  });
});

test("embed and embeddings read vectors", async () => {
  const many = await client.embed({ model: MODEL, input: ["a", "b"], truncate: true, dimensions: 1 });
  const one = await client.embeddings({ model: MODEL, prompt: "a" });
  expect([many, one]).toEqual([
    expect.objectContaining({ model: MODEL, embeddings: [[1], [1]], prompt_eval_count: 6 }),
    { embedding: [0.6000000238418579, 0.800000011920929] },
  ]);
});

test("list, show and version tell of models and server", async () => {
  const { models } = await client.list();
  const shown = await client.show({ model: MODEL });
  expect([models.map(({ name }) => name), shown.capabilities, await client.version()]).toEqual([
    [MODEL, "org/tiny:1b"],
    ["completion", "tools", "insert", "thinking"],
    { version: "0.33.0" },
  ]);
  expect(shown.model_info).toHaveProperty(["qwen3.context_length"], 4096);
});

test("a model is loaded and unloaded by prompts that say nothing", async () => {
  const before = api.engine.residence.length;
  const loaded = await client.generate({ model: MODEL, prompt: "", keep_alive: -1 });
  const unloaded = await client.chat({ model: MODEL, messages: [], keep_alive: 0 });
  expect([loaded.done_reason, unloaded.done_reason, api.engine.residence.slice(before)]).toEqual([
    "load",
    "unload",
    [{ load: "qwen3-0.6b", options: { keepAliveMs: Infinity } }, { unload: "qwen3-0.6b" }],
  ]);
});

describe("what goes wrong is thrown", () => {
  test("with the status and the words", async () => {
    const errors = await Promise.all([
      rejection(client.show({ model: "nope" })),
      rejection(client.embed({ model: "nope", input: "a" })),
      rejection(client.chat({ model: MODEL, messages: [{ role: "user", content: "x", images: ["aGk="] }] })),
      rejection(client.push({ model: MODEL, stream: false })),
    ]);
    expect(errors).toMatchObject([
      { status_code: 404, message: "model 'nope:latest' not found" },
      { status_code: 404, message: 'model "nope" not found, try pulling it first' },
      { status_code: 400, message: '"messages[0].images" is not supported: the model cannot see images. Send text only.' },
      { status_code: 400, message: "this server publishes no models: it has no registry to push to" },
    ]);
  });

  test("also from the middle of a stream", async () => {
    const parts = Array.fromAsync(await client.push({ model: MODEL, stream: true }));
    expect(await rejection(parts)).toMatchObject({ message: "this server publishes no models: it has no registry to push to" });
  });
});

test("an abort of the client ends the work", async () => {
  await using slow = listen({
    play: async function* (_request, signal) {
      yield { kind: "text", text: "Hel" };
      await aborted(signal);
      yield finishEvent();
    },
  });
  const parts = await new Ollama({ host: slow.url }).chat({ model: MODEL, messages: MESSAGES, stream: true });
  const read = (async () => {
    for await (const { done } of parts) if (!done) parts.abort();
  })();
  expect(await rejection(read)).toMatchObject({ name: "AbortError" });
  const signal = slow.engine.requests[0]?.signal ?? expect.unreachable("nothing was asked");
  await aborted(signal);
  expect(signal.aborted).toBe(true);
});
