/** Vercel's AI SDK through its provider for Ollama, which speaks /api/chat, /api/generate and /api/embed, against a whole server. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { embed, embedMany, generateObject, generateText, type ModelMessage, Output, stepCountIs, streamText, tool } from "ai";
import { createOllama } from "ollama-ai-provider-v2";
import { z } from "zod";
import { CHAT_MODELS, startChatServer, WEATHER_ABOUT, WEATHER_QUESTION, WEATHER_RESULT } from "../support/chat-server.ts";
import type { ServerProcess } from "../support/server-process.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const CAPITAL = z.object({ country: z.string(), capital: z.string() });
const QUESTION = "What is the capital of France?";

let server: ServerProcess;
let ollama: ReturnType<typeof createOllama>;

beforeAll(async () => {
  server = await startChatServer();
  ollama = createOllama({ baseURL: `${server.url}/api` });
});
afterAll(async () => {
  await server?.stop();
});

/** The provider sends `temperature` and `maxOutputTokens` beside Ollama's `options`, where nobody reads them: options go in as Ollama's own. */
const greedy = (model = "tiny-chat", options: { num_predict?: number } = {}) => ({
  model: ollama(model),
  maxRetries: 0,
  providerOptions: { ollama: { options: { temperature: 0, ...options } } },
});

test.each(CHAT_MODELS)("a streamed text is the one that comes whole, on %s", async (model) => {
  const asked = { ...greedy(model, { num_predict: 12 }), prompt: QUESTION };
  const errors: unknown[] = [];
  const stream = streamText({ ...asked, onError: ({ error }) => void errors.push(error) });
  const [text, finishReason, usage] = [await stream.text, await stream.finishReason, await stream.usage];
  const whole = await generateText(asked);
  expect(whole.text).not.toBe("");
  expect(usage.outputTokens).toBeLessThanOrEqual(12);
  expect([text, finishReason, usage.inputTokens, usage.outputTokens, errors]).toEqual([
    whole.text,
    whole.finishReason,
    whole.usage.inputTokens,
    whole.usage.outputTokens,
    [],
  ]);
});

test("a function is called, and its result told, in two steps", async () => {
  const cities: unknown[] = [];
  const get_weather = tool({
    description: WEATHER_ABOUT,
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      cities.push(city);
      return JSON.parse(WEATHER_RESULT) as object;
    },
  });
  const asked = { ...greedy(), prompt: WEATHER_QUESTION, tools: { get_weather }, stopWhen: stepCountIs(3) };
  const { text, steps } = await generateText(asked);
  const streamed = streamText(asked);
  expect([cities, steps.map(({ finishReason }) => finishReason)]).toEqual([["Oslo"], ["tool-calls", "stop"]]);
  expect(text).toMatch(/18.*rainy/);
  expect(await streamed.text).toBe(text);
  expect((await streamed.steps).map(({ toolCalls }) => toolCalls.map(({ toolName, input }) => [toolName, input]))).toEqual([
    [["get_weather", { city: "Oslo" }]],
    [],
  ]);
});

test("an object comes by its schema, whole and in pieces", async () => {
  const asked = { ...greedy(), prompt: "What is the capital of Italy?" };
  const { object } = await generateObject({ ...asked, schema: CAPITAL });
  const { output } = await generateText({ ...asked, output: Output.object({ schema: CAPITAL }) });
  const streamed = streamText({ ...asked, output: Output.object({ schema: CAPITAL }) });
  const pieces = await Array.fromAsync(streamed.partialOutputStream);
  const italy = { country: "Italy", capital: "Rome" };
  expect([object, output, pieces.at(-1)]).toEqual([italy, italy, italy]);
});

test("a thought comes apart from the text, whole and in pieces", async () => {
  const asked = { ...greedy(), prompt: QUESTION, providerOptions: { ollama: { think: true, options: { temperature: 0 } } } };
  const { reasoningText, text } = await generateText(asked);
  const streamed = streamText(asked);
  expect([reasoningText, text]).toEqual([expect.stringMatching(/\w/), expect.stringContaining("Paris")]);
  expect([await streamed.text, await streamed.reasoningText]).toEqual([text, reasoningText]);
});

test("the second turn remembers the first", async () => {
  const messages: ModelMessage[] = [{ role: "user", content: "My name is Anna." }];
  const first = await generateText({ ...greedy(), messages });
  messages.push(...first.responseMessages, { role: "user", content: "What was my name?" });
  expect((await generateText({ ...greedy(), messages })).text).toContain("Anna");
});

test("a completion goes through /api/generate", async () => {
  const { text } = await generateText({ model: ollama.completion("tiny-chat"), temperature: 0, maxRetries: 0, prompt: QUESTION });
  expect(text).toMatch(/\w/);
});

test("a text has the same vector alone and among others", async () => {
  const model = ollama.embedding("tiny-chat");
  const { embeddings, usage } = await embedMany({ model, values: ["A cat sits.", "A dog runs."] });
  const { embedding } = await embed({ model, value: "A cat sits." });
  expect(embeddings[0]).toEqual(embedding);
  expect(embeddings[1]).not.toEqual(embedding);
  expect(usage.tokens).toBeGreaterThan(2);
});

test("an unknown model is said to be one", async () => {
  await expect(generateText({ ...greedy("gpt-0"), prompt: "Hello!" })).rejects.toMatchObject({
    statusCode: 404,
    responseBody: expect.stringContaining("model 'gpt-0' not found"),
  });
});
