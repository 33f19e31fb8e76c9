/** LangChain's chat models against a whole server, by chat completions and by /v1/responses. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { AIMessageChunk, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { z } from "zod";
import { CHAT_MODELS, startChatServer, WEATHER_ABOUT, WEATHER_QUESTION, WEATHER_RESULT } from "../support/chat-server.ts";
import type { ServerProcess } from "../support/server-process.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const CAPITAL = z.object({ country: z.string(), capital: z.string() });

let server: ServerProcess;

beforeAll(async () => {
  server = await startChatServer();
});
afterAll(async () => {
  await server?.stop();
});

function connection(model = "tiny-chat") {
  return { model, apiKey: "unused", temperature: 0, maxRetries: 0, configuration: { baseURL: `${server.url}/v1` } };
}

function joined(chunks: readonly AIMessageChunk[]): AIMessageChunk {
  return chunks.reduce((all, chunk) => all.concat(chunk), new AIMessageChunk(""));
}

/** Tokens of the prompt and of the answer. */
function tokensOf(message: object): readonly unknown[] {
  const { usage_metadata: usage } = message as {
    readonly usage_metadata?: { readonly input_tokens: number; readonly output_tokens: number };
  };
  return [usage?.input_tokens, usage?.output_tokens];
}

describe.each([
  ["chat completions", false],
  ["responses", true],
] as const)("by %s", (_, useResponsesApi) => {
  const chat = (change: object = {}) => new ChatOpenAI({ ...connection(), useResponsesApi, ...change });

  test.each(CHAT_MODELS)("a streamed text is the one that comes whole, on %s", async (model) => {
    const asked = chat({ model, maxTokens: 12 });
    const whole = await asked.invoke("What is the capital of France?");
    const streamed = joined(await Array.fromAsync(await asked.stream("What is the capital of France?")));
    expect(whole.text).not.toBe("");
    expect([streamed.text, tokensOf(streamed)]).toEqual([whole.text, tokensOf(whole)]);
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

  test("structured output comes by a function that must be called", async () => {
    const asked = chat().withStructuredOutput(z.object({ city: z.string() }), { name: "get_weather", method: "functionCalling" });
    expect(await asked.invoke(WEATHER_QUESTION)).toEqual({ city: "Oslo" });
  });

  test("the second turn remembers the first", async () => {
    const first = await chat().invoke("My name is Anna.");
    const second = await chat().invoke([new HumanMessage("My name is Anna."), first, new HumanMessage("What was my name?")]);
    expect(second.text).toContain("Anna");
  });

  test("an unknown model is said to be one", async () => {
    await expect(chat({ model: "nobody" }).invoke("Hello!")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  });
});

test("a plain completion streams what it gives whole", async () => {
  const llm = new OpenAI({ ...connection(), maxTokens: 6 });
  const chunks = await Array.fromAsync(await llm.stream("The capital of France"));
  expect(chunks.join("")).toBe(await llm.invoke("The capital of France"));
});

test("vectors of texts and of a query are the same", async () => {
  const embeddings = new OpenAIEmbeddings(connection());
  const [first, second] = await embeddings.embedDocuments(["A cat sits.", "A dog runs."]);
  expect(await embeddings.embedQuery("A cat sits.")).toEqual(first!);
  expect(second).not.toEqual(first);
});
