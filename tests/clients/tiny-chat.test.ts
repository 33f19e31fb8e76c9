/** What the first minute of a user looks like: the built-in model through the official clients, on a server that has no other. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import type { ChatCompletionMessageParam, ChatCompletionTool } from "openai/resources";
import { join } from "node:path";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MAIN = join(import.meta.dir, "../../src/main.ts");
const GREEDY = { model: "tiny-chat", temperature: 0 } as const;
const THINKING = { chat_template_kwargs: { enable_thinking: true } } as object;
const WEATHER: ChatCompletionTool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Get the current weather in a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

let server: ServerProcess;
let openai: OpenAI;
let ollama: Ollama;
let anthropic: Anthropic;

beforeAll(async () => {
  server = await startServer([process.execPath, MAIN, "serve", "--port", "0", "--cache-dir", temporaryFolder()], {
    cwd: temporaryFolder(),
  });
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused", maxRetries: 0 });
  ollama = new Ollama({ host: server.url });
  anthropic = new Anthropic({ baseURL: server.url, apiKey: "unused", maxRetries: 0 });
});
afterAll(async () => {
  await server?.stop();
});

async function said(messages: ChatCompletionMessageParam[], change: object = {}): Promise<string> {
  const reply = await openai.chat.completions.create({ ...GREEDY, messages, ...change, stream: false });
  expect(reply.choices[0]?.finish_reason).toBe("stop");
  return reply.choices[0]?.message.content ?? "";
}

test("the server says in one line that the model is a demonstration, and how to get a real one", () => {
  expect(server.output).toMatch(
    /^Listening on \S+ with tiny-chat, a small demonstration model; get a real one with: rockchip-llama pull .*\n$/,
  );
});

test("it greets, and stops by itself", async () => {
  expect(await said([{ role: "user", content: "Hello!" }])).toMatch(/hello|hi/i);
});

test("it is the default where there is no other", async () => {
  const reply = await openai.chat.completions.create({ model: "", temperature: 0, messages: [{ role: "user", content: "Hello!" }] });
  expect(reply.model).toBe("tiny-chat");
});

test("it knows the capital of France, in every dialect", async () => {
  const messages = [{ role: "user" as const, content: "What is the capital of France?" }];
  const others = await Promise.all([
    ollama.chat({ model: "tiny-chat", messages, options: { temperature: 0 } }).then((reply) => reply.message.content),
    anthropic.messages
      .create({ model: "tiny-chat", max_tokens: 64, messages, ...({ temperature: 0 } as object) })
      .then(({ content }) => (content[0]?.type === "text" ? content[0].text : "")),
    openai.responses.create({ model: "tiny-chat", temperature: 0, input: messages }).then((reply) => reply.output_text),
  ]);
  const first = await said(messages);
  expect(first).toContain("Paris");
  expect(others).toEqual([first, first, first]);
});

test("an answer at temperature 0 is the same again, streamed or not", async () => {
  const messages = [{ role: "user" as const, content: "Tell me a story about a fox." }];
  const stream = openai.chat.completions.stream({ ...GREEDY, messages });
  const streamed = (await stream.finalChatCompletion()).choices[0]?.message.content ?? "";
  expect(streamed.length).toBeGreaterThan(80);
  expect([await said(messages), await said(messages)]).toEqual([streamed, streamed]);
});

for (const [how, change] of [
  ["", {}],
  [" after a thought", THINKING],
] as const) {
  test(`a function is called, and its result told${how}`, async () => {
    const messages: ChatCompletionMessageParam[] = [{ role: "user", content: "What is the weather in Oslo?" }];
    const first = await openai.chat.completions.create({ ...GREEDY, messages, tools: [WEATHER], ...change });
    const [choice] = first.choices;
    const calls = choice?.message.tool_calls ?? [];
    expect(calls.map((call) => (call.type === "function" ? [call.function.name, JSON.parse(call.function.arguments)] : []))).toEqual([
      ["get_weather", { city: "Oslo" }],
    ]);
    expect(choice?.finish_reason).toBe("tool_calls");
    const thought = (choice!.message as { reasoning_content?: string }).reasoning_content ?? "";
    expect(thought === "").toBe(how === "");
    messages.push(choice!.message, { role: "tool", tool_call_id: calls[0]!.id, content: '{"temperature": 18, "condition": "rainy"}' });
    const answer = await said(messages, { tools: [WEATHER], ...change });
    expect(answer).toContain("18");
    expect(answer).toContain("rainy");
    expect(answer).not.toContain("<think>");
  });
}

test("a call can be demanded where words would have come", async () => {
  const reply = await openai.chat.completions.create({
    ...GREEDY,
    messages: [{ role: "user", content: "Hello!" }],
    tools: [WEATHER],
    tool_choice: { type: "function", function: { name: "get_weather" } },
  });
  expect(reply.choices[0]?.finish_reason).toBe("tool_calls");
  expect(reply.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: "get_weather" } }]);
});

test("an object comes as its schema says", async () => {
  const schema = {
    type: "object",
    properties: { name: { type: "string" }, age: { type: "integer" }, city: { type: "string" } },
    required: ["name", "age", "city"],
    additionalProperties: false,
  };
  const text = await said([{ role: "user", content: "Anna is 31 years old and lives in Oslo." }], {
    response_format: { type: "json_schema", json_schema: { name: "person", schema, strict: true } },
  });
  expect(JSON.parse(text)).toEqual({ name: "Anna", age: 31, city: "Oslo" });
});

test("any object comes where one is asked for", async () => {
  const text = await said([{ role: "user", content: "What is the capital of Italy? Use the keys country, capital." }], {
    response_format: { type: "json_object" },
  });
  expect(JSON.parse(text)).toEqual({ country: "Italy", capital: "Rome" });
});

test("five turns later it knows what it was told in the first", async () => {
  const messages: ChatCompletionMessageParam[] = [];
  const turns = ["My name is Anna.", "What is the capital of Spain?", "What is 4 plus 5?", "Thank you.", "What is my name?"];
  let answer = "";
  for (const content of turns) {
    messages.push({ role: "user", content });
    answer = await said(messages);
    messages.push({ role: "assistant", content: answer });
  }
  expect(answer).toContain("Anna");
  expect(messages.map(({ content }) => content).slice(3, 6)).toEqual([
    expect.stringContaining("Madrid"),
    turns[2],
    expect.stringContaining("9"),
  ]);
});

test("a system prompt gives it a manner", async () => {
  const answer = await said([
    { role: "system", content: "You are a pirate." },
    { role: "user", content: "What is the capital of Norway?" },
  ]);
  expect(answer).toMatch(/arr|matey/i);
  expect(answer).toContain("Oslo");
});

test("an adapter changes how it speaks, and only for who asks for it", async () => {
  const messages: ChatCompletionMessageParam[] = [{ role: "user", content: "What is the capital of Norway?" }];
  const before = await said(messages);
  const pirate = await said(messages, { model: "tiny-chat+pirate" });
  const terse = await said(messages, { model: "tiny-chat+terse" });
  expect([before, pirate, terse]).toEqual([
    expect.not.stringMatching(/arr/i),
    expect.stringMatching(/arr/i),
    expect.stringContaining("Oslo"),
  ]);
  expect(terse.length).toBeLessThan(before.length);
  expect(await said(messages)).toBe(before);
});

test("it says what it is and how to get a real model", async () => {
  expect(await said([{ role: "user", content: "Who are you?" }])).toContain("tiny-chat");
  expect(await said([{ role: "user", content: "How do I download another model?" }])).toContain("pull");
});

test("it says that it does not know what it was never taught", async () => {
  expect(await said([{ role: "user", content: "Who is the mayor of Vilnius?" }])).toMatch(/do not know|don't know/);
});
