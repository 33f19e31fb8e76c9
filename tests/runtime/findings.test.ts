/** What the server does otherwise where `doctor --probe` has found something out: the file is written as the probe writes it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeFindings } from "../../src/core/runtime-findings.ts";
import { findingsKey } from "../../src/runtime/findings-key.ts";
import { FindingsFile } from "../../src/store/findings-file.ts";
import { VERSION } from "../../src/version.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { processGone, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

/** A server on `tiny.gguf`, about whose library this is known. */
async function knowingServer(findings: RuntimeFindings, options: { moods?: string; flags?: readonly string[]; contextTokens?: number }) {
  const cacheDir = temporaryFolder();
  const { moods = "", flags = [], contextTokens = 512 } = options;
  const models = { "tiny.gguf": { contextTokens } };
  const server = await startTestServer({ moods, flags: ["--cache-dir", cacheDir, ...flags], models });
  const { size: bytes, mtimeMs } = statSync(join(server.modelsDir, "tiny.gguf"));
  const model = { bytes, modifiedMs: Math.trunc(mtimeMs) } as Parameters<typeof findingsKey>[1];
  const key = findingsKey({ kind: "built-in", version: "1.3.0" }, model, VERSION);
  expect(new FindingsFile(cacheDir).keep(key!, findings, new Date())).toBeNull();
  return server;
}

async function complete(server: TestServer, promptTokens: number, rest: object = {}) {
  const prompt = Array.from({ length: promptTokens }, (_, index) => 300 + (index % 40));
  const response = await server.post("/v1/completions", { prompt, max_tokens: 1, ...rest });
  return { status: response.status, body: (await response.json()) as { error?: { code: string; n_ctx?: number } } };
}

test("a prompt that the library would refuse is refused before, with the length of context that it can have", async () => {
  const moods = "reserve=64";
  await using unknowing = await knowingServer({}, { moods, contextTokens: 250 });
  expect(await complete(unknowing, 200)).toMatchObject({ status: 500, body: { error: { code: "runtime_error" } } });
  await using knowing = await knowingServer({ contextReserveTokens: 64, contextStepTokens: 1 }, { moods, contextTokens: 250 });
  expect(await complete(knowing, 200)).toMatchObject({ status: 400, body: { error: { code: "context_length_exceeded", n_ctx: 250 } } });
  expect((await complete(knowing, 180)).status).toBe(200);
});

test("a model is not opened with more lanes than were right", async () => {
  await using server = await knowingServer({ batchMax: 2 }, { moods: "crash-batch=4", flags: ["--n-batch", "8"] });
  expect((await complete(server, 8)).status).toBe(200);
});

test("the KV cache is not emptied for vectors where that is said not to be needed", async () => {
  await using server = await knowingServer({ vectorsNeedEmptyCache: false }, {});
  const embed = async () => (await server.post("/v1/embeddings", { input: "the word was" })).status;
  // This library does need it, and shows so by the zeros that it gives for what it knew.
  expect([await embed(), await embed()]).toEqual([200, 500]);
});

test("a prompt that is read for nobody and cannot be stopped loses its process after the time that opening the model takes", async () => {
  const moods = "slow-prefill=40,deaf-prefill";
  await using server = await knowingServer({ abortStopsPrefill: false, openMs: 1 }, { moods, flags: ["--abort-timeout-s", "60"] });
  const client = new AbortController();
  const prompt = Array.from({ length: 500 }, (_, index) => 300 + (index % 40));
  const reply = server.post("/v1/completions", { prompt, max_tokens: 1 }, client.signal);
  while (!(await server.modelStatus()).running) await Bun.sleep(5);
  // What is asked in between is answered in order: when the second answer comes, the host has been told to run.
  for (let asked = 0; asked < 2; asked++) expect((await server.post("/v1/tokenize", { prompt: "word" })).status).toBe(200);
  const [pid] = server.hostPids();
  const startedMs = performance.now();
  client.abort();
  await reply.catch(() => {});
  await processGone(pid!);
  // Reading to the end would take 20 s.
  expect(performance.now() - startedMs).toBeLessThan(15_000);
  expect((await complete(server, 2)).status).toBe(200);
});
