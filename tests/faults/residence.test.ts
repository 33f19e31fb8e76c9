/** Models that come and go, with real hosts. */
import { expect, test } from "bun:test";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { processGone, sseChunks, startTestServer, type TestServer } from "../support/test-server.ts";

const MESSAGES = [{ role: "user", content: "Hi" }];
const CHAT = { messages: MESSAGES, max_tokens: 1 };
const TWO = { "one.gguf": { name: "One" }, "two.gguf": { name: "Two", seed: 2 } };

/** The KV cache of a tiny model: 2 layers of 2 heads of 16 + 16 numbers of 2 bytes, for 4,096 tokens. */
const KV_BYTES = 2 * 2 * (16 + 16) * 2 * 4096;

interface Loaded {
  readonly id: string;
  readonly pinned: boolean;
  readonly expires_at: string | null;
  readonly memory_bytes: number;
}

async function loadedModels(server: TestServer): Promise<readonly Loaded[]> {
  return ((await (await fetch(`${server.url}/v1/models/loaded`)).json()) as { data: Loaded[] }).data;
}

const loadedIds = async (server: TestServer) => (await loadedModels(server)).map(({ id }) => id);

async function errorOf(response: Response) {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { status: response.status, code: error.code, message: error.message };
}

test("a model is loaded, shown, pinned and unloaded, and its process ends with it", async () => {
  await using server = await startTestServer();
  const loaded = await server.post("/v1/models/load", { model: "tiny", pin: true, keep_alive: "1h" });
  expect({ status: loaded.status, ...((await loaded.json()) as object) }).toMatchObject({
    status: 200,
    id: "tiny",
    pinned: true,
    expires_at: null,
  });
  const [model] = await loadedModels(server);
  expect(model!.memory_bytes).toBeGreaterThan(1_000_000);
  const [pid] = server.hostPids();
  const unloaded = await server.post("/v1/models/unload", { model: "tiny" });
  expect(await unloaded.json()).toEqual({ id: "tiny", object: "loaded_model", unloaded: true });
  await processGone(pid!);
  expect([await loadedIds(server), server.hostPids()]).toEqual([[], []]);
});

test("unloading lets the answer that is being made come to its end, and the next one has the model loaded anew", async () => {
  await using server = await startTestServer({ moods: "slow-decode=20" });
  const running = await server.post("/v1/chat/completions", { messages: MESSAGES, max_tokens: 20, stream: true });
  const chunks = sseChunks(running);
  await chunks.next();
  const [pid] = server.hostPids();
  const unloading = server.post("/v1/models/unload", { model: "tiny" });
  const rest: Record<string, unknown>[] = [];
  for await (const chunk of chunks) rest.push(chunk);
  expect(rest.at(-1)).toMatchObject({ choices: [{ finish_reason: expect.stringMatching(/stop|length/) }] });
  expect((await unloading).status).toBe(200);
  await processGone(pid!);
  expect((await server.post("/v1/chat/completions", CHAT)).status).toBe(200);
  expect(server.hostPids()).not.toContain(pid!);
});

test("keep_alive of Ollama's requests holds until it is said otherwise, and 0 unloads", async () => {
  await using server = await startTestServer();
  const generate = { model: "tiny", prompt: "Hi", stream: false, options: { num_predict: 1 } };
  await server.post("/api/generate", { ...generate, keep_alive: "1h" });
  await server.post("/v1/chat/completions", CHAT);
  const [{ expires_at: expiresAt } = { expires_at: null }] = await loadedModels(server);
  expect(Date.parse(expiresAt!) - Date.now()).toBeGreaterThan(3_000_000);
  const [pid] = server.hostPids();
  await server.post("/api/generate", { ...generate, keep_alive: 0 });
  await processGone(pid!);
  expect(await (await fetch(`${server.url}/api/ps`)).json()).toEqual({ models: [] });
  const load = await server.post("/api/generate", { model: "tiny" });
  expect(await load.json()).toMatchObject({ done: true, done_reason: "load" });
  expect(await loadedIds(server)).toEqual(["tiny"]);
  const [again] = server.hostPids();
  const unload = await server.post("/api/generate", { model: "tiny", keep_alive: 0 });
  expect(await unload.json()).toMatchObject({ done: true, done_reason: "unload" });
  await processGone(again!);
});

test("a model that is on its way is among the running ones, under the name it was asked for by", async () => {
  await using server = await startTestServer({ moods: "hang-init" });
  await server.post("/api/copy", { source: "tiny", destination: "mario:1b" });
  const client = new AbortController();
  const load = server.post("/api/generate", { model: "mario:1b", keep_alive: "1h" }, client.signal);
  load.catch(() => undefined);
  const running = async () => ((await (await fetch(`${server.url}/api/ps`)).json()) as { models: Record<string, unknown>[] }).models;
  let [model] = await running();
  while (model === undefined) [model] = await running();
  expect(model).toMatchObject({ name: "mario:1b", digest: expect.stringMatching(/^[0-9a-f]{64}$/), size_vram: 0 });
  expect(Date.parse(String(model["expires_at"])) - Date.now()).toBeGreaterThan(3_000_000);
  expect(await loadedIds(server)).toEqual([]);
  // Nobody waits for it to be unloaded, loaded or not.
  const unload = await server.post("/api/generate", { model: "mario:1b", keep_alive: 0 });
  expect(await unload.json()).toMatchObject({ done_reason: "unload" });
  client.abort();
});

test("models to preload are there without a request; one that cannot be loaded does no harm", async () => {
  await using server = await startTestServer({ models: TWO, flags: ["--preload", "nobody,two"] });
  while ((await loadedIds(server)).length === 0) await Bun.sleep(20);
  expect(await loadedIds(server)).toEqual(["two"]);
});

test("a budget of memory sends away who is unused, never who is pinned, and refuses with the figures what cannot fit", async () => {
  await using server = await startTestServer({ models: TWO, flags: ["--models-loaded-max", "4"] });
  await server.post("/v1/chat/completions", { ...CHAT, model: "one" });
  const { data } = (await (await fetch(`${server.url}/v1/models/available`)).json()) as { data: { bytes: number }[] };
  // Room for one and a half of them.
  const budget = Math.round((data[0]!.bytes + KV_BYTES) * 1.5);
  await fetch(`${server.url}/v1/config`, { method: "PATCH", body: JSON.stringify({ memory_budget_bytes: budget }) });
  await server.post("/v1/chat/completions", { ...CHAT, model: "two" });
  expect(await loadedIds(server)).toEqual(["two"]);
  await server.post("/v1/models/load", { model: "two", pin: true });
  expect(await errorOf(await server.post("/v1/chat/completions", { ...CHAT, model: "one" }))).toEqual({
    status: 500,
    code: "out_of_memory",
    message: expect.stringMatching(/^The model one needs about .* of memory, and .* are free\. .* Pinned: two \(/),
  });
});

test("a model that cannot be loaded fails all who wait for it with its cause, and is not tried again until the file changes", async () => {
  await using server = await startTestServer({ moods: "slow-init=50" });
  const path = join(server.modelsDir, "broken.gguf");
  const good = await Bun.file(join(server.modelsDir, "tiny.gguf")).bytes();
  // Metadata and tensors are all there: what is in them is found out by the runtime.
  const bad = Buffer.from(good);
  const name = bad.indexOf("blk.0.attn_q.weight");
  bad.write("blk.9", name);
  writeFileSync(path, bad);
  const ask = async () => errorOf(await server.post("/v1/chat/completions", { ...CHAT, model: "broken" }));
  const [first, second] = await Promise.all([ask(), ask()]);
  expect(first).toMatchObject({ status: 500, code: "model_load_failed" });
  // The cause is what the library itself has printed.
  expect(first.message).toMatch(/It said: (?:.* \| )?E rkllm: failed to load the model/);
  expect([second, await ask()]).toEqual([first, first]);
  writeFileSync(path, good);
  utimesSync(path, new Date(), new Date(Date.now() - 60_000));
  expect((await server.post("/v1/chat/completions", { ...CHAT, model: "broken" })).status).toBe(200);
});

test("who waits for a model that loads is sent signs of life, and all wait for one loading", async () => {
  await using server = await startTestServer({
    moods: "slow-init=1200",
    flags: ["--header-wait-ms", "1", "--keep-alive-comment-s", "1"],
  });
  const ask = async () => (await server.post("/v1/chat/completions", { ...CHAT, stream: true })).text();
  const replies = await Promise.all([ask(), ask()]);
  for (const reply of replies) expect(reply).toMatch(/^data: \{[^\n]*"role":"assistant"[^\n]*\n\n: [^\n]*\n\n[^]*data: \[DONE\]\n\n$/);
  expect(server.hostPids()).toHaveLength(1);
});
