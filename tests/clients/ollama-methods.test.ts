/** Every method of Ollama's own client on the built-in model; those that make, copy and get models are in ollama-library.test.ts and ollama-pull.test.ts. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Ollama } from "ollama";
import { startChatServer } from "../support/chat-server.ts";
import { rejection } from "../support/rejection.ts";
import type { ServerProcess } from "../support/server-process.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const model = "tiny-chat";
const QUESTION = "What is the capital of France?";
const GREEDY = { model, options: { temperature: 0 } };

let server: ServerProcess;
let ollama: Ollama;

beforeAll(async () => {
  server = await startChatServer();
  ollama = new Ollama({ host: server.url });
});
afterAll(async () => {
  await server?.stop();
});

test("generate streams what it gives whole, and the conversation goes on from its context", async () => {
  const whole = await ollama.generate({ ...GREEDY, prompt: "My name is Anna." });
  const parts = await Array.fromAsync(await ollama.generate({ ...GREEDY, prompt: "My name is Anna.", stream: true }));
  expect(parts.map(({ response }) => response).join("")).toBe(whole.response ?? "");
  expect([parts.at(-1)?.context, parts.at(-1)?.eval_count]).toEqual([whole.context, whole.eval_count]);
  const second = await ollama.generate({ ...GREEDY, prompt: "What was my name?", context: whole.context });
  expect(second.response).toContain("Anna");
});

test("generate knows its system prompt, and reads raw text as it is", async () => {
  const pirate = await ollama.generate({ ...GREEDY, prompt: QUESTION, system: "You are a pirate." });
  expect(pirate.response).toMatch(/arr|matey/i);
  const prompt = `<|im_start|>user\n${QUESTION}<|im_end|>\n<|im_start|>assistant\n`;
  const raw = await ollama.generate({ ...GREEDY, prompt, raw: true, options: { temperature: 0, stop: ["<|im_end|>"] } });
  expect([raw.response, raw.context]).toEqual([expect.stringContaining("Paris"), undefined as never]);
});

test("raw text is answered with the thoughts apart, unless it is not to be thought about", async () => {
  const prompt = `<|im_start|>user\n${QUESTION}<|im_end|>\n<|im_start|>assistant\n<think>\n`;
  const apart = await ollama.generate({ ...GREEDY, prompt, raw: true });
  const parts = await Array.fromAsync(await ollama.generate({ ...GREEDY, prompt, raw: true, stream: true }));
  const together = await ollama.generate({ ...GREEDY, prompt, raw: true, think: false });
  expect([apart.thinking, apart.response]).toEqual([expect.stringMatching(/\w/) as never, "The capital of France is Paris."]);
  expect([parts.map(({ thinking }) => thinking ?? "").join(""), parts.map(({ response }) => response).join("")]).toEqual([
    apart.thinking ?? "",
    apart.response ?? "",
  ]);
  expect(together).toMatchObject({ response: expect.stringContaining("</think>") });
  expect("thinking" in together).toBe(false);
});

test("abort ends a stream, and the next answer comes all the same", async () => {
  const stream = await ollama.chat({ model, messages: [{ role: "user", content: "Tell me a story about a fox." }], stream: true });
  const read = (async () => {
    for await (const part of stream) if (!part.done) stream.abort();
  })();
  expect(await rejection(read)).toMatchObject({ name: "AbortError" });
  const next = await ollama.chat({ ...GREEDY, messages: [{ role: "user", content: QUESTION }] });
  expect(next.message.content).toContain("Paris");
});

test("embed and the older embeddings give the same vector, of length 1", async () => {
  const { embeddings, prompt_eval_count } = await ollama.embed({ model, input: ["A cat sits.", "A dog runs."] });
  const { embedding } = await ollama.embeddings({ model, prompt: "A cat sits." });
  expect([embeddings[0], embeddings.map((vector) => Math.abs(Math.hypot(...vector) - 1) < 1e-5)]).toEqual([embedding, [true, true]]);
  expect(prompt_eval_count).toBeGreaterThan(2);
  expect((await ollama.embed({ model, input: "A cat sits.", dimensions: 8 })).embeddings[0]).toHaveLength(8);
});

test("list and show tell the same of a model, and version what clients ask for", async () => {
  const { models } = await ollama.list();
  const listed = models.find(({ name }) => name === "tiny-chat:latest");
  const shown = await ollama.show({ model });
  expect(listed).toMatchObject({ model: "tiny-chat:latest", digest: expect.stringMatching(/^[0-9a-f]{64}$/), details: shown.details });
  expect([shown.capabilities, shown.model_info]).toMatchObject([
    ["completion", "tools", "thinking"],
    { "general.architecture": "llama", "llama.context_length": 2048, "tokenizer.ggml.tokens": [] },
  ]);
  expect(await ollama.version()).toEqual({ version: "0.33.0" });
});

test("show tells long lists where it is asked to", async () => {
  const reply = await fetch(`${server.url}/api/show`, { method: "POST", body: JSON.stringify({ model, verbose: true }) });
  const { model_info } = (await reply.json()) as { model_info: Record<string, unknown[]> };
  expect(model_info["tokenizer.ggml.tokens"]!.length).toBeGreaterThan(256);
});

test("no two models of the list have the same digest, however alike their files are", async () => {
  const digests = (await ollama.list()).models.map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(digests.length);
});

test("ps follows what was last said about how long the model stays, until it is unloaded", async () => {
  const expiry = async () => (await ollama.ps()).models.map(({ name, expires_at }) => [name, Date.parse(String(expires_at))] as const);
  await ollama.generate({ model, prompt: "", keep_alive: "1h" });
  await ollama.generate({ ...GREEDY, prompt: QUESTION });
  const [[name, leavesMs] = ["", 0]] = await expiry();
  expect([name, Math.round((leavesMs - Date.now()) / 60_000)]).toEqual(["tiny-chat:latest", 60]);
  await ollama.generate({ model: "tiny-chat+pirate", prompt: "", keep_alive: -1 });
  const [[renamed, neverMs] = ["", 0]] = await expiry();
  expect([renamed, new Date(neverMs).getUTCFullYear() > 2300]).toEqual(["tiny-chat+pirate:latest", true]);
  await ollama.chat({ model, messages: [], keep_alive: 0 });
  while ((await expiry()).length > 0);
  expect(await ollama.ps()).toEqual({ models: [] });
});

test("push never succeeds", async () => {
  const message = "this server publishes no models: it has no registry to push to";
  expect(await rejection(ollama.push({ model }))).toMatchObject({ status_code: 400, message });
  const lines = Array.fromAsync(await ollama.push({ model, stream: true }));
  expect(await rejection(lines)).toMatchObject({ message });
});
