/** The official clients against the server, with a scripted engine behind it. */
import { describe, expect, test } from "bun:test";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { AppError } from "../../src/core/errors.ts";
import type { GenerationEvent } from "../../src/core/generation.ts";
import { listen } from "../support/api-socket.ts";
import { finishEvent, HELLO } from "../support/scripted-engine.ts";

const MESSAGES = [{ role: "user" as const, content: "hi" }];
const MODEL = "qwen3-0.6b";
const CALL: readonly GenerationEvent[] = [
  { kind: "tool_call_start", index: 0, id: "call_a", name: "weather" },
  { kind: "tool_call_arguments", index: 0, text: '{"city":' },
  { kind: "tool_call_arguments", index: 0, text: '"Oslo"}' },
  finishEvent({ reason: "tool_calls" }),
];

function openai(url: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
}

async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("openai", () => {
  test("its stream helper puts the chunks together", async () => {
    await using api = listen({ events: HELLO });
    const stream = openai(api.url).chat.completions.stream({ model: MODEL, messages: MESSAGES, stream_options: { include_usage: true } });
    const completion = await stream.finalChatCompletion();
    expect(completion).toMatchObject({
      id: "chatcmpl-r1",
      choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "Hello" } }],
      usage: { prompt_tokens: 11, completion_tokens: 2, total_tokens: 13 },
    });
  });

  test("its stream helper puts tool calls together", async () => {
    await using api = listen({ events: CALL });
    const stream = openai(api.url).chat.completions.stream({ model: MODEL, messages: MESSAGES });
    const { choices } = await stream.finalChatCompletion();
    expect(choices).toMatchObject([
      {
        finish_reason: "tool_calls",
        message: { tool_calls: [{ id: "call_a", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }] },
      },
    ]);
  });

  test("it reads whole answers, completions and models", async () => {
    await using api = listen({ events: HELLO });
    const client = openai(api.url);
    const chat = await client.chat.completions.create({ model: MODEL, messages: MESSAGES });
    const text = await client.completions.create({ model: MODEL, prompt: "hi" });
    const models = await gather(client.models.list());
    const one = await client.models.retrieve("org/tiny:1b");
    expect([chat.id, chat.choices[0]?.message.content, text.choices[0]?.text, models.map(({ id }) => id), one.id]).toEqual([
      "chatcmpl-r1",
      "Hello",
      "Hello",
      ["qwen3-0.6b", "org/tiny:1b"],
      "org/tiny:1b",
    ]);
  });

  test("it reads several answers and several prompts, whole and in chunks", async () => {
    await using api = listen({ events: HELLO });
    const client = openai(api.url);
    const whole = await client.chat.completions.create({ model: MODEL, messages: MESSAGES, n: 2 });
    const chunks = await gather(await client.chat.completions.create({ model: MODEL, messages: MESSAGES, n: 2, stream: true }));
    const texts = await client.completions.create({ model: MODEL, prompt: ["a", "b"], n: 2 });
    const said = (index: number): string =>
      chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index).map(({ delta }) => delta.content ?? "")).join("");
    expect([
      whole.choices.map(({ message }) => message.content),
      said(0),
      said(1),
      texts.choices.map(({ index, text }) => [index, text]),
    ]).toEqual([["Hello", "Hello"], "Hello", "Hello", [0, 1, 2, 3].map((index) => [index, "Hello"])]);
  });

  test("its helper calls functions until the model has an answer", async () => {
    let turns = 0;
    const play = async function* (): AsyncGenerator<GenerationEvent> {
      turns += 1;
      yield* turns === 1 ? CALL : HELLO;
    };
    await using api = listen({ play });
    const cities: unknown[] = [];
    const runner = openai(api.url).chat.completions.runTools({
      model: MODEL,
      messages: MESSAGES,
      tool_choice: "auto",
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            description: "Tells the weather.",
            parameters: { type: "object", properties: { city: { type: "string" } } },
            parse: JSON.parse,
            function: (given: object) => {
              cities.push(given);
              return "Rain.";
            },
          },
        },
      ],
    });
    const last = api.engine.requests;
    expect([await runner.finalContent(), cities, last[1]?.request.input]).toMatchObject([
      "Hello",
      [{ city: "Oslo" }],
      {
        messages: [
          { role: "user" },
          { role: "assistant", toolCalls: [{ id: "call_a", name: "weather" }] },
          { role: "tool", content: "Rain.", toolCallId: "call_a" },
        ],
      },
    ]);
  });

  test("its helper reads an answer that fits a schema", async () => {
    await using api = listen({ events: [{ kind: "text", text: '{"a":1}' }, finishEvent()] });
    const schema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"], additionalProperties: false };
    const completion = await openai(api.url).chat.completions.parse({
      model: MODEL,
      messages: MESSAGES,
      response_format: { type: "json_schema", json_schema: { name: "answer", strict: true, schema } },
    });
    expect([completion.choices[0]?.message.content, api.engine.requests[0]?.request.responseFormat]).toEqual([
      '{"a":1}',
      { kind: "json_schema", schema },
    ]);
  });

  test("it reads calls of the old functions", async () => {
    await using api = listen({ events: CALL });
    const { choices } = await openai(api.url).chat.completions.create({
      model: MODEL,
      messages: MESSAGES,
      functions: [{ name: "weather" }],
    });
    expect(choices).toMatchObject([
      { finish_reason: "function_call", message: { function_call: { name: "weather", arguments: '{"city":"Oslo"}' } } },
    ]);
  });

  test("it raises the error of a refused request with its status, code and parameter", async () => {
    await using api = listen({});
    const request = openai(api.url).chat.completions.create({ model: "nope", messages: MESSAGES, stream: true });
    const refusal = await request.catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 404, code: "model_not_found", param: "model", type: "invalid_request_error", requestID: "r1" });
  });

  test("it raises the error of a stream that breaks", async () => {
    await using api = listen({ events: [{ kind: "text", text: "Hel" }, new AppError("engine_lost", "The engine host ended.")] });
    const stream = await openai(api.url).chat.completions.create({ model: MODEL, messages: MESSAGES, stream: true });
    const outcome = await gather(stream).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ error: { message: "The engine host ended.", code: "engine_lost" } });
  });

  test("it comes back by itself when the queue was full, after the time it was told", async () => {
    let refusals = 1;
    const admit = async (): Promise<void> => {
      refusals -= 1;
      if (refusals >= 0) throw new AppError("queue_full", "The queue is full.", { details: { retryAfterS: 1 } });
    };
    await using api = listen({ events: HELLO, admit });
    const client = new OpenAI({ baseURL: `${api.url}/v1/`, apiKey: "none", maxRetries: 1 });
    const chat = await client.chat.completions.create({ model: MODEL, messages: MESSAGES });
    expect([chat.choices[0]?.message.content, api.engine.requests.length]).toEqual(["Hello", 2]);
  });
});

describe("ollama", () => {
  test("it reads streams, whole answers and tool calls", async () => {
    await using api = listen({ events: [{ kind: "reasoning", text: "Hm." }, ...CALL] });
    const client = new Ollama({ host: api.url });
    const whole = await client.chat({ model: MODEL, messages: MESSAGES, think: true });
    const parts = await gather(await client.chat({ model: MODEL, messages: MESSAGES, stream: true }));
    const calls = [{ id: "call_a", function: { index: 0, name: "weather", arguments: { city: "Oslo" } } }];
    expect([whole.message, whole.done_reason, parts.map(({ message }) => message)]).toEqual([
      { role: "assistant", content: "", thinking: "Hm.", tool_calls: calls },
      "stop",
      [
        { role: "assistant", content: "", thinking: "Hm." },
        { role: "assistant", content: "", tool_calls: calls },
        { role: "assistant", content: "" },
      ],
    ]);
  });

  test("it generates, lists and asks for the version", async () => {
    await using api = listen({ events: HELLO });
    const client = new Ollama({ host: `${api.url}/` });
    const parts = await gather(await client.generate({ model: MODEL, prompt: "hi", stream: true }));
    const { models } = await client.list();
    expect([
      parts.map(({ response }) => response),
      parts.at(-1)?.eval_count,
      models.map(({ name }) => name),
      await client.version(),
    ]).toEqual([["Hel", "lo", ""], 2, ["qwen3:0.6b", "org/tiny:1b"], { version: "0.33.0" }]);
  });

  test("it raises what a refusal and a broken stream say", async () => {
    await using api = listen({ events: [{ kind: "text", text: "Hel" }, new AppError("engine_lost", "The engine host ended.")] });
    const client = new Ollama({ host: api.url });
    const refused = await client.chat({ model: "nope", messages: MESSAGES }).catch((error: unknown) => error);
    const broken = await gather(await client.chat({ model: MODEL, messages: MESSAGES, stream: true })).catch((error: unknown) => error);
    expect([refused, broken]).toMatchObject([
      { status_code: 404, message: "model 'nope' not found" },
      { message: "The engine host ended." },
    ]);
  });
});
