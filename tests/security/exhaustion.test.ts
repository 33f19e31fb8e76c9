/**
 * Requests, files and hubs that would take all time, memory or disk there is. Clients that are slow, silent or many are in
 * tests/faults/odd-clients.test.ts.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import fs from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pull } from "../../src/catalog/pull.ts";
import { ModelHub } from "../support/model-hub.ts";
import { refusal } from "../support/models-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const MANY = 300_000;
const messages = [{ role: "user", content: "hi" }];
const schema = (json: unknown) => ({ messages, response_format: { type: "json_schema", json_schema: { name: "a", schema: json } } });
const nested = (depth: number): string => `${'{"properties":{"a":'.repeat(depth)}{}${"}}".repeat(depth)}`;

let api: TestServer;
beforeAll(async () => {
  api = await startTestServer({ models: { "tiny.gguf": { contextTokens: 512 } }, flags: ["--load-timeout-s", "5"] });
});
afterAll(async () => api?.[Symbol.asyncDispose]());

/** Gives up in time: a server that is held answers nobody, and the test has to end all the same. */
const ask = async (path: string, body: unknown): Promise<readonly [status: number, text: string]> => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(api.url + path, { method: "POST", body: text, signal: AbortSignal.timeout(50_000) });
  return [response.status, await response.text()];
};

describe("a client's text", () => {
  test.each([
    ["slashes that do not end it", `a/b${"/".repeat(MANY)}x`],
    ["dashes", `a/b:${"-".repeat(MANY)}x`],
    ["dots", `a/b:${".".repeat(MANY)}/`],
    ["colons", `a${":a-".repeat(MANY)}`],
    ["blanks", `a${" ".repeat(MANY)}x`],
    ["the same letter", "a".repeat(MANY)],
  ])("of very many %s is no model's name, and holds nobody up", async (_, model) => {
    for (const [path, body] of [
      ["/api/pull", { model, stream: false }],
      ["/api/show", { model }],
      ["/api/create", { model, from: model, stream: false }],
      ["/api/copy", { source: model, destination: model }],
      ["/v1/chat/completions", { model, messages }],
      ["/v1/messages", { model, messages, max_tokens: 1 }],
    ] as const) {
      const [status, text] = await ask(path, body);
      expect([path, status >= 400 && status < 500, text.length < 2000]).toEqual([path, true, true]);
    }
  });
});

describe("a request", () => {
  test.each<[what: string, path: string, body: unknown]>([
    ["choices", "/v1/chat/completions", { messages, n: 1_000_000 }],
    ["messages", "/v1/chat/completions", { messages: Array.from({ length: 100_000 }, () => messages[0]) }],
    ["stop sequences", "/v1/chat/completions", { messages, stop: Array.from({ length: 10_000 }, (_, index) => `stop ${index}`) }],
    ["characters of a stop sequence", "/v1/chat/completions", { messages, stop: "s".repeat(1_000_000) }],
    ["characters", "/v1/chat/completions", { messages: [{ role: "user", content: "a ".repeat(5_000_000) }] }],
    [
      "levels of a tool's schema",
      "/v1/chat/completions",
      `{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":${nested(400)}}}]}`,
    ],
    ["levels of metadata", "/v1/responses", `{"input":"hi","metadata":${nested(400)}}`],
    ["parts of a schema", "/v1/chat/completions", schema({ allOf: Array.from({ length: 50_000 }, () => ({ type: "object" })) })],
    [
      "turns of a schema about itself",
      "/v1/chat/completions",
      schema({ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }),
    ],
    ["texts to embed", "/v1/embeddings", { input: Array.from({ length: 100_000 }, () => "a") }],
    ["texts to embed for Ollama's clients", "/api/embed", { input: Array.from({ length: 100_000 }, () => "a") }],
    ["documents to rank", "/v1/rerank", { query: "a", documents: Array.from({ length: 100_000 }, () => "a") }],
    ["characters to tokenize", "/v1/tokenize", { content: "a ".repeat(1_000_000) }],
    ["tokens to read", "/v1/detokenize", { tokens: Array.from({ length: 500_000 }, () => 1) }],
    [
      "files of a model",
      "/api/create",
      {
        model: "made",
        files: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}.gguf`, `sha256:${"0".repeat(64)}`])),
      },
    ],
    [
      "options of a model",
      "/api/create",
      { model: "made", from: "tiny", parameters: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`p${index}`, 1])) },
    ],
    ["bytes of a model's texts", "/api/create", { model: "made", from: "tiny", system: "s".repeat(5_000_000), stream: false }],
    ["bytes of a model's licence", "/api/create", { model: "made", from: "tiny", license: "l".repeat(5_000_000), stream: false }],
    ["bytes", "/v1/chat/completions", `{"messages":[{"role":"user","content":"${"a".repeat(68_000_000)}"}]}`],
  ])("of too many %s is refused", async (_, path, body) => {
    const [status, text] = await ask(path, typeof body === "string" ? body : { model: "tiny", ...(body as object) });
    expect([[400, 413].includes(status), text.slice(0, [400, 413].includes(status) ? 0 : 300)]).toEqual([true, ""]);
  });

  test("for a million million tokens ends where the context does", async () => {
    const [status, text] = await ask("/v1/completions", { model: "tiny", prompt: "a ".repeat(200), max_tokens: 1e12, temperature: 0 });
    const { usage } = JSON.parse(text) as { usage: { total_tokens: number } };
    expect([status, usage.total_tokens <= 512]).toEqual([200, true]);
  });
});

describe("text of very many beginnings of control tokens", () => {
  test.each<[where: string, request: (text: string) => object]>([
    ["a message", (text) => ({ messages: [{ role: "user", content: text }] })],
    ["a tool", (text) => ({ messages, tools: [{ type: "function", function: { name: "f", description: text } }] })],
    ["a tool's result", (text) => ({ messages: [...messages, { role: "tool", tool_call_id: "c", content: text }] })],
    ["a name", (text) => ({ messages: [{ role: "user", name: text, content: "hi" }] })],
  ])("in %s does not cost others the process that runs the model", async (_, request) => {
    expect((await ask("/v1/chat/completions", { model: "tiny", messages, max_tokens: 1 }))[0]).toBe(200);
    const pids = api.hostPids();
    for (const text of ["<".repeat(8_000_000), "<|im_".repeat(1_600_000), "<|im_end|>".repeat(800_000)])
      expect((await ask("/v1/chat/completions", { model: "tiny", max_tokens: 1, ...request(text) }))[0]).toBe(400);
    expect(api.hostPids()).toEqual(pids);
  });
});

describe("a template that a client brings", () => {
  test.each([
    ["blanks", `{%${" ".repeat(250_000)}x`],
    ["blanks behind it", `{{ a }}${" ".repeat(250_000)}`],
    ["lines", `{{ a }}${"\n \t".repeat(80_000)}{{ a }}`],
    ["brackets", `{{ ${"(".repeat(250_000)}`],
    ["tags", "{% if a %}".repeat(25_000)],
    ["beginnings", "{#".repeat(125_000)],
    ["Go's tags", "{{ .".repeat(60_000)],
  ])("of very many %s is refused, and holds nobody up", async (_, template) => {
    expect((await ask("/api/create", { model: "made", from: "tiny", template, stream: false }))[0]).toBe(400);
  });

  test.each([
    ["counts without end", "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}"],
    ["makes lists without end", "{{ range(100000000000) | list }}"],
    [
      "doubles a text without end",
      "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    ],
    ["reaches for the program around it", "{{ ''.constructor.constructor('return process.exit(1)')() }}{{ messages.__proto__.x }}"],
  ])("and that %s ends its own request, and nobody else's", async (_, template) => {
    const made = { model: "endless", from: "tiny", template: `${template}{{ messages[0].content }}`, stream: false };
    expect((await ask("/api/create", made))[0]).toBe(200);
    const endless = ask("/v1/chat/completions", { model: "endless", messages, max_tokens: 1 });
    // Not held up by it: the template runs in a process of its own.
    expect((await fetch(`${api.url}/api/tags`)).status).toBe(200);
    expect((await endless)[0]).toBeGreaterThanOrEqual(400);
    expect((await ask("/v1/chat/completions", { model: "tiny", messages, max_tokens: 1 }))[0]).toBe(200);
  });
});

describe("a hub", () => {
  const pulling = async (hub: ModelHub, modelsDir: string, source = "owner/repo/x.rkllm"): Promise<unknown> =>
    pull(source, {
      modelsDir,
      endpoint: hub.url,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      wait: () => Promise.resolve(),
    });
  const FILE = "/owner/repo/resolve/main/x.rkllm";

  test("that says nothing of a file's length fills no disk with it, and leaves nothing behind", async () => {
    await using hub = await ModelHub.start();
    const modelsDir = temporaryFolder();
    hub.files.set(FILE, { content: new Uint8Array(40_000_000).fill(1), unsized: true });
    const room = [1e12, 1e12, 0];
    const full = spyOn(fs, "statfs").mockImplementation((async () => ({
      bavail: room.shift() ?? 0,
      bsize: 1,
    })) as unknown as typeof fs.statfs);
    try {
      expect(await refusal(pulling(hub, modelsDir))).toEqual(["download_failed", expect.stringContaining("Not enough room")]);
    } finally {
      full.mockRestore();
    }
    expect(readdirSync(modelsDir, { recursive: true })).toEqual([]);
  });

  const lists = (hub: ModelHub, info: object): void =>
    void hub.files.set("/api/models/owner/repo/revision/main", { content: new TextEncoder().encode(JSON.stringify(info)) });

  test.each([
    ["dashes", `x${"-".repeat(MANY)}y.rkllm`],
    ["dots", `x${".".repeat(MANY)}y.gguf`],
    ["folders", `${"a/".repeat(MANY)}x.gguf`],
  ])("that lists a file of very many %s has none that is looked at", async (_, rfilename) => {
    await using hub = await ModelHub.start();
    lists(hub, { siblings: [{ rfilename }] });
    const [code, message] = await refusal(pulling(hub, temporaryFolder(), "owner/repo"));
    expect([code, message.length < 2000]).toEqual(["invalid_request", true]);
  });

  test("that names thousands of originals is asked for a few, and thousands of parts for none", async () => {
    await using hub = await ModelHub.start();
    hub.files.set(FILE, { content: new TextEncoder().encode("RKLLM weights") });
    lists(hub, { siblings: [], cardData: { base_model: Array.from({ length: 5000 }, (_, index) => `owner/original-${index}`) } });
    await pulling(hub, temporaryFolder());
    expect(hub.requests.length).toBeLessThan(100);
    const [first, weights] = ["/owner/repo/resolve/main/x-00001-of-99999.gguf", join(temporaryFolder(), "tiny.gguf")];
    writeTinyGguf(weights);
    hub.files.set(first, { content: new Uint8Array(readFileSync(weights)) });
    await pulling(hub, temporaryFolder(), "owner/repo/x-00001-of-99999.gguf");
    expect(hub.requests.filter(({ path }) => path.includes("-of-99999")).map(({ path }) => path)).toEqual([first]);
  });

  test("that announces more than the disk holds is not begun with", async () => {
    await using hub = await ModelHub.start();
    hub.files.set(FILE, { content: new Uint8Array(10), headers: { "x-linked-size": "900000000000000" } });
    expect(await refusal(pulling(hub, temporaryFolder()))).toEqual(["download_failed", expect.stringContaining("Not enough room")]);
  });
});
