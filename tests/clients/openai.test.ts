/** OpenAI's own client against a whole server: its helpers are the strictest readers of what the server sends. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import OpenAI, { BadRequestError, NotFoundError } from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import type { ChatCompletionTool } from "openai/resources";
import { z } from "zod";
import {
  CHAT_MODELS,
  startChatServer,
  WEATHER_ABOUT,
  WEATHER_PARAMETERS,
  WEATHER_QUESTION,
  WEATHER_RESULT,
} from "../support/chat-server.ts";
import { rejection } from "../support/rejection.ts";
import type { ServerProcess } from "../support/server-process.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const GREEDY = { model: "tiny-chat", temperature: 0 } as const;
const CAPITAL = [{ role: "user" as const, content: "What is the capital of France?" }];
const WEATHER: ChatCompletionTool = {
  type: "function",
  function: { name: "get_weather", description: WEATHER_ABOUT, parameters: WEATHER_PARAMETERS },
};

let server: ServerProcess;
let openai: OpenAI;

beforeAll(async () => {
  server = await startChatServer();
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused", maxRetries: 0 });
});
afterAll(async () => {
  await server?.stop();
});

describe.each(CHAT_MODELS)("chat on %s", (model) => {
  const asked = { model, temperature: 0, max_tokens: 12, messages: CAPITAL };

  test("the stream helper's events tell of one answer, which is the one that comes whole", async () => {
    const stream = openai.chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
    const events: string[] = [];
    const deltas: string[] = [];
    const ids = new Set<string>();
    stream.on("connect", () => void events.push("connect"));
    stream.on("chunk", ({ id }) => void ids.add(id));
    stream.on("content.delta", ({ delta }) => void deltas.push(delta));
    stream.on("content.done", ({ content }) => void events.push(`content: ${content}`));
    stream.on("message", ({ role }) => void events.push(role as string));
    stream.on("finalContent", (content) => void events.push(`final: ${content}`));
    stream.on("chatCompletion", ({ choices }) => void events.push(choices[0]?.finish_reason ?? "none"));
    stream.on("totalUsage", () => void events.push("usage"));
    stream.on("error", ({ message }) => void events.push(message));
    stream.on("end", () => void events.push("end"));
    await stream.done();
    const { choices, usage } = await openai.chat.completions.create(asked);
    const said = choices[0]?.message.content ?? "";
    expect(deltas.join("")).toBe(said);
    const [ending] = choices;
    expect(events).toEqual(["connect", `content: ${said}`, ending!.finish_reason, "assistant", `final: ${said}`, "usage", "end"]);
    expect(ids.size).toBe(1);
    const streamedUsage = (await stream.finalChatCompletion()).usage;
    expect([streamedUsage?.prompt_tokens, streamedUsage?.completion_tokens]).toEqual([usage!.prompt_tokens, usage!.completion_tokens]);
  });

  test("two answers at temperature 0 are the same, streamed or not", async () => {
    const { choices, usage } = await openai.chat.completions.create({ ...asked, n: 2 });
    const streamed = await openai.chat.completions.stream({ ...asked, n: 2 }).finalChatCompletion();
    const texts = [...choices, ...streamed.choices].map(({ message }) => message.content);
    expect(choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(texts).toEqual(Array.from({ length: 4 }, () => texts[0]!));
    expect(usage?.completion_tokens).toBeGreaterThan(texts.length);
  });

  test("a stop sequence ends the answer before it", async () => {
    const whole = (await openai.chat.completions.create(asked)).choices[0]?.message.content ?? "";
    const word = whole.trim().split(/\s+/)[1]!;
    const { choices } = await openai.chat.completions.create({ ...asked, stop: [word] });
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { content: whole.slice(0, whole.indexOf(word)) } });
  });

  test("too long a prompt is a BadRequestError that says how long it was", async () => {
    const messages = [{ role: "user" as const, content: "word ".repeat(12_000) }];
    const thrown = await rejection(openai.chat.completions.create({ model, messages }));
    expect(thrown).toBeInstanceOf(BadRequestError);
    expect(thrown).toMatchObject({ status: 400, code: "context_length_exceeded", type: "invalid_request_error" });
    expect(await rejection(openai.chat.completions.stream({ model, messages }).done())).toMatchObject({ code: "context_length_exceeded" });
    expect(await rejection(openai.responses.create({ model, input: messages }))).toMatchObject({ code: "context_length_exceeded" });
  });

  test("a legacy completion goes on from its prompt, and echoes it where asked", async () => {
    const request = { model, temperature: 0, max_tokens: 6, prompt: "The capital of France" };
    const plain = await openai.completions.create(request);
    const echoed = await openai.completions.create({ ...request, echo: true });
    const chunks = await Array.fromAsync(await openai.completions.create({ ...request, echo: true, stream: true }));
    const text = chunks.map(({ choices }) => choices[0]?.text ?? "").join("");
    expect(plain.choices[0]?.text).not.toBe("");
    expect([echoed.choices[0]?.text, text]).toEqual([request.prompt + plain.choices[0]!.text, request.prompt + plain.choices[0]!.text]);
  });
});

test("vectors come packed, as this client asks for them, and are the plain ones", async () => {
  const asked = { model: "tiny-chat", input: ["A cat sits.", "A dog runs."] };
  const packed = await openai.embeddings.create(asked);
  const plain = await openai.embeddings.create({ ...asked, encoding_format: "float" });
  const vectors = plain.data.map(({ embedding }) => [...new Float32Array(embedding)]);
  expect(packed.data.map(({ embedding }) => embedding)).toEqual(vectors);
  expect(vectors.map((vector) => Math.hypot(...vector))).toEqual([expect.closeTo(1, 4), expect.closeTo(1, 4)]);
});

test("what cannot be honoured is refused, by the name of the field", async () => {
  const thrown = await rejection(openai.chat.completions.create({ ...GREEDY, messages: CAPITAL, logit_bias: { "42": 5 } }));
  expect(thrown).toBeInstanceOf(BadRequestError);
  expect(thrown).toMatchObject({ param: "logit_bias", code: "unsupported_parameter" });
});

test("an unknown model is a NotFoundError", async () => {
  const thrown = await rejection(openai.chat.completions.create({ ...GREEDY, model: "gpt-0", messages: CAPITAL }));
  expect(thrown).toBeInstanceOf(NotFoundError);
  expect(thrown).toMatchObject({ code: "model_not_found" });
  expect(await rejection(openai.models.retrieve("gpt-0"))).toBeInstanceOf(NotFoundError);
});

test("runTools calls a function and tells its result", async () => {
  const cities: unknown[] = [];
  const runner = openai.chat.completions.runTools({
    ...GREEDY,
    messages: [{ role: "user", content: WEATHER_QUESTION }],
    tools: [
      {
        type: "function",
        function: {
          name: "get_weather",
          description: WEATHER_ABOUT,
          parameters: WEATHER_PARAMETERS,
          parse: JSON.parse,
          function: (given: object) => {
            cities.push(given);
            return WEATHER_RESULT;
          },
        },
      },
    ],
  });
  const answer = await runner.finalContent();
  expect(cities).toEqual([{ city: "Oslo" }]);
  expect(answer).toMatch(/18.*rainy/);
  expect(runner.messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
});

test("runTools reads a call from a stream as well", async () => {
  const runner = openai.chat.completions.runTools({
    ...GREEDY,
    stream: true,
    messages: [{ role: "user", content: WEATHER_QUESTION }],
    tools: [{ ...WEATHER, function: { ...WEATHER.function, function: () => WEATHER_RESULT, parse: JSON.parse } }] as never,
  });
  expect(await runner.finalContent()).toMatch(/18.*rainy/);
});

test("a zod schema gives a parsed object, streamed or not", async () => {
  const request = {
    ...GREEDY,
    messages: [{ role: "user" as const, content: "Anna is 31 years old and lives in Oslo." }],
    response_format: zodResponseFormat(z.object({ name: z.string(), age: z.int(), city: z.string() }), "person"),
  };
  const whole = await openai.chat.completions.parse(request);
  const streamed = await openai.chat.completions.stream(request).finalChatCompletion();
  const anna = { name: "Anna", age: 31, city: "Oslo" };
  expect([whole, streamed].map(({ choices }) => choices[0]?.message.parsed)).toEqual([anna, anna]);
});

test("a response goes on from an earlier one", async () => {
  const first = await openai.responses.create({ ...GREEDY, input: "My name is Anna." });
  const second = await openai.responses.create({ ...GREEDY, input: "What was my name?", previous_response_id: first.id });
  const stored = await openai.responses.retrieve(second.id);
  expect(second.output_text).toContain("Anna");
  expect([stored.output_text, stored.previous_response_id]).toEqual([second.output_text, first.id]);
});

test("a response's stream calls a function, and the next tells its result", async () => {
  const tools = [
    { type: "function" as const, name: "get_weather", description: WEATHER_ABOUT, parameters: WEATHER_PARAMETERS, strict: false },
  ];
  const stream = openai.responses.stream({ ...GREEDY, tools, input: WEATHER_QUESTION });
  const types: string[] = [];
  stream.on("event", ({ type }) => void types.push(type));
  const first = await stream.finalResponse();
  const [call] = first.output;
  expect(first.output).toMatchObject([{ type: "function_call", name: "get_weather", status: "completed" }]);
  expect(call?.type === "function_call" && JSON.parse(call.arguments)).toEqual({ city: "Oslo" });
  expect([types[0], types.at(-1)]).toEqual(["response.created", "response.completed"]);
  const second = await openai.responses
    .stream({
      ...GREEDY,
      tools,
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: call?.type === "function_call" ? call.call_id : "", output: WEATHER_RESULT }],
    })
    .finalResponse();
  expect(second.output_text).toMatch(/18.*rainy/);
});
