import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { buildCpuRuntime, findCompiler } from "../../external/rkllm-cpu/build.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { deltaText, sseChunks, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

/**
 * The server on every library and in every mood that must not change what a client reads: both versions of the ABI, compiled by Bun and by
 * an ordinary compiler, with callbacks from foreign threads, NULL texts and hosts inside the server.
 */
const PATH = "/v1/chat/completions";
const REQUEST = { messages: [{ role: "user", content: "Tell me a story" }], temperature: 0, max_tokens: 60 };
const FOLDER = temporaryFolder();

interface Answer {
  readonly text: string;
  readonly finishReason: string;
  readonly completionTokens: number;
}

interface Reply {
  readonly choices: readonly { readonly message: { readonly content: string }; readonly finish_reason: string }[];
  readonly usage: { readonly completion_tokens: number };
}

async function wholeAnswer(server: TestServer, request: object = REQUEST): Promise<Answer> {
  const reply = (await (await server.post(PATH, request)).json()) as Reply;
  const [choice] = reply.choices;
  return {
    text: choice?.message.content ?? "",
    finishReason: choice?.finish_reason ?? "",
    completionTokens: reply.usage.completion_tokens,
  };
}

async function streamedText(server: TestServer): Promise<string> {
  let text = "";
  for await (const chunk of sseChunks(await server.post(PATH, { ...REQUEST, stream: true }))) text += deltaText(chunk);
  return text;
}

let expected: Answer;
beforeAll(async () => {
  await using server = await startTestServer();
  expected = await wholeAnswer(server);
  expect(expected).toMatchObject({ finishReason: "length", completionTokens: 60 });
});

const VARIANTS: readonly (readonly [name: string, moods: string, flags: readonly string[]])[] = [
  ["version 1.2.3", "", ["--cpu-runtime-version", "1.2.3", "--temperature", "0"]],
  ["callbacks from a foreign thread", "foreign-thread", []],
  ["version 1.2.3 with callbacks from a foreign thread", "foreign-thread", ["--cpu-runtime-version", "1.2.3", "--temperature", "0"]],
  ["NULL texts between the tokens", "null-text", []],
  ["a host inside the server", "", ["--isolation", "thread"]],
  ["a host inside the server with callbacks from a foreign thread", "foreign-thread", ["--isolation", "thread"]],
];

test.each(VARIANTS)("clients read the same answer with %s, streamed and whole", async (_, moods, flags) => {
  await using server = await startTestServer({ moods, flags });
  // NULL texts come as tokens of their own, so only the text can be equal then.
  const { text } = await wholeAnswer(server, moods === "null-text" ? { ...REQUEST, max_tokens: 79 } : REQUEST);
  expect(text).toStartWith(moods === "null-text" ? expected.text.slice(0, 100) : expected.text);
  if (moods !== "null-text") expect(await streamedText(server)).toBe(expected.text);
});

describe.skipIf(findCompiler(undefined) === null)("built by the C compiler (skipped where there is none)", () => {
  test.each(["1.2.3", "1.3.0"])(
    "clients read the same answer from librkllmrt.so %s",
    async (version) => {
      const library = buildCpuRuntime({ version, folder: join(FOLDER, version) });
      await using server = await startTestServer({ flags: ["--runtime", library, "--temperature", "0"] });
      expect([await wholeAnswer(server), await streamedText(server)]).toEqual([expected, expected.text]);
      const health = (await (await fetch(`${server.url}/v1/health`)).json()) as { models: { runtime_version: string }[] };
      expect(health.models[0]?.runtime_version).toBe(version);
    },
    30_000,
  ); // the compiler takes seconds on a busy machine
});

test.each(["1.2.3", "1.3.0"])("a limit of tokens holds on version %s, and the answer says so", async (version) => {
  await using server = await startTestServer({ flags: ["--cpu-runtime-version", version, "--temperature", "0"] });
  const answer = await wholeAnswer(server, { ...REQUEST, max_tokens: 7 });
  expect(answer).toMatchObject({ finishReason: "length", completionTokens: 7 });
  expect(expected.text).toStartWith(answer.text);
});

test("a runtime with fixed sampling names the options that it could not honour", async () => {
  await using server = await startTestServer({ flags: ["--cpu-runtime-version", "1.2.3"] });
  const response = await server.post(PATH, { ...REQUEST, max_tokens: 1 });
  expect({ status: response.status, ignored: response.headers.get("x-rockchip-llama-ignored") }).toEqual({
    status: 200,
    ignored: "temperature",
  });
});

test("a runtime with fixed sampling refuses other values when it is told to", async () => {
  await using server = await startTestServer({ flags: ["--cpu-runtime-version", "1.2.3", "--sampling-mismatch", "refuse"] });
  const response = await server.post(PATH, { ...REQUEST, max_tokens: 1 });
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 400,
    body: { error: { code: "unsupported_parameter", param: "temperature", message: expect.stringContaining("temperature") } },
  });
});

test("a character that the model spells in three tokens reaches the client in one piece", async () => {
  // Tokens come one by one, unless the machine is very busy: nothing but the server joins what they cut.
  await using server = await startTestServer({ moods: "slow-decode=10" });
  const deltas: string[] = [];
  for await (const chunk of sseChunks(await server.post(PATH, { ...REQUEST, stream: true }))) deltas.push(deltaText(chunk));
  expect(deltas.filter((delta) => delta.includes("日")).length).toBeGreaterThan(0);
  expect(deltas.filter((delta) => /[^\x00-\x7f]/.test(delta.replaceAll("日", "")))).toEqual([]);
});

test("a second turn computes only what is new", async () => {
  await using server = await startTestServer();
  const first = await wholeAnswer(server);
  const messages = [...REQUEST.messages, { role: "assistant", content: first.text }, { role: "user", content: "Go on" }];
  const response = await server.post(PATH, { ...REQUEST, messages, max_tokens: 4 });
  const reply = (await response.json()) as { usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } } };
  expect(reply.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(reply.usage.prompt_tokens / 2);
});

test("a prompt that does not fit is refused with its counts, and the model goes on", async () => {
  await using server = await startTestServer({ models: { "tiny.gguf": { contextTokens: 256 } } });
  const messages = [{ role: "user", content: "word ".repeat(400) }];
  const response = await server.post(PATH, { messages });
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 400,
    body: { error: { code: "context_length_exceeded", n_ctx: 256 } },
  });
  expect((await server.post(PATH, { ...REQUEST, max_tokens: 1 })).status).toBe(200);
});
