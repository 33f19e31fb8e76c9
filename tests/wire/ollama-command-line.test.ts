/** What Ollama's own command line sends for each of its commands, in order, and what it needs to find in the replies. */
import { expect, test } from "bun:test";
import { AppError } from "../../src/core/errors.ts";
import { ask, HELLO, LOADED, scriptedEngine } from "../support/scripted-engine.ts";
import type { Script } from "../support/scripted-engine.ts";
import { type LibraryScript, scriptedLibrary } from "../support/scripted-library.ts";

type Json = Readonly<Record<string, unknown>>;

const headers = { "user-agent": "ollama/0.33.0 (amd64 linux) Go/go1.24" };
const question = [{ role: "user", content: "hi" }];

/** A command: it sends one request after another to the same server. */
function command(script: Script = {}, of: LibraryScript = {}) {
  const engine = scriptedEngine(script);
  const library = scriptedLibrary(of);
  const send = async (path: string, body?: unknown, method?: string): Promise<Response> =>
    ask(engine, path, { headers, ...(body === undefined ? {} : { body }), ...(method === undefined ? {} : { method }) }, { library });
  const json = async (path: string, body?: unknown): Promise<Json> => {
    const response = await send(path, body);
    expect([path, response.status, response.headers.get("content-type")?.split(";")[0]]).toEqual([path, 200, "application/json"]);
    return (await response.json()) as Json;
  };
  const lines = async (path: string, body: unknown): Promise<Json[]> =>
    (await (await send(path, body)).text()).trimEnd().split("\n").map((line) => JSON.parse(line) as Json); // prettier-ignore
  return { engine, library, send, json, lines };
}

test("run: a sign of life, a look at the model, loading, and a conversation", async () => {
  const { engine, send, json, lines } = command({ events: HELLO });
  expect((await send("/", undefined, "HEAD")).status).toBe(200);
  const shown = await json("/api/show", { model: "", system: "", template: "", verbose: false, options: null, name: "qwen3:0.6b" });
  expect([shown["capabilities"], typeof shown["modelfile"]]).toEqual([["completion", "tools", "thinking"], "string"]);
  expect(await json("/api/generate", { model: "qwen3:0.6b", prompt: "", suffix: "", system: "", template: "", options: {}, think: null })).toMatchObject({
    done_reason: "load",
  }); // prettier-ignore
  const chat = { model: "qwen3:0.6b", messages: question, format: "", options: {}, think: true, truncate: true, shift: true };
  expect((await lines("/api/chat", chat)).at(-1)).toMatchObject({ done: true, eval_count: 2, prompt_eval_count: 11 });
  expect(engine.residence).toEqual([{ load: "qwen3-0.6b", options: {} }]);
});

test("list: names, sizes, ages, and digests of which twelve digits are shown", async () => {
  const { models } = await command().json("/api/tags");
  for (const { digest, size, modified_at } of models as { digest: string; size: number; modified_at: string }[]) {
    expect([digest.length >= 12, Number.isInteger(size), Number.isNaN(Date.parse(modified_at))]).toEqual([true, true, false]);
  }
});

test("ps: when each leaves, where it runs and how long its context is", async () => {
  const { models } = await command({ loaded: [LOADED] }).json("/api/ps");
  expect(models).toMatchObject([{ name: "qwen3:0.6b", size: 500_000_000, size_vram: 0, context_length: 4096, expires_at: "2026-01-02T03:09:05.000Z" }]);
}); // prettier-ignore

test("show: by the former field, and one part of it alone", async () => {
  const shown = await command().json("/api/show", { model: "", name: "qwen3:0.6b", system: "", template: "", verbose: true, options: null });
  expect([shown["modelfile"], shown["parameters"], shown["template"], shown["license"]].map((part) => typeof part)).toEqual([
    "string",
    "string",
    "string",
    "undefined",
  ]);
  expect(shown["model_info"]).toMatchObject({ "general.architecture": "qwen3", "qwen3.context_length": 4096, "general.parameter_count": 600_000_000 });
}); // prettier-ignore

test("stop: a look at the model, and a prompt that says nothing", async () => {
  const { engine, send, json } = command();
  await json("/api/show", { model: "", name: "qwen3:0.6b" });
  const stopped = await json("/api/generate", { model: "qwen3:0.6b", prompt: "", keep_alive: "0s" });
  expect([stopped["done_reason"], engine.residence]).toEqual(["unload", [{ unload: "qwen3-0.6b" }]]);
  const unknown = await send("/api/show", { model: "", name: "nope" });
  expect([unknown.status, ((await unknown.json()) as Json)["error"]]).toEqual([404, expect.stringContaining("not found")]);
});

test("rm: unloads first, then deletes by the former field, and reads no body", async () => {
  const { library, send, json } = command();
  await json("/api/show", { model: "", name: "qwen3:0.6b" });
  await json("/api/generate", { model: "qwen3:0.6b", prompt: "", keep_alive: "0s" });
  const gone = await send("/api/delete", { model: "", name: "qwen3:0.6b" }, "DELETE");
  expect([gone.status, await gone.text(), library.calls]).toEqual([200, "", [["remove", "qwen3:0.6b"]]]);
});

test("cp: reads no body", async () => {
  const { library, send } = command();
  const copied = await send("/api/copy", { source: "qwen3:0.6b", destination: "me/mine:latest" });
  expect([copied.status, await copied.text(), library.calls]).toEqual([200, "", [["copy", "qwen3:0.6b", "me/mine"]]]);
});

test("create: asks for each file, sends what is not there, and reads lines until success", async () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const work: LibraryScript["work"] = async (onProgress) => {
    for (const status of ["parsing GGUF", `using existing layer ${digest}`, "writing manifest", "success"]) onProgress({ status });
  };
  const { library, send, lines } = command({}, { work });
  expect((await send(`/api/blobs/${digest}`, undefined, "HEAD")).status).toBe(404);
  expect((await send(`/api/blobs/${digest}`, "weights")).status).toBe(201);
  const body = { model: "mine", files: { "model.gguf": digest }, system: "Be brief.", parameters: { temperature: 0.5, stop: ["END"] } };
  expect((await lines("/api/create", body)).map(({ status }) => status)).toEqual([
    "parsing GGUF",
    `using existing layer ${digest}`,
    "writing manifest",
    "success",
  ]);
  expect(library.calls.map(([name]) => name)).toEqual(["hasBlob", "putBlob", "create"]);
});

test("pull: bars by digest until success, and the words for what is not there", async () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const work: LibraryScript["work"] = async (onProgress) => {
    onProgress({ status: "pulling manifest" });
    onProgress({ status: "pulling aaaaaaaaaaaa", digest, total: 10, completed: 10 });
    for (const status of ["verifying sha256 digest", "writing manifest", "success"]) onProgress({ status });
  };
  const pulled = await command({}, { work }).lines("/api/pull", { model: "", name: "owner/repository", insecure: false, username: "", password: "" });
  expect(pulled).toEqual([
    { status: "pulling manifest" },
    { status: "pulling aaaaaaaaaaaa", digest, total: 10, completed: 10 },
    { status: "verifying sha256 digest" },
    { status: "writing manifest" },
    { status: "success" },
  ]);
  const nothing: LibraryScript = { work: async () => Promise.reject(new AppError("not_found", "No such repository.")) };
  expect(await command({}, nothing).lines("/api/pull", { name: "owner/none" })).toEqual([
    { error: "pull model manifest: file does not exist. No such repository." },
  ]);
}); // prettier-ignore

test("push: ends in an error and never in success", async () => {
  const lines = await command().lines("/api/push", { model: "", name: "qwen3:0.6b", insecure: false });
  expect([lines.map(({ status }) => status), lines.at(-1)]).toEqual([
    ["retrieving manifest", undefined],
    { error: "this server publishes no models: it has no registry to push to" },
  ]);
});

test("--version: one that is its own or newer", async () => {
  expect(await command().json("/api/version")).toEqual({ version: "0.33.0" });
});
