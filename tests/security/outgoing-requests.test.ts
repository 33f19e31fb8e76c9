/** What the server may be made to ask of other machines: of the hub that is configured, and of nobody else (SSRF). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import type { Server } from "bun";
import { pull } from "../../src/catalog/pull.ts";
import { ModelHub } from "../support/model-hub.ts";
import { refusal } from "../support/models-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

/** A server of the network that only this machine reaches. */
let victim: Server<unknown>;
let hits: string[] = [];
beforeAll(() => {
  victim = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => {
      hits.push(url);
      return new Response("from inside");
    },
  });
});
beforeEach(() => void (hits = []));
afterAll(async () => victim?.stop(true));

describe("a request to the API", () => {
  let hub: ModelHub;
  let api: TestServer;
  beforeAll(async () => {
    hub = await ModelHub.start();
    api = await startTestServer({ flags: ["--huggingface-endpoint", hub.url] });
  });
  afterAll(async () => {
    await api?.[Symbol.asyncDispose]();
    await hub?.[Symbol.asyncDispose]();
  });

  test("with links in it, wherever they stand, has none of them fetched", async () => {
    const url = `${victim.url.href}image.png`;
    const ask = (path: string, body: object) =>
      [path, { model: "tiny", max_tokens: 1, ...(path === "/v1/responses" ? { max_output_tokens: 16 } : {}), ...body }] as const;
    const user = (content: unknown) => ({ messages: [{ role: "user", content }] });
    const format = (schema: object) => ({ ...user("hi"), response_format: { type: "json_schema", json_schema: { name: "a", schema } } });
    const requests = [
      ask("/v1/chat/completions", user([{ type: "image_url", image_url: { url } }])),
      ask("/v1/chat/completions", user([{ type: "file", file: { file_data: url } }])),
      ask("/v1/chat/completions", user([{ type: "input_audio", input_audio: { data: url, format: "wav" } }])),
      ask("/v1/chat/completions", user(`![picture](${url})`)),
      ask("/v1/chat/completions", format({ $ref: url })),
      ask("/v1/chat/completions", format({ $id: url, $schema: url, type: "object" })),
      ask("/v1/chat/completions", { ...user("hi"), tools: [{ type: "mcp", server_url: url }] }),
      ask("/v1/responses", { input: [{ role: "user", content: [{ type: "input_image", image_url: url }] }] }),
      ask("/v1/responses", { input: [{ role: "user", content: [{ type: "input_file", file_url: url }] }] }),
      ask("/v1/responses", { input: "hi", tools: [{ type: "mcp", server_label: "x", server_url: url }] }),
      ask("/v1/messages", user([{ type: "image", source: { type: "url", url } }])),
      ask("/v1/messages", user([{ type: "document", source: { type: "url", url } }])),
      ask("/v1/messages", { ...user("hi"), mcp_servers: [{ type: "url", url, name: "x" }] }),
      ask("/v1/embeddings", { input: url }),
      ask("/api/chat", { messages: [{ role: "user", content: "hi", images: [url] }], stream: false }),
      ask("/api/generate", { prompt: "hi", images: [url], stream: false }),
      ask("/api/create", { model: "made", from: url, stream: false }),
      ask("/api/create", { model: "made", from: "tiny", remote_host: victim.url.href, stream: false }),
    ];
    const statuses: number[] = [];
    for (const [path, body] of requests) {
      const response = await api.post(path, body);
      statuses.push(response.status);
      expect(await response.text()).not.toContain("from inside");
    }
    expect([hits, statuses.filter((status) => status === 500)]).toEqual([[], []]);
  });

  test("pulls from no other machine than the hub", async () => {
    const port = victim.port ?? 0;
    const places = [
      `http://127.0.0.1:${port}/x.gguf`,
      `http://localhost:${port}/owner/repo/x.gguf`,
      `127.0.0.1:${port}/owner/repo/x.gguf`,
      `//127.0.0.1:${port}/x.gguf`,
      `https://169.254.169.254/latest/x.gguf`,
      `hf.co@127.0.0.1:${port}/owner/x.gguf`,
      `owner/repo/../../127.0.0.1:${port}/x.gguf`,
    ];
    for (const model of places) {
      const response = await api.post("/api/pull", { model, stream: false });
      expect([model, response.status >= 400]).toEqual([model, true]);
    }
    expect(hits).toEqual([]);
  });
});

describe("a hub on the internet", () => {
  /** Addresses of it that were asked, and where it sends whoever asks. */
  const HUB = "https://8.8.8.8";
  let asked: string[];
  let redirect = "";
  const stub = { restore: () => {} };
  beforeEach(() => {
    asked = [];
    const real = globalThis.fetch;
    const fake = async (input: URL | Request | string, init?: RequestInit): Promise<Response> => {
      const url = String(input instanceof Request ? input.url : input);
      asked.push(url);
      if (url.startsWith(HUB)) return new Response(null, { status: 302, headers: { location: redirect } });
      return url.startsWith(victim.url.href) ? real(input, init) : new Response("from inside");
    };
    const spy = spyOn(globalThis, "fetch").mockImplementation(fake as typeof fetch);
    stub.restore = () => spy.mockRestore();
  });
  afterEach(() => stub.restore());

  const pulling = (): Promise<unknown> =>
    pull("owner/repo/x.rkllm", {
      modelsDir: temporaryFolder(),
      endpoint: HUB,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      wait: () => Promise.resolve(),
    });

  test.each([
    "https://127.0.0.1/x",
    "https://localhost/x",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "https://0.0.0.0/x",
    "https://[::1]/x",
    "https://[::]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[64:ff9b::7f00:1]/x",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/x",
    "https://172.16.3.4/x",
    "https://192.168.1.1/x",
    "https://100.100.100.200/x",
    "https://[fd00::1]/x",
    "https://[fe80::1]/x",
  ])("that redirects to %s is not followed", async (location) => {
    redirect = location;
    const [code, message] = await refusal(pulling());
    expect([code, message]).toEqual(["download_failed", expect.stringContaining("which is in the network of this machine")]);
    expect(asked.filter((url) => !url.startsWith(HUB))).toEqual([]);
  });

  test.each(["http://127.0.0.1", "http://localhost"])("that redirects to %s is not followed there without TLS either", async (origin) => {
    redirect = `${origin}:${victim.url.port}/x`;
    expect((await refusal(pulling()))[0]).toBe("download_failed");
    expect([hits, asked.filter((url) => !url.startsWith(HUB))]).toEqual([[], []]);
  });

  test.each(["http://example.com/x", "file:///etc/hostname", "data:text/plain,x", "ftp://8.8.4.4/x"])(
    "that redirects to %s is not followed",
    async (location) => {
      redirect = location;
      expect((await refusal(pulling()))[1]).toContain("is not reached over https");
      expect(asked.filter((url) => !url.startsWith(HUB))).toEqual([]);
    },
  );

  test("that redirects to another place on the internet is followed", async () => {
    redirect = "https://1.1.1.1/x.rkllm";
    await pulling();
    expect(asked).toContain("https://1.1.1.1/x.rkllm");
  });
});

test("a hub of one's own network may keep its files in that network", async () => {
  await using hub = await ModelHub.start();
  await using store = await ModelHub.start();
  const content = new TextEncoder().encode("RKLLM weights");
  store.files.set("/blob", { content });
  hub.files.set("/owner/repo/resolve/main/x.rkllm", { content, redirect: `${store.url.replace("127.0.0.1", "localhost")}/blob` });
  const options = { modelsDir: temporaryFolder(), endpoint: hub.url, signal: new AbortController().signal, onProgress: () => undefined };
  expect(await pull("owner/repo/x.rkllm", options)).toMatchObject({ name: "x", bytes: content.length });
});
