/** Ollama's own client against a whole server. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type ChatResponse, type Message, Ollama, type Tool } from "ollama";
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

const GREEDY = { model: "tiny-chat", options: { temperature: 0 } };
const CAPITAL = [{ role: "user", content: "What is the capital of France?" }];
const ITALY = "What is the capital of Italy?";
const ITALY_BY_KEYS = `${ITALY} Use the keys country, capital.`;
const WEATHER: Tool = {
  type: "function",
  function: { name: "get_weather", description: WEATHER_ABOUT, parameters: WEATHER_PARAMETERS },
};

let server: ServerProcess;
let ollama: Ollama;

beforeAll(async () => {
  server = await startChatServer();
  ollama = new Ollama({ host: server.url });
});
afterAll(async () => {
  await server?.stop();
});

/** A stream's message, put together. */
function joined(parts: readonly ChatResponse[]): object {
  const text = (key: "content" | "thinking"): string => parts.map(({ message }) => message[key] ?? "").join("");
  return { content: text("content"), thinking: text("thinking"), calls: parts.flatMap(({ message }) => message.tool_calls ?? []) };
}

describe.each(CHAT_MODELS)("on %s", (model) => {
  test("a chat's stream is the reply that comes whole", async () => {
    const asked = { model, messages: CAPITAL, options: { temperature: 0, num_predict: 12 } };
    const whole = await ollama.chat(asked);
    const parts = await Array.fromAsync(await ollama.chat({ ...asked, stream: true }));
    expect(whole.message.content).not.toBe("");
    expect(joined(parts)).toEqual(joined([whole]));
    expect(parts.map(({ done }) => done)).toEqual([...parts.slice(1).map(() => false), true]);
    expect(parts.at(-1)).toMatchObject({
      done_reason: whole.done_reason,
      eval_count: whole.eval_count,
      prompt_eval_count: whole.prompt_eval_count,
    });
  });

  test("a stop sequence ends the reply before it", async () => {
    const options = { temperature: 0, num_predict: 12 };
    const { response = "" } = await ollama.generate({ model, prompt: "What is the capital of France?", options });
    const word = response.trim().split(/\s+/)[1]!;
    const stopped = await ollama.generate({ model, prompt: "What is the capital of France?", options: { ...options, stop: [word] } });
    expect(stopped).toMatchObject({ response: response.slice(0, response.indexOf(word)), done: true, done_reason: "stop" });
  });
});

test.each([
  ["at once", {}],
  ["after a thought", { think: true }],
])("a tool is called %s, and its result told", async (_, change) => {
  const request = { ...GREEDY, ...change, tools: [WEATHER] };
  const messages: Message[] = [{ role: "user", content: WEATHER_QUESTION }];
  const first = await ollama.chat({ ...request, messages });
  const parts = await Array.fromAsync(await ollama.chat({ ...request, messages, stream: true }));
  const { tool_calls: calls = [], thinking = "" } = first.message;
  expect(calls).toMatchObject([{ function: { name: "get_weather", arguments: { city: "Oslo" } } }]);
  expect(joined(parts)).toMatchObject({ thinking, calls: [{ function: calls[0]!.function }] });
  expect(thinking === "").toBe(!("think" in change));
  messages.push(first.message, { role: "tool", tool_name: "get_weather", content: WEATHER_RESULT });
  const second = await ollama.chat({ ...request, messages });
  expect(second.message.content).toMatch(/18.*rainy/);
});

test("thoughts come apart from the reply, and not at all where they are turned off", async () => {
  const thought = await ollama.chat({ ...GREEDY, messages: CAPITAL, think: true });
  const parts = await Array.fromAsync(await ollama.chat({ ...GREEDY, messages: CAPITAL, think: true, stream: true }));
  const plain = await ollama.chat({ ...GREEDY, messages: CAPITAL, think: false });
  const generated = await ollama.generate({ ...GREEDY, prompt: CAPITAL[0]!.content, think: true });
  expect(thought.message.thinking).toMatch(/\w/);
  expect(thought.message.content).toContain("Paris");
  expect(joined(parts)).toEqual(joined([thought]));
  expect([generated.thinking, generated.response]).toEqual([thought.message.thinking, thought.message.content]);
  expect([plain.message.thinking ?? "", plain.message.content]).toEqual(["", expect.stringContaining("Paris")]);
});

test("a format gives JSON, by a schema or without, in a chat or a text", async () => {
  const schema = {
    type: "object",
    properties: { country: { type: "string" }, capital: { type: "string" } },
    required: ["country", "capital"],
  };
  const texts = await Promise.all([
    ollama.chat({ ...GREEDY, messages: [{ role: "user", content: ITALY }], format: schema }).then(({ message }) => message.content),
    ollama.chat({ ...GREEDY, messages: [{ role: "user", content: ITALY_BY_KEYS }], format: "json" }).then(({ message }) => message.content),
    ollama.generate({ ...GREEDY, prompt: ITALY, format: schema }).then(({ response }) => response),
    ollama.generate({ ...GREEDY, prompt: ITALY_BY_KEYS, format: "json" }).then(({ response }) => response),
  ]);
  const italy = { country: "Italy", capital: "Rome" };
  expect(texts.map((text) => JSON.parse(text ?? "") as unknown)).toEqual([italy, italy, italy, italy]);
});

test("the second turn remembers the first", async () => {
  const messages: Message[] = [{ role: "user", content: "My name is Anna." }];
  messages.push((await ollama.chat({ ...GREEDY, messages })).message, { role: "user", content: "What was my name?" });
  expect((await ollama.chat({ ...GREEDY, messages })).message.content).toContain("Anna");
});

test("an unknown model is said to be one", async () => {
  expect(await rejection(ollama.chat({ model: "nobody", messages: CAPITAL }))).toMatchObject({
    status_code: 404,
    error: expect.stringContaining("nobody"),
  });
});
