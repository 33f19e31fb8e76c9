import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { buildCpuRuntime, findCompiler } from "../../external/rkllm-cpu/build.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { sseChunks, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

/** A model whose turns in a chat end by themselves, and whose texts without a template never do. */
const MODELS = { "tiny.gguf": { says: "Well, that is all that there is to say about it." } };
/** An endless text is longer than a host that says nothing may live. */
const ENDLESS = { max_tokens: 2000, temperature: 0 };
const FLAGS = ["--n-batch", "2", "--decode-stall-timeout-s", "4"];
const MOODS = "slow-decode=10";

const CHAT = { messages: [{ role: "user", content: "Tell me" }], ...ENDLESS };

interface Answer {
  readonly text: string;
  readonly finish: string;
  readonly tokens: number;
}

async function chat(server: TestServer): Promise<Answer> {
  const response = await server.post("/v1/chat/completions", CHAT);
  const body = (await response.json()) as {
    choices: [{ message: { content: string }; finish_reason: string }];
    usage: { completion_tokens: number };
  };
  expect({ status: response.status, body }).toMatchObject({ status: 200 });
  const [{ message, finish_reason: finish }] = body.choices;
  return { text: message.content, finish, tokens: body.usage.completion_tokens };
}

/** What the model says at the end of which only it knows. */
async function chatAlone(flags: readonly string[] = []): Promise<Answer> {
  await using server = await startTestServer({ models: MODELS, flags });
  return await chat(server);
}

async function textOf(response: Response): Promise<string> {
  expect(response.status).toBe(200);
  return ((await response.json()) as { choices: [{ text: string }] }).choices[0].text;
}

/** Sends two requests that have their turn together. */
async function together<A, B>(server: TestServer, first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
  const client = new AbortController();
  const holding = await server.post("/v1/completions", { prompt: "Hold", stream: true, ...ENDLESS }, client.signal);
  const chunks = sseChunks(holding);
  await chunks.next();
  const replies = Promise.all([first(), second()]);
  while ((await server.modelStatus()).queued < 2);
  client.abort();
  return replies;
}

test.each([
  ["1.3.0", []],
  ["1.2.3", ["--cpu-runtime-version", "1.2.3", "--temperature", "0"]],
])("the last of a batch does not wait for a lane that a stop sequence ended (%s)", async (_, flags) => {
  const expected = await chatAlone(flags);
  await using server = await startTestServer({ models: MODELS, flags: [...FLAGS, ...flags], moods: MOODS });
  const prompt = "Once upon a time";
  const begin = await textOf(await server.post("/v1/completions", { prompt, temperature: 0, max_tokens: 8 }));
  const stop = begin.slice(3, 6);
  const [stopped, ended] = await together(
    server,
    async () => textOf(await server.post("/v1/completions", { prompt, stop, ...ENDLESS })),
    async () => chat(server),
  );
  expect(stopped).toBe(begin.slice(0, begin.indexOf(stop)));
  expect(ended).toEqual(expected);
});

describe.skipIf(findCompiler(undefined) === null)("with a library in a file (skipped where there is no C compiler)", () => {
  test("a lone answer does not wait for the lane that was idle and got a token all the same", async () => {
    const library = buildCpuRuntime({ version: "1.3.0", folder: temporaryFolder() });
    await using server = await startTestServer({ models: MODELS, flags: [...FLAGS, "--runtime", library], moods: MOODS });
    expect(await chat(server)).toEqual(await chatAlone());
  });
});
