/** Names that come from a client or a hub are no paths: nothing outside of the models folder is read, written or deleted. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ModelHub } from "../support/model-hub.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { writeTinyGguf, writeTinyLora } from "../support/tiny-gguf.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const CANARY = "canary-7f3a";
const WEIGHTS = gguf("weights.gguf", writeTinyGguf);
const LORA = gguf("lora.gguf", writeTinyLora);

let hub: ModelHub;
let api: TestServer;
/** The folder around the models folder: what attackers must not reach. */
let outside: string;

beforeAll(async () => {
  hub = await ModelHub.start();
  outside = temporaryFolder();
  const modelsDir = join(outside, "models");
  mkdirSync(join(modelsDir, "tiny"), { recursive: true });
  writeTinyGguf(join(modelsDir, "tiny", "tiny.gguf"));
  // Beside it lies what could be taken for a model, an adapter, or a secret.
  mkdirSync(join(outside, "theirs"));
  writeTinyGguf(join(outside, "theirs", "theirs.gguf"), { name: CANARY });
  writeTinyLora(join(outside, "theirs", "theirs_lora.gguf"));
  writeFileSync(join(outside, "secret.txt"), CANARY);
  api = await startTestServer({ modelsDir, flags: ["--huggingface-endpoint", hub.url] });
});
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await hub?.[Symbol.asyncDispose]();
});

function gguf(name: string, write: (path: string) => void): Uint8Array {
  const path = join(temporaryFolder(), name);
  write(path);
  return new Uint8Array(readFileSync(path));
}

const sha256 = (bytes: Uint8Array): string => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

/** Every file around the models folder, and the folders in it that no model has: hidden ones are the server's own. */
const around = (): readonly string[] =>
  readdirSync(outside, { recursive: true, encoding: "utf8" })
    .filter((name) => !/^models\/(?:\.|[^/]+\/(?:model\.json|[^/]+\.gguf)$)/.test(name) && !statSync(join(outside, name)).isDirectory())
    .sort();

async function upload(bytes: Uint8Array): Promise<string> {
  const digest = `sha256:${sha256(bytes)}`;
  const { status } = await fetch(`${api.url}/api/blobs/${digest}`, { method: "POST", body: bytes });
  expect([200, 201]).toContain(status);
  return digest;
}

const NAMES: readonly string[] = [
  "../theirs/theirs.gguf",
  "../theirs",
  "..",
  "tiny/../../theirs",
  "..\\theirs",
  "....//theirs",
  "%2e%2e%2ftheirs",
  "/etc/passwd",
  "file:///etc/passwd",
  "C:\\Windows\\win.ini",
  "tiny\u0000../theirs",
  "tiny+../theirs/theirs_lora",
  "~/theirs",
];

const withName = (name: string): readonly (readonly [method: string, path: string, body?: unknown])[] => {
  const messages = [{ role: "user", content: "hi" }];
  return [
    ["POST", "/v1/chat/completions", { model: name, messages, max_tokens: 1 }],
    ["POST", "/v1/completions", { model: name, prompt: "hi", max_tokens: 1 }],
    ["POST", "/v1/embeddings", { model: name, input: "hi" }],
    ["POST", "/v1/responses", { model: name, input: "hi", max_output_tokens: 1 }],
    ["POST", "/v1/messages", { model: name, messages, max_tokens: 1 }],
    ["GET", `/v1/models/${encodeURIComponent(name)}`],
    ["DELETE", `/v1/cache?model=${encodeURIComponent(name)}`],
    ["GET", `/v1/responses/${encodeURIComponent(name)}`],
    ["POST", "/api/chat", { model: name, messages, options: { num_predict: 1 } }],
    ["POST", "/api/show", { model: name }],
    ["POST", "/api/copy", { source: name, destination: "copied" }],
    ["POST", "/api/copy", { source: "tiny", destination: name }],
    ["DELETE", "/api/delete", { model: name }],
    ["POST", "/api/create", { model: name, from: "tiny", system: "x", stream: false }],
    ["POST", "/api/create", { model: "made", from: name, system: "x", stream: false }],
    ["HEAD", `/api/blobs/${encodeURIComponent(name)}`],
    ["POST", `/api/blobs/sha256:${encodeURIComponent(name)}`, "x"],
  ];
};

test.each(NAMES)("a model called %j is none, whatever is asked of it", async (name) => {
  const before = around();
  for (const [method, path, body] of withName(name)) {
    const response = await fetch(api.url + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    // A path that an HTTP client shortens by itself leads to other routes, which have nothing of this name either.
    expect([path, response.status >= 400 && response.status < 500, text.includes(CANARY)]).toEqual([path, true, false]);
  }
  expect(around()).toEqual(before);
});

test.each([
  "../evil.gguf",
  "/tmp/evil.gguf",
  "a/../../evil.gguf",
  "..\\evil.gguf",
  "C:evil.gguf",
  ".hidden.gguf",
  "a\u0000.gguf",
  "a\n.gguf",
])("an uploaded file called %j is written nowhere", async (name) => {
  const [weights, adapter] = [await upload(WEIGHTS), await upload(LORA)];
  const before = around();
  const recipes = [
    { model: "evil", files: { [name]: weights }, stream: false },
    { model: "evil", from: "tiny", adapters: { [name]: adapter }, stream: false },
  ];
  const statuses: number[] = [];
  for (const recipe of recipes) statuses.push((await api.post("/api/create", recipe)).status);
  expect([statuses, around()]).toEqual([[400, 400], before]);
});

test.each([
  "../../evil.gguf",
  "/evil.gguf",
  "..%2f..%2fevil.gguf",
  "a/../../../../evil.gguf",
  "..\\..\\evil.gguf",
  ".pull/../../evil.gguf",
])("a hub that calls its file %j has it put into a folder of the models folder, or nowhere", async (rfilename) => {
  hub.files.set("/api/models/owner/repo/revision/main", {
    content: new TextEncoder().encode(JSON.stringify({ siblings: [{ rfilename, size: WEIGHTS.length }] })),
  });
  // Whatever path it is asked for, it answers with weights.
  for (const path of [`/owner/repo/resolve/main/${rfilename}`, "/evil.gguf", "/owner/repo/evil.gguf", "/owner/evil.gguf"])
    hub.files.set(path, { content: WEIGHTS });
  const before = around();
  await (await api.post("/api/pull", { model: "hf.co/owner/repo", stream: false })).text();
  expect([around(), readdirSync(outside).sort()]).toEqual([before, ["models", "secret.txt", "theirs"]]);
  expect(readdirSync(api.modelsDir).filter((name) => name.endsWith(".gguf"))).toEqual([]);
  await fetch(`${api.url}/api/delete`, { method: "DELETE", body: JSON.stringify({ model: "evil" }) });
});

test.each(["/etc/hostname", "./theirs.gguf", "../theirs/theirs.gguf", "~/theirs.gguf", "file:///etc/hostname", "theirs.gguf"])(
  "a client cannot have the server take the file %j of its own machine for a model",
  async (model) => {
    const { status } = await api.post("/api/pull", { model, stream: false });
    expect([status >= 400, await (await fetch(`${api.url}/api/tags`)).text()]).toEqual([true, expect.not.stringContaining("theirs")]);
  },
);

test.each(["/../../../theirs/theirs.gguf", "/../../../../../../../../etc/hostname", `${"0".repeat(64)}/../../theirs/theirs.gguf`])(
  "a digest that goes on as the path %s finds no file, and makes no model of one",
  async (path) => {
    const digest = `sha256:${path}`;
    const before = around();
    const statuses = [
      (await fetch(`${api.url}/api/blobs/${encodeURIComponent(digest)}`, { method: "HEAD" })).status,
      (await fetch(`${api.url}/api/blobs/${encodeURIComponent(digest)}`, { method: "POST", body: "x" })).status,
      (await api.post("/api/create", { model: "taken", files: { "taken.gguf": digest }, stream: false })).status,
      (await api.post("/api/create", { model: "taken", from: "tiny", adapters: { "taken_lora.gguf": digest }, stream: false })).status,
    ];
    expect([statuses, around()]).toEqual([[400, 400, 400, 400], before]);
  },
);

test("a path that climbs out of the API description's files finds nothing", async () => {
  for (const path of ["/swagger/..%2f..%2f..%2fetc%2fpasswd", "/swagger/%2e%2e/%2e%2e/etc/passwd", "/swagger/....//etc/passwd"]) {
    expect([path, (await fetch(api.url + path)).status]).toEqual([path, 404]);
  }
});
