import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, renameSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findingsKey } from "../../src/runtime/findings-key.ts";
import { FindingsFile } from "../../src/store/findings-file.ts";
import { VERSION } from "../../src/version.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../support/test-server.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const PATH = "/v1/chat/completions";
/** Prefill as slow as on a board: what was computed is worth a file. */
const SLOW = "slow-prefill=3";
const LONG = "The sea was calm and the ship went on and on into the west. ".repeat(4);

interface Cache {
  readonly hits: number;
  readonly misses: number;
  readonly passed: number;
  readonly tokens_saved: number;
  readonly entries: readonly {
    readonly model: string;
    readonly tokens: number;
    readonly bytes: number;
    readonly pinned: boolean;
    readonly hits: number;
  }[];
}

/** One token of the vocabulary. */
const SAID = "Once more, and then again.";

type Message = { readonly role: string; readonly content: string };
const user = (content: string): Message => ({ role: "user", content });

async function cacheOf(server: TestServer): Promise<Cache> {
  return (await (await fetch(`${server.url}/v1/cache`)).json()) as Cache;
}

/** One turn of a chat: what it says, and how many tokens of its prompt were computed. */
async function turn(
  server: TestServer,
  messages: readonly Message[],
  tokensMax = 8,
): Promise<{ text: string; prompt: number; computed: number }> {
  const response = await server.post(PATH, { messages, temperature: 0, max_tokens: tokensMax });
  expect(response.status).toBe(200);
  const { choices, usage } = (await response.json()) as {
    choices: { message: { content: string } }[];
    usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } };
  };
  const computed = usage.prompt_tokens - usage.prompt_tokens_details.cached_tokens;
  return { text: choices[0]!.message.content, prompt: usage.prompt_tokens, computed };
}

/** A chat that has had its first turn and been put out of the KV cache by another; `next` is what its second turn asks. */
async function evictedChat(server: TestServer): Promise<{ next: readonly Message[]; first: number }> {
  const opening = [user(`${LONG}What happened next?`)];
  const { text, computed } = await turn(server, opening);
  expect(computed).toBeGreaterThan(100);
  await turn(server, [user(`Another story, please. ${LONG}`)]);
  return { next: [...opening, { role: "assistant", content: text }, user("Go on")], first: computed };
}

function filesIn(cacheDir: string): string[] {
  const folder = join(cacheDir, "prompts");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".kv"))
    .map((name) => join(folder, name));
}

interface Options extends Pick<TestServerOptions, "models"> {
  readonly moods?: string;
  readonly flags?: readonly string[];
  readonly modelsDir?: string;
}

async function serverWith(cacheDir: string, { moods = SLOW, flags = [], ...rest }: Options = {}): Promise<TestServer> {
  return startTestServer({ moods, flags: ["--cache-dir", cacheDir, ...flags], ...rest });
}

test.each([
  ["1.3.0", []],
  ["1.2.3", ["--cpu-runtime-version", "1.2.3", "--temperature", "0"]],
  ["1.3.0 inside the server", ["--isolation", "thread"]],
])("a chat that another took the place of comes back from disk (%s)", async (_, flags) => {
  const cacheDir = temporaryFolder();
  await using server = await serverWith(cacheDir, { flags });
  const { next, first } = await evictedChat(server);
  const { computed, text } = await turn(server, next);
  expect(computed).toBeLessThan(first / 3);
  expect(await cacheOf(server)).toMatchObject({
    hits: 1,
    entries: expect.arrayContaining([expect.objectContaining({ model: "tiny", hits: 1 })]),
  });
  await using fresh = await serverWith(temporaryFolder(), { flags });
  expect((await turn(fresh, next)).text).toBe(text);
});

test("a chat goes on after a restart without computing what it had", async () => {
  const cacheDir = temporaryFolder();
  const opening = [user(`${LONG}What happened next?`)];
  const before = await serverWith(cacheDir);
  const { text, computed: first } = await turn(before, opening);
  await before.server.stop();
  await using after = await serverWith(cacheDir, { modelsDir: before.modelsDir });
  const { computed } = await turn(after, [...opening, { role: "assistant", content: text }, user("Go on")]);
  expect(computed).toBeLessThan(first / 3);
});

test.each([
  ["a restart", async (server: TestServer, again: () => Promise<TestServer>) => (await server.server.stop(), again())],
  [
    "the model was unloaded",
    async (server: TestServer) => {
      expect((await server.post("/v1/models/unload", { model: "tiny" })).status).toBe(200);
      return server;
    },
  ],
  [
    "another chat took its place, and its host was killed",
    async (server: TestServer) => {
      await turn(server, [user(`Another story, please. ${LONG}`)]);
      for (const pid of server.hostPids()) process.kill(pid, "SIGKILL");
      return server;
    },
  ],
])("answers that were sampled in other tokens than a tokenizer gives them are read from disk: %s", async (_, come) => {
  const cacheDir = temporaryFolder();
  // The model says in many tokens what is one token of its vocabulary.
  const models = { "tiny.gguf": { contextTokens: 4096, says: SAID, userTokens: [SAID] } };
  const first = await serverWith(cacheDir, { models });
  const messages = [user(`${LONG}What happened next?`)];
  for (const question of ["And then?", "Where did it go?", "Who was there?"]) {
    const { text } = await turn(first, messages, 60);
    messages.push({ role: "assistant", content: text }, user(`${question} ${LONG}`));
  }
  const { text, prompt } = await turn(first, messages, 60);
  await using server = await come(first, async () => serverWith(cacheDir, { modelsDir: first.modelsDir }));
  const { computed } = await turn(server, [...messages, { role: "assistant", content: text }, user("Go on")], 60);
  // Without its tokens as they were, the file would be good for no more than the first question.
  expect(computed).toBeLessThan(prompt / 4);
});

test.each([[[]], [["--isolation", "thread"]]])(
  "a server that is told to stop while a prompt is written keeps it, and loses no host over it %j",
  async (isolation: readonly string[]) => {
    const cacheDir = temporaryFolder();
    const flags = ["--shutdown-timeout-s", "0", ...isolation];
    const server = await serverWith(cacheDir, { moods: `${SLOW},slow-storage=2000`, flags });
    await turn(server, [user(`${LONG}What happened next?`)]);
    const second = server.post(PATH, { messages: [user(`Another story, please. ${LONG}`)] });
    // The model's folder is made for the file, which the library then takes its time to write.
    const folders = () => readdirSync(join(cacheDir, "prompts"), { withFileTypes: true }).filter((each) => each.isDirectory());
    while (folders().length === 0) await Bun.sleep(5);
    expect(filesIn(cacheDir)).toEqual([]);
    expect(await server.server.stop()).toBe(0);
    expect((await second).status).toBe(503);
    const log = server.server.output + (await server.server.log);
    expect(log).not.toMatch(/engine host lost|given up|Broken invariant/);
    await using after = await serverWith(cacheDir, { modelsDir: server.modelsDir });
    expect((await cacheOf(after)).entries).toHaveLength(1);
  },
);

test("what is computed sooner than it is read is neither written nor read, once that has been seen", async () => {
  const cacheDir = temporaryFolder();
  await using server = await serverWith(cacheDir, { moods: "slow-prefill=2,slow-storage=600" });
  const { next } = await evictedChat(server);
  const { text, computed } = await turn(server, next);
  // Reading it took twice as long as computing it would have: from now on that is known.
  expect({ computed: computed < 50, files: filesIn(cacheDir).length }).toEqual({ computed: true, files: 1 });
  await turn(server, [user(`A third story. ${LONG}`)]);
  expect((await turn(server, [...next, { role: "assistant", content: text }, user("And then?")])).computed).toBeGreaterThan(100);
  expect({ ...(await cacheOf(server)), files: filesIn(cacheDir).length }).toMatchObject({ hits: 1, passed: 1, files: 1 });
});

test.each<[string, (path: string) => void]>([
  ["cut short", (path) => truncateSync(path, 1000)],
  ["gone", (path) => rmSync(path)],
  ["replaced by another", (path) => writeFileSync(path, "not what was written")],
  ["damaged under its old size and time", damageUnseen],
])("a file that is %s costs the request nothing but its prefill", async (_, spoil) => {
  const cacheDir = temporaryFolder();
  await using server = await serverWith(cacheDir);
  const { next } = await evictedChat(server);
  for (const path of filesIn(cacheDir)) spoil(path);
  expect((await turn(server, next)).computed).toBeGreaterThan(100);
  expect((await cacheOf(server)).hits).toBe(0);
});

/** The index cannot tell: it is the library that refuses it. */
function damageUnseen(path: string): void {
  const { size, atime, mtime } = statSync(path);
  writeFileSync(path, Buffer.alloc(size, 7));
  // Not to the nanosecond: but a file system without them, or a copy, would keep what there is.
  utimesSync(path, atime, mtime);
}

test("what was computed with another model file is not used, and goes when the new one is opened", async () => {
  const cacheDir = temporaryFolder();
  await using server = await serverWith(cacheDir);
  const { next } = await evictedChat(server);
  const model = join(server.modelsDir, "tiny.gguf");
  writeTinyGguf(`${model}.new`, { seed: 3 });
  renameSync(`${model}.new`, model);
  await turn(server, next);
  expect(await cacheOf(server)).toMatchObject({ hits: 0, entries: [] });
  expect(filesIn(cacheDir)).toEqual([]);
});

test("what was computed with another context is not used, and stays for when that is opened again", async () => {
  const cacheDir = temporaryFolder();
  const before = await serverWith(cacheDir, { flags: ["--max-context-len", "2048"] });
  const { next } = await evictedChat(before);
  await before.server.stop();
  const files = filesIn(cacheDir);
  await using after = await serverWith(cacheDir, { modelsDir: before.modelsDir, flags: ["--max-context-len", "1024"] });
  expect((await turn(after, next)).computed).toBeGreaterThan(100);
  expect({ hits: (await cacheOf(after)).hits, files: filesIn(cacheDir) }).toEqual({ hits: 0, files: expect.arrayContaining(files) });
  expect(files.length).toBeGreaterThan(0);
});

test("a cache that cannot be written to is no reason to fail", async () => {
  const cacheDir = temporaryFolder();
  writeFileSync(join(cacheDir, "prompts"), "a file where the folder should be");
  await using server = await serverWith(cacheDir);
  const { next } = await evictedChat(server);
  expect((await turn(server, next)).computed).toBeGreaterThan(100);
  expect(await cacheOf(server)).toMatchObject({ hits: 0, entries: [] });
});

test("no file is read where an abort was called before and that is not known to be safe: a run's limit and a saving may be aborts", async () => {
  const cacheDir = temporaryFolder();
  const version = "1.2.3";
  const flags = ["--cpu-runtime-version", version, "--temperature", "0"];
  await using server = await serverWith(cacheDir, { moods: `${SLOW},crash-cache`, flags });
  const { size: bytes, mtimeMs } = statSync(join(server.modelsDir, "tiny.gguf"));
  const model = { bytes, modifiedMs: Math.trunc(mtimeMs) } as Parameters<typeof findingsKey>[1];
  const findings = { promptCache: { works: true, loadAfterAbort: false } };
  expect(new FindingsFile(cacheDir).keep(findingsKey({ kind: "built-in", version }, model, VERSION)!, findings, new Date())).toBeNull();
  const { next } = await evictedChat(server);
  const [host] = server.hostPids();
  const files = filesIn(cacheDir);
  expect((await turn(server, next)).computed).toBeGreaterThan(100);
  expect({ host: server.hostPids()[0], hits: (await cacheOf(server)).hits }).toEqual({ host, hits: 0 });
  expect(filesIn(cacheDir)).toEqual(expect.arrayContaining(files));
});

test("no more is kept than there is room for, the least used goes first", async () => {
  const cacheDir = temporaryFolder();
  await using server = await serverWith(cacheDir);
  await evictedChat(server);
  const [entry] = (await cacheOf(server)).entries;
  await server.server.stop();
  await using small = await serverWith(temporaryFolder(), { flags: ["--prompt-cache-bytes-max", String(Math.round(entry!.bytes * 1.5))] });
  await evictedChat(small);
  await turn(small, [user(`A third. ${LONG}`)]);
  expect((await cacheOf(small)).entries).toHaveLength(1);
});

test("a prompt that is warmed is kept, and chats that begin with it do not compute it", async () => {
  const cacheDir = temporaryFolder();
  const system: Message = { role: "system", content: `You are a sailor. ${LONG}` };
  await using server = await serverWith(cacheDir);
  const warm = async () => (await server.post("/v1/cache/warm", { messages: [system] })).json();
  expect(await warm()).toMatchObject({ object: "cache.entry", model: "tiny", tokens: expect.any(Number), bytes: expect.any(Number) });
  expect(await warm()).toMatchObject({ bytes: 0 });
  expect((await cacheOf(server)).entries).toMatchObject([{ pinned: true }]);
  await turn(server, [user(`Something else. ${LONG}`)]);
  const { prompt, computed } = await turn(server, [system, user("Hello")]);
  expect(computed).toBeLessThan(prompt / 3);
  const deleted = await fetch(`${server.url}/v1/cache?model=tiny`, { method: "DELETE" });
  expect(await deleted.json()).toMatchObject({ object: "cache" });
  expect({ entries: (await cacheOf(server)).entries, files: filesIn(cacheDir) }).toEqual({ entries: [], files: [] });
  expect(await warm()).toMatchObject({ bytes: expect.any(Number) });
  expect(await warm()).toMatchObject({ bytes: 0 });
  expect((await cacheOf(server)).entries).toMatchObject([{ pinned: true }]);
});

test("a prompt that is too long to be warmed is refused as it would be in a chat", async () => {
  await using server = await startTestServer();
  const messages = [user(LONG.repeat(40))];
  const chat = await (await server.post(PATH, { messages })).json();
  const response = await server.post("/v1/cache/warm", { messages });
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 400,
    body: { error: { code: "context_length_exceeded" } },
  });
  expect(chat).toMatchObject({ error: { code: "context_length_exceeded" } });
});

test("a prompt that is too short to be kept is refused, with its tokens and how many it takes", async () => {
  await using server = await startTestServer();
  const response = await server.post("/v1/cache/warm", { messages: [user("Hello")] });
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 400,
    body: {
      error: {
        param: "messages",
        message: expect.stringMatching(/^The prompt has \d+ tokens; only prompts of at least 64 are kept/) as string,
      },
    },
  });
});

test("a model whose prompts are not kept says so when one is to be warmed", async () => {
  await using server = await serverWith(temporaryFolder(), { flags: ["--n-batch", "2"] });
  const response = await server.post("/v1/cache/warm", { messages: [user(LONG)] });
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 400,
    body: { error: { code: "unsupported_parameter", message: expect.stringContaining("n_batch") as string } },
  });
});

test.each([
  ["prompt_cache_bytes_per_day_max", 507, "storage_full"],
  ["prompt_cache_bytes_max", 400, "invalid_value"],
])("a prompt that %s has no room for is not warmed, and the reply names it", async (setting, status, code) => {
  await using server = await serverWith(temporaryFolder(), { flags: [`--${setting.replaceAll("_", "-")}`, "1000"] });
  const response = await server.post("/v1/cache/warm", { messages: [user(LONG)] });
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status,
    body: { error: { code, message: expect.stringContaining(setting) as string } },
  });
});

test("with prompt_cache off nothing is written", async () => {
  const cacheDir = temporaryFolder();
  await using server = await serverWith(cacheDir, { flags: ["--prompt-cache", "off"] });
  const { next } = await evictedChat(server);
  expect((await turn(server, next)).computed).toBeGreaterThan(100);
  expect(filesIn(cacheDir)).toEqual([]);
});

test("where prompts are to be kept and cannot, as the model has several lanes, that is said when it is opened", async () => {
  await using server = await startTestServer({ flags: ["--prompt-cache", "on", "--n-batch", "2"] });
  await turn(server, [user("Hello")]);
  await server.server.stop();
  const log = server.server.output + (await server.server.log);
  expect(log).toContain("no prompts are kept for a model with n_batch above 1");
});

test("system prompts of the configuration are computed at the start, and chats that begin with one do not compute it", async () => {
  const config = temporaryFolder();
  const system: Message = { role: "system", content: `You are a sailor. ${LONG}` };
  writeFileSync(join(config, "inference_config.json"), JSON.stringify({ models: { tiny: { system_prompts: [system.content] } } }));
  await using server = await serverWith(temporaryFolder(), { flags: ["--config-dir", config] });
  while ((await fetch(`${server.url}/health/ready`)).status !== 200) await Bun.sleep(20);
  expect((await cacheOf(server)).entries).toMatchObject([{ model: "tiny", pinned: true }]);
  await turn(server, [user(`Something else. ${LONG}`)]);
  const { prompt, computed } = await turn(server, [system, user("Hello")]);
  expect(computed).toBeLessThan(prompt / 3);
});
