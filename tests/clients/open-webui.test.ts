/**
 * Open WebUI's requests as the running program sent them (tests/fixtures/open-webui/requests.jsonl, whose first line says which version and
 * how), each answer read as its source reads it. That version is the one that config/deploy/compose.yaml starts.
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
  readonly what: string;
  readonly method: string;
  readonly path: string;
  /** Beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

interface Recording {
  readonly follows: string;
  readonly headers: Readonly<Record<string, string>>;
}

const recorded = await Bun.file(join(ROOT, "tests/fixtures/open-webui/requests.jsonl")).text();
const [recording, ...rest] = recorded.trim().split("\n").map((line): unknown => JSON.parse(line)) as [Recording, ...Recorded[]]; // prettier-ignore
const requests = new Map(rest.map((request) => [request.what, request]));

let server: ServerProcess;
beforeAll(async () => {
  // Open WebUI names no temperature.
  const settings = ["--port", "0", "--cache-dir", temporaryFolder(), "--temperature", "0"];
  const command = [process.execPath, join(ROOT, "src/main.ts"), "serve", ...settings];
  server = await startServer(command, { cwd: temporaryFolder(), env: { ROCKCHIP_LLAMA_API_KEY: KEY } });
});
afterAll(async () => {
  await server?.stop();
});

/** Sends a recorded request with the connection's key. */
async function replay(what: string): Promise<Response> {
  const { method, path, body, headers: own } = requests.get(what)!;
  const headers = { ...recording.headers, ...own, Authorization: `Bearer ${KEY}` };
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

/**
 * What middleware.py makes of a stream: text, calls put together by their index, the last finish reason, and the tokens of all chunks that
 * tell some, added up: more than one would be taken for answers of their own.
 */
async function streamed(what: string) {
  const response = await replay(what);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/event-stream")]);
  const lines = (await response.text()).split("\n").filter((line) => line.trim() !== "" && !line.startsWith(":"));
  expect(lines.filter((line) => !line.startsWith("data:"))).toEqual([]);
  expect(lines.at(-1)).toBe("data: [DONE]");
  const read = { text: "", thoughts: "", calls: [] as Call[], finish: "", told: 0, tokens: { input: 0, output: 0 } };
  for (const line of lines.slice(0, -1)) {
    const data = JSON.parse(line.slice("data:".length)) as Chunk;
    // It updates one dictionary with the other: null would be an exception for it.
    expect(typeof (data.timings ?? {})).toBe("object");
    read.tokens.input += data.usage?.prompt_tokens ?? (data.timings?.prompt_n ?? 0) + (data.timings?.cache_n ?? 0);
    read.tokens.output += data.usage?.completion_tokens ?? data.timings?.predicted_n ?? 0;
    read.told += (data.usage ?? data.timings ?? null) === null ? 0 : 1;
    const [choice] = data.choices;
    if (choice === undefined) expect(data.error).toBeUndefined();
    read.finish = choice?.finish_reason ?? read.finish;
    read.text += choice?.delta.content ?? "";
    read.thoughts += choice?.delta.reasoning_content ?? "";
    for (const call of choice?.delta.tool_calls ?? []) {
      const known = (read.calls[call.index] ??= { id: call.id ?? "", name: "", arguments: "" });
      known.name = call.function.name ?? known.name;
      known.arguments += call.function.arguments ?? "";
    }
  }
  expect([read.told, read.tokens.input > 0, read.tokens.output > 0]).toEqual([1, true, true]);
  return read;
}

interface Chunk {
  readonly choices: readonly {
    readonly delta: {
      readonly content?: string | null;
      readonly reasoning_content?: string;
      readonly tool_calls?: readonly { index: number; id?: string; function: { name?: string; arguments?: string } }[];
    };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: Readonly<Record<"prompt_tokens" | "completion_tokens", number>> | null;
  readonly timings?: Readonly<Record<"prompt_n" | "cache_n" | "predicted_n", number>> | null;
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

/** A status, and the message that the page shows in place of an answer. */
async function refusal(what: string): Promise<unknown> {
  const response = await replay(what);
  expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
  const { error } = (await response.json()) as { error: { message: string } };
  return [response.status, error.message];
}

test("its own tools are named where they alone are more than the context holds", async () => {
  expect(await refusal("a question with Open WebUI's own tools")).toEqual([400, expect.stringContaining("tokens with 36 tools. ")]);
});

test("an answer streams in, and its tokens are told once, whether asked for or not", async () => {
  const answer = await streamed("a question");
  expect(answer).toMatchObject({ text: expect.stringContaining("Paris"), finish: "stop", calls: [] });
  expect((await streamed("a question whose tokens are shown")).tokens.input).toBe(answer.tokens.input);
});

test.each(["a title for the chat", "suggestions of what to ask next", "tags for the chat", "queries to look it up with"])(
  "%s: one choice with text",
  async (what) => {
    expect((await taskAnswer(what)).trim()).not.toBe("");
  },
);

test("what it shows of an answer is gone on with where it ends", async () => {
  const { text } = await streamed("an answer to go on with");
  expect([text.includes("Paris"), text.includes("capital")]).toEqual([true, false]);
});

test.each([
  "a second question, with a system prompt and the settings of the side bar",
  "a question with every setting, Ollama's too",
  "a question that says who asks it in which chat",
  "a question on a document",
])("%s: an answer", async (what) => {
  expect(await streamed(what)).toMatchObject({ text: expect.stringMatching(/\w/), finish: expect.stringMatching(/^(stop|length)$/) });
});

test("an effort makes the model think, apart from its answer", async () => {
  expect((await streamed("a question with every setting, Ollama's too")).thoughts).not.toBe("");
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

test("without native calls it asks in words which tools are needed", async () => {
  expect(await taskAnswer("which tools a question needs, in words")).not.toBe("");
});

test.each(["vectors of a document", "vectors of a query"])("%s: one for each text", async (what) => {
  const { data } = (await json(what)) as { data: { embedding: number[] }[] };
  expect(data).toHaveLength(1);
  expect(data[0]!.embedding.length).toBeGreaterThan(0);
});

test.each<[string, number, RegExp]>([
  ["a setting that the runtime does not have", 400, /"logit_bias" is not supported/],
  ["a picture", 400, /images cannot be read/],
  ["a model that has gone", 404, /There is no model "smollm2-135m"/],
])("%s: an error with a status of its own and a message, and no stream", async (what, status, message) => {
  expect(await refusal(what)).toEqual([status, expect.stringMatching(message)]);
});

interface ResponseEvent {
  readonly type: string;
  readonly delta?: string;
  readonly response?: { readonly usage?: { readonly input_tokens: number } };
}

test("a connection over the responses API has titles and answers, with their usage", async () => {
  const { output } = (await json("a title over OpenAI's responses")) as { output: { content: { text: string }[] }[] };
  expect(output.at(-1)!.content[0]!.text).not.toBe("");
  for (const [what, words] of [
    ["a question", /Paris/],
    ["a second question", /\w/],
  ] as const) {
    const text = await (await replay(`${what} over OpenAI's responses`)).text();
    const events = text.split("\n").filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice("data:".length)) as ResponseEvent); // prettier-ignore
    const deltas = events.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => delta);
    expect(deltas.join("")).toMatch(words);
    expect(events.at(-1)).toMatchObject({ type: "response.completed", response: { usage: { input_tokens: expect.any(Number) } } });
  }
});

test("the version is numbers with dots once a suffix is cut off", async () => {
  const { version } = (await json("the version of an Ollama connection")) as { version: string };
  expect(version.replaceAll(/^v|-.*/g, "")).toMatch(/^\d+(\.\d+)*$/);
});

interface OllamaLine {
  readonly message: {
    readonly content: string;
    readonly thinking?: string;
    readonly tool_calls?: readonly { function: { name: string; arguments: object } }[];
  };
  readonly done: boolean;
}

/** The text and the calls of a stream over Ollama's API, whose last line alone is done and has the figures that the page shows. */
async function ollamaAnswer(what: string) {
  const response = await replay(what);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, expect.stringContaining("application/x-ndjson")]);
  const parts = (await response.text()).trim().split("\n").map((line) => JSON.parse(line) as OllamaLine); // prettier-ignore
  expect(parts.filter(({ done }) => done)).toEqual([parts.at(-1)!]);
  const figures = ["eval_count", "eval_duration", "prompt_eval_count", "prompt_eval_duration", "load_duration", "total_duration"];
  expect(parts.at(-1)).toMatchObject(Object.fromEntries(figures.map((name) => [name, expect.any(Number) as number])));
  return {
    text: parts.map(({ message }) => message.content).join(""),
    calls: parts.flatMap(({ message }) => message.tool_calls ?? []).map((call) => call.function),
  };
}

test("Ollama's list, loaded models and unloading tell of one model by one name", async () => {
  const named = async (what: string) => ((await json(what)) as { models: { model: string; name: string; expires_at?: string }[] }).models;
  const [listed] = await named("the list of models of an Ollama connection");
  expect([listed?.model, listed?.name]).toEqual(["tiny-chat:latest", "tiny-chat:latest"]);
  expect((await ollamaAnswer("a question over Ollama's API")).text).toContain("Paris");

  const [loaded] = await named("which models are loaded");
  expect(loaded?.model).toBe("tiny-chat:latest");
  expect(Date.parse(loaded?.expires_at ?? "")).toBeGreaterThan(0);

  const { embeddings } = (await json("vectors over Ollama's API")) as { embeddings: number[][] };
  expect(embeddings).toHaveLength(1);

  expect(await json("unloading a model")).toMatchObject({ done: true, done_reason: "unload" });
});

test("over Ollama's API there are titles, calls and every setting, too", async () => {
  const { message } = (await json("a title over Ollama's API")) as OllamaLine;
  expect(message.content).not.toBe("");
  const { calls } = await ollamaAnswer("a question for a tool over Ollama's API");
  expect(calls).toEqual([expect.objectContaining({ name: "get_weather", arguments: { city: "Oslo" } })]);
  expect((await ollamaAnswer("the tool's result over Ollama's API")).text).toMatch(/18/);
  // This answer was over, so that nothing comes behind it.
  expect((await ollamaAnswer("an answer to go on with over Ollama's API")).text).toBe("");
  expect(JSON.parse((await ollamaAnswer("every setting over Ollama's API")).text)).toBeObject();
});
