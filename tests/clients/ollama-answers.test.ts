/** What Ollama's clients ask of a real model beyond a plain answer: what it can do, and what happens to texts that are too long for it. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Ollama } from "ollama";
import { rejection } from "../support/rejection.ts";
import { startTestServer } from "../support/test-server.ts";
import type { TestServer } from "../support/test-server.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const CONTEXT_TOKENS = 256;
const RESERVE_TOKENS = 4;
const LONG_TEXT = "the quick brown fox ".repeat(200);
const FIM = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"];

let server: TestServer;
let ollama: Ollama;

beforeAll(async () => {
  server = await startTestServer({
    models: {
      "tiny.gguf": { contextTokens: CONTEXT_TOKENS, says: "Fine." },
      "tiny-coder.gguf": { contextTokens: CONTEXT_TOKENS, userTokens: FIM, vocabulary: "bpe" },
    },
  });
  ollama = new Ollama({ host: server.url });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

test("what a model is shown to be is what it is run as", async () => {
  const { capabilities, model_info, details } = await ollama.show({ model: "TINY:latest" });
  expect([capabilities, model_info, details.parameter_size]).toMatchObject([
    ["completion"],
    { "general.architecture": "llama", "llama.context_length": CONTEXT_TOKENS, "llama.embedding_length": 64, "tokenizer.ggml.tokens": [] },
    "0.14M",
  ]);
  await ollama.generate({ model: "tiny", prompt: "" });
  const { models } = await ollama.ps();
  expect(models).toMatchObject([{ name: "tiny:latest", context_length: CONTEXT_TOKENS }]);
});

test("a conversation that is too long loses its oldest turns, and says so", async () => {
  const turns = Array.from({ length: 60 }, (_, index) => ({
    role: index % 2 === 0 ? "user" : "assistant",
    content: `number ${index} of many`,
  }));
  const messages = [{ role: "system", content: "Be kind." }, ...turns, { role: "user", content: "How are you?" }];
  const response = await server.post("/api/chat", { model: "tiny", messages, stream: false, options: { num_predict: 20, temperature: 0 } });
  const reply = (await response.json()) as { prompt_eval_count: number; message: { content: string } };
  expect(response.headers.get("x-rockchip-llama-note")).toMatch(/^The conversation was too long: its \d+ oldest turns were left out\.$/);
  // As much as fits is kept: one more turn would have taken the room of the answer.
  expect(reply.prompt_eval_count).toBeLessThanOrEqual(CONTEXT_TOKENS - RESERVE_TOKENS - 20);
  expect(reply.prompt_eval_count).toBeGreaterThan(CONTEXT_TOKENS / 2);
  const refused = await rejection(ollama.chat({ model: "tiny", messages, truncate: false } as Parameters<typeof ollama.chat>[0]));
  expect(refused).toMatchObject({ status_code: 400, message: expect.stringMatching(/^the prompt is longer than the context length/) });
});

test("a text that is too long is cut before it is made a vector, and the cut vector has length 1", async () => {
  const { embeddings, prompt_eval_count } = await ollama.embed({ model: "tiny", input: [LONG_TEXT, "fox"], dimensions: 16 });
  const [long = [], short = []] = embeddings;
  const length = (vector: readonly number[]): number => Math.hypot(...vector);
  expect([long.length, short.length, Math.abs(length(long) - 1) < 1e-5, Math.abs(length(short) - 1) < 1e-5]).toEqual([16, 16, true, true]);
  expect(prompt_eval_count).toBeGreaterThan(CONTEXT_TOKENS - RESERVE_TOKENS);
  const refused = await rejection(ollama.embed({ model: "tiny", input: LONG_TEXT, truncate: false }));
  expect(refused).toMatchObject({ status_code: 400, message: expect.stringMatching(/^the input length exceeds the context length/) });
});

test("an empty text has a vector like any other where the vocabulary puts a token in front, and is named where it has none", async () => {
  const { embeddings } = await ollama.embed({ model: "tiny", input: ["fox", "", "dog"] });
  expect(embeddings.map((vector) => Math.abs(Math.hypot(...vector) - 1) < 1e-5)).toEqual([true, true, true]);
  const refused = await rejection(ollama.embed({ model: "tiny-coder", input: ["fox", ""] }));
  expect(refused).toMatchObject({ status_code: 400, message: "input[1]: The prompt is empty. Send at least one character." });
});

test("a cut text has the vector of its beginning", async () => {
  const { tokens } = (await (await server.post("/v1/tokenize", { model: "tiny", prompt: LONG_TEXT })).json()) as { tokens: number[] };
  const beginning = tokens.slice(0, CONTEXT_TOKENS - RESERVE_TOKENS);
  const { data } = (await (await server.post("/v1/embeddings", { model: "tiny", input: beginning })).json()) as { data: { embedding: number[] }[] };
  const { embeddings } = await ollama.embed({ model: "tiny", input: LONG_TEXT });
  expect(embeddings).toEqual(data.map(({ embedding }) => embedding));
}); // prettier-ignore

test("an answer's context is the conversation that the next prompt stands in", async () => {
  const { context, response = "" } = await ollama.generate({ model: "tiny", prompt: "Hello", system: "Be kind.", options: { temperature: 0, num_predict: 8 } });
  const reply = await server.post("/api/generate", { model: "tiny", prompt: "More", context, _debug_render_only: true });
  const turn = (role: string, text: string): string => `<|im_start|>${role}\n${text}<|im_end|>\n`;
  const prompt = turn("system", "Be kind.") + turn("user", "Hello") + turn("assistant", response) + turn("user", "More");
  expect(await reply.json()).toMatchObject({ _debug_info: { rendered_template: `${prompt}<|im_start|>assistant\n` } });
}); // prettier-ignore

test("only a model with the tokens for it fills in", async () => {
  const { capabilities } = await ollama.show({ model: "tiny-coder" });
  const filled = await ollama.generate({ model: "tiny-coder", prompt: "def f(", suffix: "return a", options: { num_predict: 3 } });
  const refused = await rejection(ollama.generate({ model: "tiny", prompt: "def f(", suffix: "return a" }));
  expect([capabilities, filled.eval_count, filled.done_reason, refused]).toMatchObject([
    ["completion", "insert"],
    3,
    "length",
    { status_code: 400, message: "registry.ollama.ai/library/tiny:latest does not support insert" },
  ]);
});

test("raw text that a client has put into a template of its own is the prompt that the server would have made", async () => {
  const options = { num_predict: 3, temperature: 0 };
  const filled = await ollama.generate({ model: "tiny-coder", prompt: "def f(", suffix: "return a", options });
  const prompt = "<|fim_prefix|>def f(<|fim_suffix|>return a<|fim_middle|>";
  const raw = await ollama.generate({ model: "tiny-coder", prompt, raw: true, options });
  const typed = await ollama.generate({ model: "tiny-coder", prompt, options });
  expect([raw.response, raw.prompt_eval_count]).toEqual([filled.response, filled.prompt_eval_count]);
  // What a user types is text, whatever it spells.
  expect(typed.prompt_eval_count).toBeGreaterThan(raw.prompt_eval_count + 10);
});

test("a model that cannot think is not asked to", async () => {
  expect(await rejection(ollama.chat({ model: "tiny", messages: [{ role: "user", content: "hi" }], think: true }))).toMatchObject({
    status_code: 400,
    message: '"tiny" does not support thinking',
  });
});
