/** What OpenAI's replies look like where a request asked for more than one plain answer. */
import { describe, expect, test } from "bun:test";
import type { GenerationEvent, GenerationRequest } from "../../src/core/generation.ts";
import { AppError } from "../../src/core/errors.ts";
import { aborted, listen } from "../support/api-socket.ts";
import { ask, finishEvent, scriptedEngine } from "../support/scripted-engine.ts";
import type { Script } from "../support/scripted-engine.ts";
import { expectGolden } from "./golden.ts";

const MESSAGES = [{ role: "user", content: "hi" }];
const CHAT = "/v1/chat/completions";

/** What tells choices apart in an answer: the request's own id. */
const nameItself: Script = {
  play: async function* ({ id }) {
    yield { kind: "text", text: `I am ${id}.` };
    yield finishEvent();
  },
};

const THOUGHT: readonly GenerationEvent[] = [
  { kind: "reasoning", text: "Hm" },
  { kind: "reasoning", text: "." },
  { kind: "text", text: "Yes" },
  { kind: "text", text: "." },
  finishEvent(),
];

const CALLS: readonly GenerationEvent[] = [
  { kind: "tool_call_start", index: 0, id: "call_a", name: "f" },
  { kind: "tool_call_arguments", index: 0, text: '{"a":' },
  { kind: "tool_call_arguments", index: 0, text: "1}" },
  { kind: "tool_call_start", index: 1, id: "call_b", name: "g" },
  finishEvent({ reason: "tool_calls" }),
];

interface Chunk {
  readonly choices: readonly {
    readonly index: number;
    readonly delta: unknown;
    readonly text?: string;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: unknown;
  readonly error?: unknown;
}

/** The objects of a stream, and whether it ended well. */
async function chunksOf(response: Response): Promise<readonly [Chunk[], boolean]> {
  const data = (await response.text()).split("\n\n").flatMap((frame) => (frame.startsWith("data: ") ? [frame.slice(6)] : []));
  const done = data.at(-1) === "[DONE]";
  return [(done ? data.slice(0, -1) : data).map((text) => JSON.parse(text) as Chunk), done];
}

async function chat(script: Script, fields: object): Promise<unknown> {
  return (await ask(script, CHAT, { body: { messages: MESSAGES, ...fields } })).json();
}

describe("several answers", () => {
  test("are choices of one reply that counts its prompt once", async () => {
    expect(await chat(nameItself, { n: 2 })).toMatchObject({
      id: "chatcmpl-r1",
      choices: [
        { index: 0, message: { content: "I am r1-0." }, finish_reason: "stop" },
        { index: 1, message: { content: "I am r1-1." }, finish_reason: "stop" },
      ],
      usage: { prompt_tokens: 11, completion_tokens: 4, total_tokens: 15, prompt_tokens_details: { cached_tokens: 4 } },
      timings: { cache_n: 8, prompt_n: 14, predicted_n: 4, predicted_ms: 200, predicted_per_second: 20, memory_mb: 512, queue_ms: 6 },
    });
  });

  test("are streamed one behind the other, each from its role to its finish, with one usage at the end", async () => {
    const body = { messages: MESSAGES, n: 2, stream: true, stream_options: { include_usage: true } };
    const text = await (await ask(nameItself, CHAT, { body })).text();
    await expectGolden("openai-chat-several.txt", text.replaceAll("chatcmpl-r1", "chatcmpl-A"));
  });

  test("of several prompts are counted prompt by prompt, and echo their own", async () => {
    const echoing: Script = {
      play: async function* ({ input }) {
        yield { kind: "text", text: input.kind === "completion" ? `${input.prompt}!` : "?" };
        yield finishEvent({ reason: "length" });
      },
    };
    const body = { prompt: ["a", "b"], n: 2, echo: true };
    expect(await (await ask(echoing, "/v1/completions", { body })).json()).toMatchObject({
      choices: ["aa!", "aa!", "bb!", "bb!"].map((text, index) => ({ text, index, finish_reason: "length" })),
      usage: { prompt_tokens: 22, completion_tokens: 8, total_tokens: 30 },
    });
    const [chunks, done] = await chunksOf(await ask(echoing, "/v1/completions", { body: { ...body, stream: true } }));
    expect([done, chunks.flatMap(({ choices }) => choices.map(({ index, text, finish_reason }) => [index, text, finish_reason]))]).toEqual([
      true,
      ["a", "a", "b", "b"].flatMap((prompt, index) => [
        [index, prompt, null],
        [index, `${prompt}!`, null],
        [index, "", "length"],
      ]),
    ]);
  });

  test("are not asked for after one that failed: the whole reply is its error", async () => {
    const engine = scriptedEngine({ events: [new AppError("runtime_error", "It broke.")] });
    const response = await ask(engine, CHAT, { body: { messages: MESSAGES, n: 3 } });
    expect([response.status, engine.requests.length]).toEqual([500, 1]);
  });

  test("end with the error of the one that is refused in the middle of a stream", async () => {
    const admit = async ({ id }: GenerationRequest): Promise<void> => {
      if (id === "r1-1") throw new AppError("queue_full", "The queue is full.");
    };
    const engine = scriptedEngine({ ...nameItself, admit });
    const [chunks, done] = await chunksOf(await ask(engine, CHAT, { body: { messages: MESSAGES, n: 3, stream: true } }));
    expect([done, chunks.at(-1), engine.requests.length]).toMatchObject([false, { error: { code: "rate_limit_exceeded" } }, 2]);
  });

  test.each([[true], [false]])("all end when the client goes (stream: %p)", async (stream) => {
    const second = Promise.withResolvers<AbortSignal>();
    const stopped = Promise.withResolvers<unknown>();
    const play: Script["play"] = async function* ({ id }, signal) {
      yield { kind: "text", text: id };
      if (id === "r1-1") {
        second.resolve(signal);
        await aborted(signal);
        stopped.resolve(signal.reason);
        throw signal.reason;
      }
      yield finishEvent();
    };
    await using api = listen({ play });
    const client = new AbortController();
    const reply = fetch(api.url + CHAT, {
      method: "POST",
      body: JSON.stringify({ messages: MESSAGES, n: 3, stream }),
      signal: client.signal,
    }).then((response) => response.text());
    reply.catch(() => undefined);
    await second.promise;
    client.abort();
    expect([await stopped.promise, api.engine.requests.length]).toMatchObject([{ code: "cancelled" }, 2]);
  });
});

describe("the old functions", () => {
  const functions = [{ name: "f" }, { name: "g" }];

  test("are called in the old form", async () => {
    expect(await chat({ events: CALLS }, { functions })).toMatchObject({
      choices: [{ message: { content: null, function_call: { name: "f", arguments: '{"a":1}' } }, finish_reason: "function_call" }],
    });
  });

  test("are called in the old form in a stream, too", async () => {
    const [chunks] = await chunksOf(await ask({ events: CALLS }, CHAT, { body: { messages: MESSAGES, functions, stream: true } }));
    expect(chunks.flatMap(({ choices }) => choices.map(({ delta, finish_reason }) => [delta, finish_reason]))).toEqual([
      [{ role: "assistant", content: "" }, null],
      [{ function_call: { name: "f", arguments: "" } }, null],
      [{ function_call: { arguments: '{"a":' } }, null],
      [{ function_call: { arguments: "1}" } }, null],
      [{}, "function_call"],
    ]);
  });

  test("get an empty object for arguments where the model writes none", async () => {
    const bare = [CALLS[0]!, finishEvent({ reason: "tool_calls" })];
    const [chunks] = await chunksOf(await ask({ events: bare }, CHAT, { body: { messages: MESSAGES, functions, stream: true } }));
    expect(chunks.map(({ choices: [choice] }) => choice?.delta)).toEqual([
      { role: "assistant", content: "" },
      { function_call: { name: "f", arguments: "" } },
      { function_call: { arguments: "{}" } },
      {},
    ]);
    expect(await chat({ events: bare }, { functions })).toMatchObject({
      choices: [{ message: { function_call: { name: "f", arguments: "{}" } } }],
    });
  });
});

describe("thoughts that are wanted in the content", () => {
  const inline = { reasoning_format: "none" };

  test("stand before it in tags, in a stream as in a whole answer", async () => {
    const body = { messages: MESSAGES, ...inline, stream: true };
    const [chunks] = await chunksOf(await ask({ events: THOUGHT }, CHAT, { body }));
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta as { content?: string; reasoning_content?: string }));
    const content = "<think>\nHm.\n</think>\n\nYes.";
    expect([deltas.map((delta) => delta.content ?? "").join(""), deltas.some((delta) => "reasoning_content" in delta)]).toEqual([
      content,
      false,
    ]);
    expect(await chat({ events: THOUGHT }, inline)).toMatchObject({ choices: [{ message: { content } }] });
  });

  test("are closed where the answer ends inside one", async () => {
    const events = [THOUGHT[0]!, finishEvent({ reason: "length" })];
    const [chunks] = await chunksOf(await ask({ events }, CHAT, { body: { messages: MESSAGES, ...inline, stream: true } }));
    expect(chunks.map(({ choices: [choice] }) => [choice?.delta, choice?.finish_reason])).toEqual([
      [{ role: "assistant", content: "" }, null],
      [{ content: "<think>\nHm" }, null],
      [{ content: "\n</think>\n\n" }, null],
      [{}, "length"],
    ]);
  });

  test("change nothing where there are none", async () => {
    expect(await chat({ events: [{ kind: "text", text: "Yes." }, finishEvent()] }, inline)).toMatchObject({
      choices: [{ message: { content: "Yes." } }],
    });
  });
});

test("of two calls only the one that the token limit cut off is left out, even if the other has no arguments", async () => {
  const events: GenerationEvent[] = [
    { kind: "tool_call_start", index: 0, id: "call_a", name: "now" },
    { kind: "tool_call_start", index: 1, id: "call_b", name: "f" },
    { kind: "tool_call_arguments", index: 1, text: '{"a' },
    finishEvent({ reason: "length" }),
  ];
  expect(await chat({ events }, { tools: [{ type: "function", function: { name: "f" } }] })).toMatchObject({
    choices: [{ message: { tool_calls: [{ id: "call_a", function: { name: "now", arguments: "{}" } }] }, finish_reason: "length" }],
  });
});

test("an answer that is not the JSON it had to be is an error that says so, with what the model wrote", async () => {
  const events = [new AppError("output_invalid", "The answer is not valid JSON.", { details: { partialText: "{" } })];
  const response = await ask({ events }, CHAT, { body: { messages: MESSAGES, response_format: { type: "json_object" } } });
  expect([response.status, response.headers.get("x-should-retry"), await response.json()]).toEqual([
    500,
    "false",
    { error: { message: "The answer is not valid JSON.", type: "server_error", param: null, code: "output_invalid", partial_text: "{" } },
  ]);
});
