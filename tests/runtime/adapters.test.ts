import { expect, setDefaultTimeout, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";
import OpenAI from "openai";
import { processGone, startTestServer, type TestServer, type TestServerOptions } from "../support/test-server.ts";
import { writeTinyLora } from "../support/tiny-gguf.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

/** A server on `tiny.gguf` with the adapter `pirate_lora.gguf` beside it. */
async function startWithAdapter(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer({ ...options, flags: ["--temperature", "0", ...(options.flags ?? [])] });
  writeTinyLora(join(server.modelsDir, "pirate_lora.gguf"), { strength: 2 });
  return server;
}

interface Answer {
  readonly model: string;
  readonly text: string;
  readonly cachedTokens: number;
}

/** What a model answers to always the same question. */
async function ask(server: TestServer, model: string): Promise<Answer> {
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "Tell me a story" }];
  const reply = await client.chat.completions.create({ model, messages, max_tokens: 20 });
  return {
    model: reply.model,
    text: reply.choices[0]?.message.content ?? "",
    cachedTokens: reply.usage?.prompt_tokens_details?.cached_tokens ?? 0,
  };
}

async function refusal(server: TestServer, model: string): Promise<{ status: number; message: string }> {
  const response = await server.post("/v1/chat/completions", { model, messages: [{ role: "user", content: "Hi" }], max_tokens: 1 });
  const body = (await response.json()) as { error: { message: string } };
  return { status: response.status, message: body.error.message };
}

test.each([
  ["version 1.2.3", ["--cpu-runtime-version", "1.2.3"]],
  ["version 1.3.0", ["--cpu-runtime-version", "1.3.0"]],
  ["a host inside the server", ["--isolation", "thread"]],
])("on %s a model answers otherwise with its adapter, and as before without it", async (_, flags) => {
  await using server = await startWithAdapter({ flags });
  const before = await ask(server, "tiny");
  const adapted = await ask(server, "tiny+pirate");
  expect(adapted).toEqual({ model: "tiny+pirate", text: expect.any(String) as string, cachedTokens: 0 });
  expect(adapted.text).not.toBe(before.text);
  // What the adapter computed is of no use to the model without it; what the model computed before its last answer is.
  expect(await ask(server, "tiny")).toEqual(before);
  expect((await ask(server, "tiny")).cachedTokens).toBeGreaterThan(0);
  expect(await ask(server, "Tiny+Pirate:latest")).toEqual(adapted);
  expect((await ask(server, "tiny+pirate")).cachedTokens).toBeGreaterThan(0);
});

test("a model with an adapter is listed behind it", async () => {
  await using server = await startWithAdapter();
  const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none" });
  const tags = (await (await fetch(`${server.url}/api/tags`)).json()) as { models: { name: string }[] };
  expect({
    list: (await client.models.list()).data.map(({ id }) => id),
    one: (await client.models.retrieve("tiny+pirate")).id,
    tags: tags.models.map(({ name }) => name).toSorted(),
  }).toEqual({ list: ["tiny", "tiny+pirate"], one: "tiny+pirate", tags: ["tiny+pirate:latest", "tiny:latest"] });
});

test("requests with and without an adapter take turns on one host", async () => {
  await using server = await startWithAdapter({ moods: "slow-decode=5" });
  const models = ["tiny+pirate", "tiny", "tiny+pirate", "tiny"];
  const answers = await Promise.all(models.map(async (model) => ask(server, model)));
  expect(answers.map(({ model }) => model)).toEqual(models);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(2);
  expect(answers[0]!.text).toBe(answers[2]!.text);
  expect(server.hostPids()).toHaveLength(1);
});

test("an adapter of another model is an error of its own, and costs the model nothing", async () => {
  await using server = await startWithAdapter();
  const path = join(server.modelsDir, "foreign_lora.gguf");
  writeTinyLora(path, { dim: 32 });
  const before = await ask(server, "tiny");
  const hosts = server.hostPids();
  const fault = {
    status: 500,
    message: `The runtime could not load the adapter ${path} (rkllm_load_lora returned -1): it may be damaged, or made for another model`,
  };
  expect([await refusal(server, "tiny+foreign"), await refusal(server, "tiny+foreign")]).toEqual([fault, fault]);
  // Nothing was run with it, so the cache is still the model's own.
  const after = await ask(server, "tiny");
  expect(after.text).toBe(before.text);
  expect(after.cachedTokens).toBeGreaterThan(0);
  expect((await ask(server, "tiny+pirate")).text).not.toBe(before.text);
  writeTinyLora(path, { strength: 3 });
  expect((await ask(server, "tiny+foreign")).model).toBe("tiny+foreign");
  expect(server.hostPids()).toEqual(hosts);
});

test("an adapter's file that is replaced is loaded anew, beside the open model", async () => {
  await using server = await startWithAdapter();
  const old = await ask(server, "tiny+pirate");
  const hosts = server.hostPids();
  const path = join(server.modelsDir, "pirate_lora.gguf");
  writeTinyLora(`${path}.new`, { strength: 2, rank: 8 });
  renameSync(`${path}.new`, path);
  expect((await ask(server, "tiny+pirate")).text).not.toBe(old.text);
  expect(server.hostPids()).toEqual(hosts);
});

test("a new host after a crash loads the adapter again", async () => {
  await using server = await startWithAdapter();
  const first = await ask(server, "tiny+pirate");
  const [pid] = server.hostPids();
  process.kill(pid!, "SIGKILL");
  await processGone(pid!);
  expect(await ask(server, "tiny+pirate")).toEqual(first);
});

test("a library that cannot empty its cache gets no run with other weights", async () => {
  await using server = await startWithAdapter({ moods: "fail-clear-kv-cache" });
  const before = await ask(server, "tiny");
  expect(await refusal(server, "tiny+pirate")).toEqual({
    status: 500,
    message: expect.stringContaining("rkllm_clear_kv_cache returned -1"),
  });
  expect((await ask(server, "tiny")).text).toBe(before.text);
});
