/** Embeddings through the whole server on the CPU runtime, whose hidden layer is as odd as the closed library's. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { processGone, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const TEXT = "the number of people could be";
const CHAT = { messages: [{ role: "user", content: TEXT }], temperature: 0, max_tokens: 20 };
/** `general.architecture` of the tiny models. */
const POOLING = "llama.pooling_type";
const MEAN = 1;

async function json(server: TestServer, path: string, body: object): Promise<Record<string, unknown>> {
  return (await (await server.post(path, body)).json()) as Record<string, unknown>;
}

async function vectors(server: TestServer, input: unknown, more: object = {}): Promise<number[][]> {
  const { data } = await json(server, "/v1/embeddings", { input, ...more });
  return (data as { embedding: number[] }[]).map(({ embedding }) => embedding);
}

async function tokensOf(server: TestServer, body: object): Promise<number[]> {
  return (await json(server, "/tokenize", body))["tokens"] as number[];
}

const lengthOf = (vector: readonly number[]) => Math.hypot(...vector);

function normalised(vector: readonly number[]): number[] {
  const length = lengthOf(vector);
  return vector.map((value) => value / length);
}

function closeTo(vector: readonly number[] | undefined): number[] {
  return (vector ?? []).map((value) => expect.closeTo(value, 4) as unknown as number);
}

const VARIANTS: readonly (readonly [name: string, moods: string, flags: readonly string[]])[] = [
  ["version 1.3.0", "", []],
  ["version 1.2.3", "", ["--cpu-runtime-version", "1.2.3"]],
  ["callbacks from a foreign thread", "foreign-thread", []],
  ["a host inside the server", "", ["--isolation", "thread"]],
];

describe.each(VARIANTS)("with %s", (_, moods, flags) => {
  test("the vector of a text is the same before and after an answer to it, alone and in a batch, and has length 1", async () => {
    await using server = await startTestServer({ moods, flags });
    const [before] = await vectors(server, TEXT);
    await server.post("/v1/chat/completions", CHAT);
    await server.post("/v1/completions", { prompt: TEXT, max_tokens: 3 });
    const after = await vectors(server, [TEXT, "he", TEXT]);
    expect([before?.length, lengthOf(before ?? [])]).toEqual([64, expect.closeTo(1, 5)]);
    expect([after[0], after[2]]).toEqual([before, before]);
    expect(after[1]).not.toEqual(before!);
  });
});

test("an answer is the same whether or not its prompt was embedded before", async () => {
  await using server = await startTestServer();
  const answer = async () => (await json(server, "/v1/completions", { prompt: TEXT, temperature: 0, max_tokens: 20 }))["choices"];
  const before = await answer();
  await vectors(server, TEXT);
  expect(await answer()).toEqual(before);
});

test("a model that says so has the mean of its tokens' states, others the last one", async () => {
  const metadata = { [POOLING]: { type: "u32", value: MEAN } } as const;
  const models = { "mean.gguf": { vocabulary: "bpe", metadata }, "last.gguf": { vocabulary: "bpe" } } as const;
  await using server = await startTestServer({ models, flags: ["--models-loaded-max", "2"] });
  const ids = [270, 280, 290];
  // All states of these models have one length, so that their directions are all there is.
  const prefixes = await vectors(server, [ids.slice(0, 1), ids.slice(0, 2), ids], { model: "last" });
  const sum = ids.map((_, i) => prefixes[i] ?? []).reduce((total, vector) => total.map((value, i) => value + (vector[i] ?? 0)));
  const [mean] = await vectors(server, ids, { model: "mean" });
  expect(mean).toEqual(closeTo(normalised(sum)));
  expect(mean).not.toEqual(closeTo(prefixes[2]));
});

test("a text gets the end that the model wants behind it, token ids do not", async () => {
  const metadata = { "tokenizer.ggml.add_eos_token": { type: "bool", value: true } } as const;
  await using server = await startTestServer({ models: { "embedding.gguf": { metadata } } });
  const bare = await tokensOf(server, { content: TEXT });
  const whole = await tokensOf(server, { content: TEXT, add_special: true });
  const [text, ended, open] = await vectors(server, [TEXT, whole, whole.slice(0, -1)]);
  expect([whole.slice(1, -1), text]).toEqual([bare, ended!]);
  expect(open).not.toEqual(text!);
});

test("vectors are shortened for models that are known to be trained for it, and for no others", async () => {
  await using server = await startTestServer({ models: { "qwen3-embedding-0.6b.gguf": {}, "tiny.gguf": {} } });
  const model = "qwen3-embedding-0.6b";
  const [whole] = await vectors(server, TEXT, { model });
  expect(await vectors(server, TEXT, { model, dimensions: 16 })).toEqual([closeTo(normalised(whole!.slice(0, 16)))]);
  expect(await vectors(server, TEXT, { model: "tiny", dimensions: 64 })).toHaveLength(1);
  const refusals = [
    { model: "tiny", dimensions: 16 },
    { model, dimensions: 65 },
  ].map(async (body) => json(server, "/v1/embeddings", { input: TEXT, ...body }));
  expect(await Promise.all(refusals)).toMatchObject([
    { error: { param: "dimensions", code: "unsupported_parameter" } },
    { error: { param: "dimensions", code: "invalid_value" } },
  ]);
});

test("a batch with a text that does not fit, or with ids that do not exist, is refused by the text's name", async () => {
  await using server = await startTestServer({ models: { "tiny.gguf": { contextTokens: 256 } } });
  const fits = Array.from({ length: 252 }, () => 270);
  const refusals = [
    ["a", "word ".repeat(400)],
    [fits, [...fits, 270]],
    ["a", "b", [99_999]],
  ].map(async (input) => json(server, "/v1/embeddings", { input }));
  expect(await Promise.all(refusals)).toMatchObject([
    { error: { param: "input[1]", code: "context_length_exceeded", n_ctx: 256 } },
    { error: { param: "input[1]", code: "context_length_exceeded", n_prompt_tokens: 253 } },
    { error: { param: "input[2]", code: "invalid_request" } },
  ]);
  expect([(await vectors(server, [fits])).length, await server.modelStatus()]).toMatchObject([1, { running: false, queued: 0 }]);
});

test("a text that is the query comes first, with the score 1", async () => {
  await using server = await startTestServer();
  const { results } = await json(server, "/v1/rerank", { query: TEXT, documents: ["he", TEXT, "the"] });
  const scores = results as { index: number; relevance_score: number }[];
  expect([scores.length, scores[0]]).toEqual([3, { index: 1, relevance_score: expect.closeTo(1, 5) }]);
});

/** Models that answer every conversation with one word, and know the other one. */
const JUDGES = {
  "qwen3-reranker-yes.gguf": { vocabulary: "bpe", pre: "llama-bpe", says: "yes", userTokens: ["no"] },
  "qwen3-reranker-no.gguf": { vocabulary: "bpe", pre: "llama-bpe", says: "no", userTokens: ["yes"] },
} as const;

test.each([["1.3.0"], ["1.2.3"]])("a model that judges scores texts by the word that it would say, on version %s", async (version) => {
  await using server = await startTestServer({ models: JUDGES, flags: ["--cpu-runtime-version", version] });
  const scores = async (model: string) => {
    const { results } = await json(server, "/v1/rerank", { model, query: TEXT, documents: ["the", "he"], instruction: "Like it." });
    return (results as { relevance_score: number }[]).map(({ relevance_score }) => relevance_score);
  };
  const sure = [expect.closeTo(1, 2), expect.closeTo(1, 2)];
  const unsure = [expect.closeTo(0, 2), expect.closeTo(0, 2)];
  expect([await scores("qwen3-reranker-yes"), await scores("qwen3-reranker-no")]).toEqual([sure, unsure]);
  // The model goes on as if nothing had been.
  expect((await json(server, "/v1/completions", { model: "qwen3-reranker-no", prompt: "the\n", temperature: 0 }))["choices"]).toMatchObject(
    [{ text: "no", finish_reason: "stop" }],
  );
});

test("a model that should judge and cannot say yes is refused", async () => {
  await using server = await startTestServer({ models: { "qwen3-reranker-0.6b.gguf": {} } });
  const { error } = await json(server, "/v1/rerank", { query: "the", documents: ["he"] });
  expect(error).toMatchObject({ code: "model_not_runnable", message: expect.stringContaining('"yes" is no token of its vocabulary') });
});

test("a client that goes frees the model in the middle of a batch", async () => {
  await using server = await startTestServer({ moods: "slow-prefill=20" });
  await vectors(server, "a");
  const client = new AbortController();
  const leaving = server.post("/v1/embeddings", { input: Array.from({ length: 500 }, () => TEXT) }, client.signal).catch(() => "gone");
  while (!(await server.modelStatus()).running) await Bun.sleep(5);
  client.abort();
  expect(await leaving).toBe("gone");
  while ((await server.modelStatus()).running) await Bun.sleep(5);
  expect(await vectors(server, "a")).toHaveLength(1);
});

test("a host that dies ends the batch with an error, and the next one gets a new host", async () => {
  await using server = await startTestServer({ moods: "slow-prefill=20" });
  const [before] = await vectors(server, "the");
  const [host] = server.hostPids();
  const batch = server.post("/v1/embeddings", { input: "word ".repeat(400) });
  while (!(await server.modelStatus()).running) await Bun.sleep(5);
  // The host answers in order: when this is answered the text has been prepared, and its run asked for.
  await tokensOf(server, { content: "the" });
  process.kill(host!, "SIGKILL");
  await processGone(host!);
  const response = await batch;
  expect([response.status, await response.json()]).toMatchObject([500, { error: { code: "engine_lost" } }]);
  expect(await vectors(server, "the")).toEqual([before!]);
});

test("a model that does not stop to compute is given up within its time", async () => {
  await using server = await startTestServer({
    moods: "slow-prefill=2000",
    flags: ["--prefill-stall-timeout-s", "1", "--prefill-stall-per-token-s", "0"],
  });
  const response = await server.post("/v1/embeddings", { input: TEXT });
  expect([response.status, await response.json()]).toMatchObject([
    500,
    { error: { code: "engine_lost", message: expect.stringContaining("no token came within 1 s") } },
  ]);
});

test("tokens and prompts are told while an answer is being made", async () => {
  await using server = await startTestServer({ moods: "slow-decode=50" });
  const client = new AbortController();
  const answer = await server.post("/v1/chat/completions", { ...CHAT, max_tokens: 2000, stream: true }, client.signal);
  const ids = await tokensOf(server, { content: "<|im_start|>the number<|im_end|>" });
  const { content } = await json(server, "/detokenize", { tokens: ids });
  const { prompt } = await json(server, "/apply-template", { messages: CHAT.messages });
  const { count } = await json(server, "/tokenize", { messages: CHAT.messages });
  const spelled = await tokensOf(server, { content: "<|im_start|>the number<|im_end|>", parse_special: false });
  expect({ running: (await server.modelStatus()).running, content, prompt, count, more: spelled.length > ids.length }).toEqual({
    running: true,
    content: expect.stringMatching(/^<\|im_start\|> ?the number<\|im_end\|>$/),
    prompt: `<|im_start|>user\n${TEXT}<|im_end|>\n<|im_start|>assistant\n`,
    count: expect.any(Number),
    more: true,
  });
  client.abort();
  await answer.body?.cancel().catch(() => {});
});

test("pieces of tokens spell the text, those inside a character as bytes", async () => {
  await using server = await startTestServer({ models: { "tiny.gguf": { vocabulary: "bpe" } } });
  const text = "the ☔";
  const { tokens } = await json(server, "/tokenize", { content: text, with_pieces: true });
  const pieces = (tokens as { piece: string | number[] }[]).map(({ piece }) => piece);
  const bytes = pieces.map((piece) => Buffer.from(piece as string));
  expect([Buffer.concat(bytes).toString(), pieces.some(Array.isArray)]).toEqual([text, true]);
});

test("ids that do not exist and texts without end are refused, and the model goes on", async () => {
  await using server = await startTestServer();
  const refusals = [json(server, "/detokenize", { tokens: [1, 999_999] }), json(server, "/tokenize", { content: "a".repeat(2 ** 18 + 1) })];
  expect(await Promise.all(refusals)).toMatchObject([{ error: { code: "invalid_request" } }, { error: { code: "invalid_request" } }]);
  expect(await tokensOf(server, { content: "the" })).toHaveLength(1);
});
