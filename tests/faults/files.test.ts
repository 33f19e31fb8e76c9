/** Files that vanish, are replaced or cannot be written under a running server. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { holdingsOf, holdsNoMoreThan } from "../support/holdings.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { writeTinyGguf, writeTinyLora } from "../support/tiny-gguf.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const PATH = "/v1/chat/completions";
const LONG = "The sea was calm and the ship went on and on into the west. ".repeat(4);
/** Prefill as slow as on a board: what was computed is worth a file. */
const SLOW = "slow-prefill=3";

/** A chat that puts the one before it out of the KV cache, so that this is written to a file where it can be. */
async function chat(server: TestServer, opening: string): Promise<number> {
  const response = await server.post(PATH, { messages: [{ role: "user", content: `${opening} ${LONG}` }], temperature: 0, max_tokens: 4 });
  await response.text();
  return response.status;
}

async function keptFiles(server: TestServer): Promise<number> {
  return ((await (await fetch(`${server.url}/v1/cache`)).json()) as { entries: unknown[] }).entries.length;
}

const kvFilesIn = (cacheDir: string) =>
  readdirSync(join(cacheDir, "prompts"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".kv"));

async function stopped(server: TestServer): Promise<string> {
  await server.server.stop();
  return server.server.log;
}

const errorsIn = (log: string) => log.split("\n").filter((line) => line.includes(" error "));

describe("the prompt cache", () => {
  test("with a full disk keeps nothing, leaves nothing behind, and costs no request anything", async () => {
    const cacheDir = temporaryFolder();
    // No file of the host may be larger than 8 blocks: what it writes ends as on a full disk.
    const prefix = ["sh", "-c", `trap "" XFSZ; ulimit -f 8; exec "$@"`, "--"].join(",");
    await using server = await startTestServer({ moods: SLOW, flags: ["--cache-dir", cacheDir, "--exec-prefix", prefix] });
    const pids = [await chat(server, "One."), ...server.hostPids()].slice(1);
    const before = holdingsOf(server);
    expect([await chat(server, "Two."), await chat(server, "Three."), await chat(server, "Four.")]).toEqual([200, 200, 200]);
    expect([await keptFiles(server), kvFilesIn(cacheDir), server.hostPids()]).toEqual([0, [], pids]);
    await holdsNoMoreThan(server, { children: before.children, descriptors: before.descriptors });
    expect(errorsIn(await stopped(server))).toEqual([]);
  });

  const index = (cacheDir: string) => join(cacheDir, "prompts", "index.sqlite");
  test.each<[string, (cacheDir: string) => void, RegExp]>([
    ["whose folder vanishes", (cacheDir) => rmSync(cacheDir, { recursive: true }), /gone, and a new one is begun/],
    ["whose index is deleted", (cacheDir) => rmSync(index(cacheDir)), /gone, and a new one is begun/],
    ["whose index is emptied", (cacheDir) => truncateSync(index(cacheDir), 0), /^/],
    [
      "whose folder becomes a file",
      (cacheDir) => {
        rmSync(join(cacheDir, "prompts"), { recursive: true });
        writeFileSync(join(cacheDir, "prompts"), "");
      },
      /no prompt cache entries are kept: their file cannot be opened/,
    ],
  ])("%s costs no request anything", async (_, spoil, warning) => {
    const cacheDir = join(temporaryFolder(), "cache");
    mkdirSync(cacheDir);
    await using server = await startTestServer({ moods: SLOW, flags: ["--cache-dir", cacheDir] });
    const answers = [await chat(server, "One."), await chat(server, "Two.")];
    const before = holdingsOf(server);
    spoil(cacheDir);
    answers.push(await chat(server, "One."), await chat(server, "Two."), await chat(server, "Three."));
    expect(answers).toEqual([200, 200, 200, 200, 200]);
    await holdsNoMoreThan(server, { children: before.children, descriptors: before.descriptors });
    const log = await stopped(server);
    expect([errorsIn(log), warning.test(log)]).toEqual([[], true]);
  });
});

describe("stored responses", () => {
  test.each<[string, (path: string) => void]>([
    ["whose file is deleted", (path) => rmSync(path)],
    ["whose file is emptied", (path) => truncateSync(path, 0)],
    ["whose file becomes a folder", (path) => [rmSync(path), mkdirSync(path)]],
  ])("%s are answered and stored all the same", async (_, spoil) => {
    const cacheDir = temporaryFolder();
    await using server = await startTestServer({ flags: ["--cache-dir", cacheDir] });
    const respond = async (more: object = {}) => {
      const response = await server.post("/v1/responses", { input: "Hi", max_output_tokens: 16, ...more });
      return { status: response.status, id: ((await response.json()) as { id: string }).id };
    };
    await respond();
    spoil(join(cacheDir, "responses.sqlite"));
    const next = await respond();
    const later = await respond({ previous_response_id: next.id });
    expect([next.status, later.status]).toEqual([200, 200]);
    expect(errorsIn(await stopped(server))).toEqual([]);
  });
});

describe("the models folder", () => {
  const ask = async (server: TestServer, model: string) => {
    const response = await server.post(PATH, { model, messages: [{ role: "user", content: "Hi" }], max_tokens: 1 });
    const { error } = (await response.json()) as { error?: { code: string } };
    return error === undefined ? response.status : [response.status, error.code];
  };

  test("may vanish and come back: what is not there is said to be so, and what has come back is answered", async () => {
    await using server = await startTestServer();
    expect(await ask(server, "tiny")).toBe(200);
    renameSync(server.modelsDir, `${server.modelsDir}-elsewhere`);
    expect([await ask(server, "tiny"), (await fetch(`${server.url}/v1/models`)).status]).toEqual([[404, "model_not_found"], 200]);
    renameSync(`${server.modelsDir}-elsewhere`, server.modelsDir);
    expect(await ask(server, "tiny")).toBe(200);
    await holdsNoMoreThan(server, { children: 1 });
  });

  test("may lose a model while it is open and get another of its name, which is then loaded", async () => {
    await using server = await startTestServer();
    const path = join(server.modelsDir, "tiny.gguf");
    expect(await ask(server, "tiny")).toBe(200);
    const [old] = server.hostPids();
    rmSync(path);
    expect(await ask(server, "tiny")).toEqual([404, "model_not_found"]);
    writeFileSync(path, "not a model");
    expect(await ask(server, "tiny")).toEqual([expect.any(Number) as number, expect.any(String) as string]);
    writeTinyGguf(path, { seed: 2 });
    expect(await ask(server, "tiny")).toBe(200);
    expect(server.hostPids()).not.toContain(old);
    await holdsNoMoreThan(server, { children: 1 });
  });

  test("may lose an adapter: requests that name it are refused, and the model without it is answered", async () => {
    await using server = await startTestServer();
    const path = join(server.modelsDir, "pirate_lora.gguf");
    writeTinyLora(path);
    expect(await ask(server, "tiny+pirate")).toBe(200);
    rmSync(path);
    expect([await ask(server, "tiny+pirate"), await ask(server, "tiny")]).toEqual([[404, "model_not_found"], 200]);
    writeTinyLora(path);
    expect(await ask(server, "tiny+pirate")).toBe(200);
    expect(existsSync(path)).toBe(true);
    await holdsNoMoreThan(server, { children: 1 });
  });
});
