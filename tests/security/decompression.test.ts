/** A small message that becomes a large one: compressed bodies, and bodies that only unfold when they are parsed. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { brotliCompressSync, deflateSync } from "node:zlib";
import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { pull, type PullProgress } from "../../src/catalog/pull.ts";
import { ModelHub } from "../support/model-hub.ts";
import { refusal } from "../support/models-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

describe("a request", () => {
  let api: TestServer;
  beforeAll(async () => {
    api = await startTestServer();
  });
  afterAll(async () => api?.[Symbol.asyncDispose]());

  const CHAT = JSON.stringify({ model: "tiny", messages: [{ role: "user", content: "hi" }], max_tokens: 1 });
  test.each<[string, Uint8Array<ArrayBuffer>]>([
    ["gzip", Bun.gzipSync(CHAT)],
    ["deflate", new Uint8Array(deflateSync(CHAT))],
    ["br", new Uint8Array(brotliCompressSync(CHAT))],
    ["zstd", new Uint8Array(Bun.zstdCompressSync(CHAT))],
    ["gzip, gzip", Bun.gzipSync(Bun.gzipSync(CHAT))],
  ])("whose body is compressed with %s is refused, and nothing of it is unpacked", async (encoding, body) => {
    for (const path of ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings", "/api/chat", "/api/create"]) {
      const response = await fetch(api.url + path, { method: "POST", body, headers: { "content-encoding": encoding } });
      expect([path, response.status, await response.text()]).toEqual([path, 400, expect.stringContaining("compressed")]);
    }
  });

  test("that uploads a compressed file has it kept as it is", async () => {
    const body = Bun.gzipSync(new Uint8Array(10_000_000));
    const digest = new Bun.CryptoHasher("sha256").update(body).digest("hex");
    const headers = { "content-encoding": "gzip" };
    expect((await fetch(`${api.url}/api/blobs/sha256:${digest}`, { method: "POST", body, headers })).status).toBe(201);
  });

  test.each([
    ["levels", "[".repeat(20_000_000), "is nested deeper than 1000 levels"],
    ["levels of objects", '{"a":'.repeat(4_000_000), "is nested deeper than 1000 levels"],
    ["levels behind a text that speaks of brackets", `{"a":"\\"]]]]","b":${"[".repeat(20_000_000)}`, "is nested deeper than 1000 levels"],
    [
      "keys",
      `{"model":"tiny","input":"a",${Array.from({ length: 1_000_000 }, (_, index) => `"${index}":1`).join(",")}}`,
      "has more than 250000 keys",
    ],
    ["values", `{"model":"tiny","input":[${"{},".repeat(2_000_000)}{}]}`, "has more than 1000000 objects and arrays"],
  ])("that would become millions of %s is refused before it is parsed", async (_, body, words) => {
    for (const path of ["/v1/chat/completions", "/v1/embeddings", "/api/embed"]) {
      const response = await fetch(api.url + path, { method: "POST", body });
      expect([path, response.status, await response.text()]).toEqual([path, 400, expect.stringContaining(words)]);
    }
  });
});

describe("a hub", () => {
  const blanks = (bytes: number): string => `{${" ".repeat(bytes)}}`;
  const compressed = (text: string) => ({ content: Bun.gzipSync(text), headers: { "content-encoding": "gzip" } });
  const pulling = async (hub: ModelHub, notes: string[], source = "owner/repo/x.rkllm"): Promise<unknown> =>
    pull(source, {
      modelsDir: temporaryFolder(),
      endpoint: hub.url,
      signal: new AbortController().signal,
      onProgress: (event: PullProgress) => void (event.kind === "note" && notes.push(event.text)),
      wait: () => Promise.resolve(),
    });

  test("that packs a small file has no more of it unpacked than such a file can have", async () => {
    await using hub = await ModelHub.start();
    hub.files.set("/owner/repo/resolve/main/x.rkllm", { content: new TextEncoder().encode("RKLLM weights") });
    hub.files.set("/owner/repo/resolve/main/tokenizer_config.json", compressed(blanks(50_000_000)));
    const notes: string[] = [];
    const { path, sidecars } = (await pulling(hub, notes)) as { path: string; sidecars: readonly string[] };
    expect([existsSync(path), sidecars, notes.some((note) => note.includes("tokenizer_config.json is larger than"))]).toEqual([
      true,
      [],
      true,
    ]);
    expect(readdirSync(dirname(path)).sort()).toEqual(["model.json", "x.rkllm"]);
    expect(new Set(hub.requests.map(({ headers }) => headers.get("accept-encoding")))).toEqual(new Set(["identity"]));
  });

  test("that packs its list of files is not read to the end either", async () => {
    await using hub = await ModelHub.start();
    hub.files.set("/api/models/owner/repo/revision/main", compressed(blanks(50_000_000)));
    expect((await refusal(pulling(hub, [], "owner/repo")))[1]).toContain("answered more than was asked for");
  });
});
