/** Vercel's AI SDK against a whole server: its OpenAI provider speaks /v1/responses, the one for compatible servers chat completions. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, type LanguageModel, type ModelMessage, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import {
  CHAT_MODELS,
  startChatServer,
  WEATHER_ABOUT,
  WEATHER_PARAMETERS,
  WEATHER_QUESTION,
  WEATHER_RESULT,
} from "../support/chat-server.ts";
import type { ServerProcess } from "../support/server-process.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const CAPITAL = z.object({ country: z.string(), capital: z.string() });
const CAPITAL_SCHEMA = {
  type: "object" as const,
  properties: { country: { type: "string" as const }, capital: { type: "string" as const } },
  required: ["country", "capital"],
  additionalProperties: false,
};

let server: ServerProcess;

beforeAll(async () => {
  server = await startChatServer();
});
afterAll(async () => {
  await server?.stop();
});

const PROVIDERS: ReadonlyArray<readonly [string, (model: string) => LanguageModel]> = [
  ["@ai-sdk/openai", (model) => createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused" })(model)],
  ["@ai-sdk/openai, by chat completions", (model) => createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused" }).chat(model)],
  [
    "@ai-sdk/openai-compatible",
    (model) =>
      createOpenAICompatible({ name: "local", baseURL: `${server.url}/v1`, includeUsage: true, supportsStructuredOutputs: true })(model),
  ],
];

describe.each(PROVIDERS)("%s", (_, provide) => {
  const greedy = (model = "tiny-chat") => ({ model: provide(model), temperature: 0, maxRetries: 0 });

  test.each(CHAT_MODELS)("a streamed text is the one that comes whole, on %s", async (model) => {
    const asked = { ...greedy(model), maxOutputTokens: 12, prompt: "What is the capital of France?" };
    const errors: unknown[] = [];
    const stream = streamText({ ...asked, onError: ({ error }) => void errors.push(error) });
    const parts = await Array.fromAsync(stream.fullStream);
    const whole = await generateText(asked);
    const deltas = parts.map((part) => (part.type === "text-delta" ? part.text : ""));
    expect([deltas.join(""), await stream.finishReason, (await stream.usage).outputTokens, errors]).toEqual([
      whole.text,
      whole.finishReason,
      whole.usage.outputTokens,
      [],
    ]);
    expect(whole.usage.inputTokens).toBeGreaterThan(0);
  });

  const weather = (cities: unknown[]) => ({
    get_weather: tool({
      description: WEATHER_ABOUT,
      inputSchema: jsonSchema<{ city: string }>(WEATHER_PARAMETERS),
      execute: async ({ city }) => {
        cities.push(city);
        return JSON.parse(WEATHER_RESULT) as object;
      },
    }),
  });

  test("a function is called, and its result told, in two steps", async () => {
    const cities: unknown[] = [];
    const asked = { ...greedy(), prompt: WEATHER_QUESTION, tools: weather(cities), stopWhen: stepCountIs(3) };
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

  test("a function that must be called is called", async () => {
    const { toolCalls } = await generateText({ ...greedy(), prompt: "Hello!", tools: weather([]), toolChoice: "required" });
    expect(toolCalls.map(({ toolName }) => toolName)).toEqual(["get_weather"]);
  });

  test.each([
    ["zod's", CAPITAL],
    ["a JSON", jsonSchema<z.infer<typeof CAPITAL>>(CAPITAL_SCHEMA)],
  ])("an object comes by %s schema, whole and in pieces", async (_kind, schema) => {
    const asked = { ...greedy(), prompt: "What is the capital of Italy?", output: Output.object({ schema }) };
    const { output } = await generateText(asked);
    const streamed = streamText(asked);
    const pieces = await Array.fromAsync(streamed.partialOutputStream);
    const italy = { country: "Italy", capital: "Rome" };
    expect([output, pieces.at(-1), await streamed.output]).toEqual([italy, italy, italy]);
  });

  test("the second turn remembers the first", async () => {
    const messages: ModelMessage[] = [{ role: "user", content: "My name is Anna." }];
    const first = await generateText({ ...greedy(), messages });
    messages.push(...first.responseMessages, { role: "user", content: "What was my name?" });
    const second = await generateText({ ...greedy(), messages });
    expect(second.text).toContain("Anna");
    expect(second.usage.inputTokenDetails.cacheReadTokens).toBeGreaterThan(8);
  });

  test("an unknown model is said to be one", async () => {
    await expect(generateText({ ...greedy("gpt-0"), prompt: "Hello!" })).rejects.toMatchObject({
      statusCode: 404,
      message: expect.stringContaining("gpt-0"),
    });
  });
});
