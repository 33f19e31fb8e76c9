/**
 * Open WebUI's requests (tests/fixtures/open-webui/requests.json, in the order it sends them), each answer read as its source reads it.
 * The Open WebUI of config/deploy/compose.yaml is the version the requests follow.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const ROOT = join(import.meta.dir, "../..");
const KEY = "rl-key-of-open-webui";

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

const recording = (await Bun.file(join(ROOT, "tests/fixtures/open-webui/requests.json")).json()) as {
  readonly follows: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requests: Readonly<Record<string, Recorded>>;
};

let server: ServerProcess;
beforeAll(async () => {
  const command = [process.execPath, join(ROOT, "src/main.ts"), "serve", "--port", "0", "--cache-dir", temporaryFolder()];
  server = await startServer(command, { cwd: temporaryFolder(), env: { ROCKCHIP_LLAMA_API_KEY: KEY } });
});
afterAll(async () => {
  await server?.stop();
});

/** Sends a recorded request with the connection's key. */
async function replay(what: string): Promise<Response> {
  const { method, path, body } = recording.requests[what]!;
  const headers = { ...recording.headers, Authorization: `Bearer ${KEY}` };
  if (body === undefined) return fetch(server.url + path, { method, headers });
  return fetch(server.url + path, { method, headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

/** aiohttp reads JSON only where the reply says that it is some. */
async function json(what: string): Promise<unknown> {
  const response = await replay(what);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringMatching(/^application\/json\b/)]);
  return response.json();
}

interface Call {
  id: string;
  name: string;
  arguments: string;
}

/** What middleware.py makes of a stream: text, calls put together by their index, the last finish reason, the usage. */
async function streamed(what: string) {
  const response = await replay(what);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/event-stream")]);
  const lines = (await response.text()).split("\n").filter((line) => line.trim() !== "" && !line.startsWith(":"));
  expect(lines.filter((line) => !line.startsWith("data:"))).toEqual([]);
  expect(lines.at(-1)).toBe("data: [DONE]");
  const read = { text: "", calls: [] as Call[], finish: "", usage: {} as Record<string, number> };
  for (const line of lines.slice(0, -1)) {
    const data = JSON.parse(line.slice("data:".length)) as Chunk;
    // It updates one dictionary with the other: null would be an exception for it.
    expect(typeof (data.timings ?? {})).toBe("object");
    Object.assign(read.usage, data.usage ?? {});
    const [choice] = data.choices;
    if (choice === undefined) expect(data.error).toBeUndefined();
    read.finish = choice?.finish_reason ?? read.finish;
    read.text += choice?.delta.content ?? "";
    for (const call of choice?.delta.tool_calls ?? []) {
      const known = (read.calls[call.index] ??= { id: call.id ?? "", name: "", arguments: "" });
      known.name = call.function.name ?? known.name;
      known.arguments += call.function.arguments ?? "";
    }
  }
  expect(read.usage).toMatchObject({
    prompt_tokens: expect.any(Number),
    completion_tokens: expect.any(Number),
    total_tokens: expect.any(Number),
  });
  return read;
}

interface Chunk {
  readonly choices: readonly {
    readonly delta: {
      readonly content?: string | null;
      readonly tool_calls?: readonly { index: number; id?: string; function: { name?: string; arguments?: string } }[];
    };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: Record<string, number> | null;
  readonly timings?: object | null;
  readonly error?: unknown;
}

/** A background task's answer: the one choice, out of which JSON is cut. A model that writes none leaves the chat without, and no more. */
async function taskAnswer(what: string): Promise<string> {
  const { choices } = (await json(what)) as { choices: { message: { content: string; reasoning_content?: string } }[] };
  expect(choices).toHaveLength(1);
  return choices[0]!.message.content;
}

test("the requests follow the version of Open WebUI that the compose file starts", async () => {
  const compose = await Bun.file(join(ROOT, "config/deploy/compose.yaml")).text();
  const version = /open-webui:v([\d.]+)/.exec(compose)?.[1];
  expect(recording.follows).toStartWith(`Open WebUI ${version ?? "of no version"} `);
});

test("without its key it is told so with a status that its settings page shows", async () => {
  const response = await fetch(`${server.url}/v1/models`, { headers: { ...recording.headers, Authorization: "Bearer wrong" } });
  expect([response.status, await response.json()]).toEqual([401, { error: expect.objectContaining({ message: expect.any(String) }) }]);
});

test("it lists models with ids", async () => {
  const { data } = (await json("the list of models of an OpenAI connection")) as { data: { id: string; name?: unknown }[] };
  expect(data.map(({ id }) => id)).toContain("tiny-chat");
  // A name of null would be shown.
  expect(data.filter(({ name }) => name !== undefined && typeof name !== "string")).toEqual([]);
});

test("an answer streams in, with its usage", async () => {
  const answer = await streamed("a question");
  expect(answer).toMatchObject({ text: expect.stringContaining("Paris"), finish: "stop", calls: [] });
});

test.each(["suggestions of what to ask next", "a title for the chat", "tags for the chat"])("%s: one choice with text", async (what) => {
  expect((await taskAnswer(what)).trim()).not.toBe("");
});

test("a second question goes with a system prompt and every setting of the side bar", async () => {
  const answer = await streamed("a second question, with a system prompt and the settings of the side bar");
  expect(answer).toMatchObject({ text: expect.stringMatching(/\w/), finish: expect.stringMatching(/^(stop|length)$/) });
});

test("a tool is called, and its result told", async () => {
  const { calls, finish } = await streamed("a question for a tool");
  expect({ finish, calls }).toEqual({
    finish: "tool_calls",
    calls: [{ id: expect.stringMatching(/./), name: "get_weather", arguments: expect.any(String) }],
  });
  expect(JSON.parse(calls[0]!.arguments)).toEqual({ city: "Oslo" });
  const { text } = await streamed("the tool's result");
  expect(text).toMatch(/18/);
});

test("each document gets a vector", async () => {
  const { data } = (await json("vectors of documents")) as { data: { embedding: number[] }[] };
  const lengths = data.map(({ embedding }) => embedding.length);
  expect(lengths).toEqual([lengths[0]!, lengths[0]!]);
  expect(lengths[0]).toBeGreaterThan(0);
});

test("an error has a status of its own and a message, and is no stream", async () => {
  const response = await replay("a model that is not there");
  expect([response.status, response.headers.get("content-type")]).toEqual([404, expect.stringMatching(/^application\/json\b/)]);
  expect(await response.json()).toEqual({ error: expect.objectContaining({ message: expect.stringContaining("nobody") }) });
});

test("the version is numbers with dots once a suffix is cut off", async () => {
  const { version } = (await json("the version of an Ollama connection")) as { version: string };
  expect(version.replaceAll(/^v|-.*/g, "")).toMatch(/^\d+(\.\d+)*$/);
});

test("Ollama's list, loaded models and unloading tell of one model by one name", async () => {
  const named = async (what: string) => ((await json(what)) as { models: { model: string; name: string; expires_at?: string }[] }).models;
  const [listed] = await named("the list of models of an Ollama connection");
  expect([listed?.model, listed?.name]).toEqual(["tiny-chat:latest", "tiny-chat:latest"]);

  const response = await replay("a question over Ollama's API");
  expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringContaining("application/x-ndjson")]);
  const lines = (await response.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as OllamaLine);
  expect(lines.map(({ message }) => message.content).join("")).toContain("Paris");
  expect(lines.filter(({ done }) => done)).toEqual([lines.at(-1)!]);
  expect(lines.at(-1)).toMatchObject({
    done_reason: "stop",
    eval_count: expect.any(Number),
    eval_duration: expect.any(Number),
    prompt_eval_count: expect.any(Number),
  });

  const [loaded] = await named("which models are loaded");
  expect(loaded?.model).toBe("tiny-chat:latest");
  expect(Date.parse(loaded?.expires_at ?? "")).toBeGreaterThan(0);

  const { embeddings } = (await json("vectors over Ollama's API")) as { embeddings: number[][] };
  expect(embeddings).toHaveLength(2);

  expect(await json("unloading a model")).toMatchObject({ done: true, done_reason: "unload" });
});

interface OllamaLine {
  readonly message: { readonly content: string };
  readonly done: boolean;
}
