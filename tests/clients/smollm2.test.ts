import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { type ServerProcess, startServer } from "../support/server-process.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const ROOT = join(import.meta.dir, "../..");
const MODELS_DIR = join(ROOT, "models");
const MODEL = "smollm2-135m";
const FETCHED = existsSync(join(MODELS_DIR, "smollm2-135m-instruct"));
/** With the system prompt that its own template puts in for want of one, this quantization answers in French, in node-llama-cpp too. */
const QUESTION = [
  { role: "system" as const, content: "You are a helpful assistant." },
  { role: "user" as const, content: "What is the capital of France?" },
];

// prettier-ignore
describe.skipIf(!FETCHED)("on SmolLM2 135M (skipped where it is absent: `bun run fetch:smollm2` fetches it)", () => {
  let server: ServerProcess;
  let openai: OpenAI;
  let ollama: Ollama;

  beforeAll(async () => {
    server = await startServer([process.execPath, join(ROOT, "src/main.ts"), "serve", "--port", "0", "--models-dir", MODELS_DIR]);
    openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused", maxRetries: 0 });
    ollama = new Ollama({ host: server.url });
  });
  afterAll(async () => {
    await server?.stop();
  });

  test("the openai client streams an answer that knows the capital of France", async () => {
    const stream = await openai.chat.completions.create({ model: MODEL, messages: QUESTION, stream: true, temperature: 0, max_tokens: 40 });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toContain("Paris");
  });

  test("the openai client's streaming helper agrees with its whole reply", async () => {
    const request = { model: MODEL, messages: QUESTION, temperature: 0, max_tokens: 5 };
    const streamed = await openai.chat.completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion();
    const whole = await openai.chat.completions.create(request);
    expect(streamed.choices[0]!.message.content).toBe(whole.choices[0]!.message.content);
    expect(streamed.usage?.completion_tokens).toBe(5);
    expect(whole.usage).toMatchObject({ completion_tokens: 5, prompt_tokens: streamed.usage!.prompt_tokens });
    expect(whole.choices[0]!.finish_reason).toBe("length");
  });

  test("the ollama client streams an answer that knows the capital of France", async () => {
    const stream = await ollama.chat({ model: MODEL, messages: QUESTION, stream: true, options: { temperature: 0, num_predict: 40 } });
    let text = "";
    for await (const part of stream) text += part.message.content;
    expect(text).toContain("Paris");
  });

  test("the ollama client gets the figures of a whole reply", async () => {
    const reply = await ollama.generate({ model: MODEL, prompt: "Count to three:", options: { temperature: 0, num_predict: 8 } });
    expect(reply).toMatchObject({ done: true, done_reason: "length", eval_count: 8 });
    expect(reply.eval_duration).toBeGreaterThan(0);
    expect(reply.prompt_eval_count).toBeGreaterThan(0);
  });

  test("a conversation goes on, and its beginning is not computed again", async () => {
    const first = await openai.chat.completions.create({ model: MODEL, messages: QUESTION, temperature: 0, max_tokens: 24 });
    const messages = [...QUESTION, first.choices[0]!.message, { role: "user" as const, content: "And of Italy?" }];
    const second = await openai.chat.completions.create({ model: MODEL, messages, temperature: 0, max_tokens: 24 });
    expect(second.choices[0]!.message.content).toContain("Rome");
    expect(second.usage!.prompt_tokens_details!.cached_tokens).toBeGreaterThan(first.usage!.prompt_tokens - 8);
  });
});
