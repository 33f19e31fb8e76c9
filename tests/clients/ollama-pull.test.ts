/** Models that Ollama's own client pulls from a hub, on a whole server. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ollama } from "ollama";
import { ModelHub } from "../support/model-hub.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const PATH = "/owner/repo/resolve/main/Far-1B.gguf";

let sha256 = "";
let hub: ModelHub;
let api: TestServer;
let ollama: Ollama;

beforeAll(async () => {
  hub = await ModelHub.start();
  const path = join(temporaryFolder(), "tiny.gguf");
  writeTinyGguf(path, { says: "From afar." });
  const content = new Uint8Array(readFileSync(path));
  sha256 = new Bun.CryptoHasher("sha256").update(content).digest("hex");
  hub.files.set(PATH, { content, headers: { "x-linked-etag": `"${sha256}"`, "x-linked-size": String(content.length) } });
  api = await startTestServer({ flags: ["--huggingface-endpoint", hub.url, "--cache-dir", temporaryFolder()] });
  ollama = new Ollama({ host: api.url });
});
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await hub?.[Symbol.asyncDispose]();
});

test("a model is pulled with its progress, answers by the name it was pulled by, and is there the next time", async () => {
  const model = "hf.co/owner/repo/Far-1B.gguf";
  const lines = await Array.fromAsync(await ollama.pull({ model, stream: true }));
  const bar = `pulling ${sha256.slice(0, 12)}`;
  expect([...new Set(lines.map(({ status }) => status))]).toEqual([
    "pulling manifest",
    bar,
    "verifying sha256 digest",
    "writing manifest",
    "success",
  ]);
  const transfers = lines.filter(({ status }) => status === bar);
  const total = transfers[0]?.total;
  expect(total).toBeGreaterThan(0);
  expect(transfers.every((line) => line.digest === `sha256:${sha256}` && line.total === total)).toBe(true);
  expect([transfers[0]?.completed, transfers.at(-1)?.completed]).toEqual([undefined, total]);
  expect((await ollama.chat({ model, messages: [{ role: "user", content: "Hello" }] })).message.content).toBe("From afar.");
  expect(await ollama.pull({ model })).toMatchObject({ status: "success" });
  expect((await Array.fromAsync(await ollama.pull({ model, stream: true }))).map(({ status }) => status)).toEqual([
    "pulling manifest",
    "success",
  ]);
  await ollama.delete({ model });
  expect((await ollama.list()).models.map(({ name }) => name)).toEqual(["tiny:latest"]);
});

test("what the hub does not have ends in an error line", async () => {
  const reply = await api.post("/api/pull", { model: "owner/repo/none.gguf" });
  const lines = (await reply.text()).trim().split("\n");
  expect([reply.status, lines[0], lines.at(-1)]).toEqual([
    200,
    '{"status":"pulling manifest"}',
    expect.stringContaining('{"error":"pull model manifest: file does not exist.') as string,
  ]);
});
