/** LangChain's classes for Ollama against a whole server. They stream even where an answer is wanted whole. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { AIMessageChunk, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOllama, Ollama, OllamaEmbeddings } from "@langchain/ollama";
import { z } from "zod";
import { CHAT_MODELS, startChatServer, WEATHER_ABOUT, WEATHER_QUESTION, WEATHER_RESULT } from "../support/chat-server.ts";
import { rejection } from "../support/rejection.ts";
import type { ServerProcess } from "../support/server-process.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const CAPITAL = z.object({ country: z.string(), capital: z.string() });
const QUESTION = "What is the capital of France?";

let server: ServerProcess;

beforeAll(async () => {
  server = await startChatServer();
});
afterAll(async () => {
  await server?.stop();
});

const connection = (model = "tiny-chat") => ({ model, baseUrl: server.url, temperature: 0, maxRetries: 0 });
const chat = (change: object = {}) => new ChatOllama({ ...connection(), ...change });
const joined = (chunks: readonly AIMessageChunk[]): AIMessageChunk =>
  chunks.reduce((all, chunk) => all.concat(chunk), new AIMessageChunk(""));

test.each(CHAT_MODELS)("a streamed text is the one that comes whole, with its tokens, on %s", async (model) => {
  const asked = chat({ model, numPredict: 12 });
  const whole = await asked.invoke(QUESTION);
  const streamed = joined(await Array.fromAsync(await asked.stream(QUESTION)));
  expect(whole.text).not.toBe("");
  expect([streamed.text, streamed.usage_metadata]).toEqual([whole.text, whole.usage_metadata]);
  expect(whole).toMatchObject({
    usage_metadata: { output_tokens: whole.response_metadata["eval_count"] },
    response_metadata: { model, done: true, eval_count: expect.any(Number) },
  });
});

const weather = tool(async () => WEATHER_RESULT, {
  name: "get_weather",
  description: WEATHER_ABOUT,
  schema: z.object({ city: z.string() }),
});

test("a bound function is called, and its result told", async () => {
  const asked = chat().bindTools([weather]);
  const messages: BaseMessage[] = [new HumanMessage(WEATHER_QUESTION)];
  const first = await asked.invoke(messages);
  const streamed = joined(await Array.fromAsync(await asked.stream(messages)));
  const called = { name: "get_weather", args: { city: "Oslo" } };
  expect([first.tool_calls, streamed.tool_calls]).toMatchObject([[called], [called]]);
  messages.push(first);
  for (const call of first.tool_calls ?? []) messages.push(await weather.invoke(call));
  expect((await asked.invoke(messages)).text).toMatch(/18.*rainy/);
});

test.each([
  ["jsonSchema", "What is the capital of Italy?"],
  ["jsonMode", "What is the capital of Italy? Use the keys country, capital."],
] as const)("structured output comes by %s", async (method, question) => {
  const asked = chat().withStructuredOutput(CAPITAL, { name: "capital", method });
  expect(await asked.invoke(question)).toEqual({ country: "Italy", capital: "Rome" });
});

test("structured output comes by a function", async () => {
  const asked = chat().withStructuredOutput(z.object({ city: z.string() }), { name: "get_weather", method: "functionCalling" });
  expect(await asked.invoke(WEATHER_QUESTION)).toEqual({ city: "Oslo" });
});

test("a thought comes apart from the text", async () => {
  const { text, additional_kwargs } = await chat({ think: true }).invoke(QUESTION);
  expect([text, additional_kwargs["reasoning_content"]]).toEqual([expect.stringContaining("Paris"), expect.stringMatching(/\w/)]);
});

test("the second turn remembers the first", async () => {
  const first = await chat().invoke("My name is Anna.");
  const second = await chat().invoke([new HumanMessage("My name is Anna."), first, new HumanMessage("What was my name?")]);
  expect(second.text).toContain("Anna");
});

test("a model that is here is found and not pulled, whatever options the class knows", async () => {
  const options = { numa: false, numCtx: 2048, lowVram: true, tfsZ: 1, mirostat: 0, penalizeNewline: true, keepAlive: "5m", seed: 1 };
  expect((await chat({ checkOrPullModel: true, ...options }).invoke(QUESTION)).text).toContain("Paris");
});

test("a plain completion streams what it gives whole", async () => {
  const llm = new Ollama({ ...connection(), numPredict: 6 });
  const chunks = await Array.fromAsync(await llm.stream(QUESTION));
  expect(chunks.join("")).toBe(await llm.invoke(QUESTION));
});

test("vectors of texts and of a query are the same", async () => {
  const embeddings = new OllamaEmbeddings(connection());
  const [first, second] = await embeddings.embedDocuments(["A cat sits.", "A dog runs."]);
  expect(await embeddings.embedQuery("A cat sits.")).toEqual(first!);
  expect(second).not.toEqual(first);
});

test("an unknown model is said to be one", async () => {
  expect(await rejection(chat({ model: "nobody" }).invoke("Hello!"))).toMatchObject({
    status_code: 404,
    message: expect.stringContaining("model 'nobody' not found"),
  });
});
