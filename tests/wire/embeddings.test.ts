/** Embeddings, reranking and tokens on the wire, with a scripted engine behind it. */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import OpenAI from "openai";
import type { EmbeddingRequest } from "../../src/engine/embed.ts";
import { listen } from "../support/api-socket.ts";
import { ask, MODEL, scriptedEngine, type Script } from "../support/scripted-engine.ts";

const NOTE = "This model was not made for embeddings: its vectors are the hidden state of the last token, and likeness may mean little.";

async function reply(path: string, body: unknown, script: Script = {}) {
  const response = await ask(script, path, { body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** What was refused, in short. */
async function refusal(path: string, body: unknown, script: Script = {}): Promise<unknown[]> {
  const {
    status,
    body: { error },
  } = await reply(path, body, script);
  const { param, code } = error as { param: string; code: string };
  return [status, param, code];
}

/** What the engine is asked for. */
async function asked(body: object) {
  const engine = scriptedEngine();
  await ask(engine, "/v1/embeddings", { body });
  return engine.embeddings.map(({ nameOf, ...request }) => ({ ...request, names: request.inputs.map((_, index) => nameOf(index)) }));
}

describe("embeddings", () => {
  test("come as numbers, with the tokens of all texts, and a note where the model was not made for them", async () => {
    const response = await ask({}, "/v1/embeddings", { body: { model: "qwen3:0.6b", input: ["a", "b"], input_type: "query", user: "u" } });
    expect([response.headers.get("x-rockchip-llama-note"), response.headers.get("x-rockchip-llama-ignored")]).toEqual([NOTE, "input_type"]);
    const embedding = [Math.fround(0.6), Math.fround(0.8)];
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        object: "list",
        data: [
          { object: "embedding", index: 0, embedding },
          { object: "embedding", index: 1, embedding },
        ],
        model: "qwen3-0.6b",
        usage: { prompt_tokens: 6, total_tokens: 6 },
      },
    ]);
  });

  test("come as little-endian floats in base64 on demand", async () => {
    const embed = async () => [Float32Array.of(1, -2)];
    expect((await reply("/embeddings", { input: "a", encoding_format: "base64" }, { embed })).body["data"]).toEqual([
      { object: "embedding", index: 0, embedding: Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]).toString("base64") },
    ]);
  });

  test("are made of a text, texts, token ids, or arrays of them", async () => {
    const requests = await Promise.all(["a", ["a", "b"], [1, 2], [[1, 2], [3]], ["a", [3]]].map(async (input) => asked({ input })));
    expect(requests.flat().map(({ inputs, names }) => ({ inputs, names }))).toEqual([
      { inputs: [{ kind: "completion", prompt: "a" }], names: ["input"] },
      {
        inputs: [
          { kind: "completion", prompt: "a" },
          { kind: "completion", prompt: "b" },
        ],
        names: ["input[0]", "input[1]"],
      },
      { inputs: [{ kind: "tokens", ids: [1, 2] }], names: ["input"] },
      {
        inputs: [
          { kind: "tokens", ids: [1, 2] },
          { kind: "tokens", ids: [3] },
        ],
        names: ["input[0]", "input[1]"],
      },
      {
        inputs: [
          { kind: "completion", prompt: "a" },
          { kind: "tokens", ids: [3] },
        ],
        names: ["input[0]", "input[1]"],
      },
    ]);
  });

  test("carry the wanted length to the engine; null is none", async () => {
    const lengths = await Promise.all([{ dimensions: 256 }, { dimensions: null }, {}].map(async (body) => asked({ input: "a", ...body })));
    expect(lengths.flat().map((request) => request.dimensions)).toEqual([256, undefined, undefined]);
  });

  test.each<[object, string | null, string]>([
    [{}, "input", "missing_required_parameter"],
    [{ input: "" }, "input", "invalid_value"],
    [{ input: [] }, "input", "invalid_value"],
    [{ input: ["a", ""] }, "input[1]", "invalid_value"],
    [{ input: [[1], []] }, "input[1]", "invalid_value"],
    [{ input: ["a", 1] }, "input[1]", "invalid_value"],
    [{ input: [-1] }, "input[0]", "invalid_value"],
    [{ input: 7 }, "input", "invalid_type"],
    [{ input: { text: "a" } }, "input", "invalid_type"],
    [{ input: Array.from({ length: 2049 }, () => "a") }, "input", "invalid_value"],
    [{ input: "a", encoding_format: "int8" }, "encoding_format", "invalid_value"],
    [{ input: "a", dimensions: 0 }, "dimensions", "invalid_value"],
    [{ input: "a", model: "nope" }, "model", "model_not_found"],
  ])("refuse %j by name", async (body, param, code) => {
    expect(await refusal("/v1/embeddings", body)).toEqual([code === "model_not_found" ? 404 : 400, param, code]);
  });

  test("2,048 texts are taken", async () => {
    const { status, body } = await reply("/v1/embeddings", { input: Array.from({ length: 2048 }, () => "a") });
    expect([status, (body["data"] as unknown[]).length]).toEqual([200, 2048]);
  });

  test("have no note where the model was made for them", async () => {
    const engine = scriptedEngine();
    const embed = async (request: EmbeddingRequest) => ({
      model: { ...MODEL, embedding: { pooling: "last", shortens: true } as const },
      vectors: request.inputs.map(() => Float32Array.of(1)),
      tokens: [1],
      loadMs: 1,
      queuePosition: 0,
      queueMs: 0,
    });
    const response = await ask({ ...engine, embed }, "/v1/embeddings", { body: { input: "a" } });
    expect([response.status, response.headers.has("x-rockchip-llama-note")]).toEqual([200, false]);
  });

  test.each([[[1, 2]], [[[1, 2], [3]]], [["a", [3]]]])("of token ids in %j say whose these have to be", async (input) => {
    const { headers } = await ask({}, "/v1/embeddings", { body: { input } });
    expect(headers.get("x-rockchip-llama-note")).toMatch(
      /^This model was not made .* The token ids were taken for those of this model's own/,
    );
  });

  test("reach OpenAI's client, which asks for base64 by itself, and for numbers when told", async () => {
    await using api = listen({ embed: async ({ inputs }) => inputs.map((_, index) => Float32Array.of(index, 0.25, -0.5)) });
    const client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "none", maxRetries: 0 });
    const replies = await Promise.all([
      client.embeddings.create({ model: "qwen3-0.6b", input: ["a", "b"] }),
      client.embeddings.create({ model: "qwen3-0.6b", input: ["a", "b"], encoding_format: "float" }),
    ]);
    const vectors = [
      [0, 0.25, -0.5],
      [1, 0.25, -0.5],
    ];
    expect(replies.map(({ data }) => data.map(({ embedding }) => embedding))).toEqual([vectors, vectors]);
  });
});

describe("reranking", () => {
  const scores = [-0.25, 0.5, 0.75];

  test.each([["/v1/rerank"], ["/rerank"], ["/v1/reranking"], ["/reranking"], ["/v2/rerank"]])("%s sorts texts", async (path) => {
    const body = { model: "qwen3:0.6b", query: "q", documents: ["a", { text: "b" }, "c"], top_n: 2, return_documents: true };
    expect(await reply(path, body, { scores })).toEqual({
      status: 200,
      body: {
        id: "rerank-r1",
        object: "list",
        model: "qwen3-0.6b",
        results: [
          { index: 2, relevance_score: scores[2], document: { text: "c" } },
          { index: 1, relevance_score: scores[1], document: { text: "b" } },
        ],
        usage: { prompt_tokens: 7, total_tokens: 7 },
        meta: { api_version: { version: "2" }, billed_units: { search_units: 1 }, tokens: { input_tokens: 7 } },
      },
    });
  });

  test("query, texts and instruction go to the engine, which knows what to call them", async () => {
    const engine = scriptedEngine();
    await ask(engine, "/rerank", { body: { query: { text: "q" }, documents: ["a", "b"], instruction: "Find." } });
    await ask(engine, "/rerank", { body: { query: "q", texts: ["a"], instruction: null } });
    expect(engine.rankings.map(({ nameOf, ...request }) => [request, nameOf(-1), nameOf(1)])).toEqual([
      [{ id: "r1", model: "", query: "q", documents: ["a", "b"], instruction: "Find.", client: "127.0.0.1" }, "query", "documents[1]"],
      [{ id: "r1", model: "", query: "q", documents: ["a"], client: "127.0.0.1" }, "query", "texts[1]"],
    ]);
  });

  test("a model that judges has no note, others have one", async () => {
    const engine = scriptedEngine();
    const judging: typeof engine.rerank = async (request, signal) => ({
      ...(await engine.rerank(request, signal)),
      model: { ...MODEL, judges: true },
    });
    const body = { query: "q", documents: ["a"] };
    const replies = [await ask({ ...engine, rerank: judging }, "/rerank", { body }), await ask(engine, "/rerank", { body })];
    expect(replies.map(({ headers }) => headers.get("x-rockchip-llama-note"))).toEqual([null, NOTE]);
  });

  test("all that asks for vectors or scores is told how it came to its turn, as answers are", async () => {
    const asked = [
      ["/v1/embeddings", { input: "a" }],
      ["/api/embed", { model: MODEL.id, input: "a" }],
      ["/api/embeddings", { model: MODEL.id, prompt: "a" }],
      ["/rerank", { query: "q", documents: ["a"] }],
    ] as const;
    const replies = await Promise.all(asked.map(async ([path, body]) => ask({}, path, { body })));
    const queue = replies.map(({ headers }) => ["position", "wait-ms"].map((name) => headers.get(`x-rockchip-llama-queue-${name}`)));
    expect(queue).toEqual(asked.map(() => ["0", "2"]));
  });

  test("TEI's form is answered in TEI's form", async () => {
    const response = await ask({ scores: scores.slice(0, 2) }, "/rerank", {
      body: { query: "q", texts: ["a", "b"], return_text: true, raw_scores: true },
    });
    expect([response.headers.get("x-rockchip-llama-ignored"), await response.json()]).toEqual([
      "raw_scores",
      [
        { index: 1, score: scores[1], text: "b" },
        { index: 0, score: scores[0], text: "a" },
      ],
    ]);
  });

  test.each<[object, string, string]>([
    [{ query: "q" }, "documents", "missing_required_parameter"],
    [{ documents: ["a"] }, "query", "missing_required_parameter"],
    [{ query: "q", documents: [] }, "documents", "invalid_value"],
    [{ query: "q", texts: [] }, "texts", "invalid_value"],
    [{ query: "", documents: ["a"] }, "query", "invalid_value"],
    [{ query: "q", documents: ["a", ""] }, "documents[1]", "invalid_value"],
    [{ query: "q", texts: [""] }, "texts[0]", "invalid_value"],
    [{ query: "q", documents: ["a", 1] }, "documents[1]", "invalid_type"],
    [{ query: "q", documents: ["a"], rank_fields: ["title"] }, "rank_fields", "unsupported_parameter"],
    [{ query: "q", documents: ["a"], top_n: 0 }, "top_n", "invalid_value"],
  ])("refuses %j by name", async (body, param, code) => {
    expect(await refusal("/v1/rerank", body)).toEqual([400, param, code]);
  });
});

describe("tokens", () => {
  const ids = [104, 105];

  test.each<[object, object]>([
    [{ content: "hi" }, { tokens: ids }],
    [{ content: "hi", add_special: true }, { tokens: [94, ...ids] }],
    [{ prompt: "hi" }, { tokens: [94, ...ids] }],
    [
      { prompt: "hi", add_special_tokens: false, return_token_strs: true },
      { tokens: ids, token_strs: ["h", "i"] },
    ],
    [
      { content: "hi", with_pieces: true },
      {
        tokens: [
          { id: 104, piece: "h" },
          { id: 105, piece: "i" },
        ],
      },
    ],
    [{ messages: [{ role: "user", content: "hi" }] }, { tokens: [1, 2] }],
    [
      { messages: [{ role: "user", content: "hi" }], with_pieces: true, return_token_strs: true },
      {
        tokens: [
          { id: 1, piece: "<" },
          { id: 2, piece: [195] },
        ],
        token_strs: ["<", "\ufffd"],
      },
    ],
    [{ content: "" }, { tokens: [] }],
  ])("of %j are told, in llama.cpp's and vLLM's words", async (body, expected) => {
    const { status, body: told } = await reply("/tokenize", body);
    const count = (told["tokens"] as unknown[]).length;
    expect([status, told]).toEqual([200, { count, max_model_len: 4096, token_strs: null, ...expected }]);
  });

  test("are turned back, under both names", async () => {
    expect(await reply("/v1/detokenize", { tokens: ids })).toEqual({ status: 200, body: { content: "hi", prompt: "hi" } });
    expect(await reply("/detokenize", { tokens: [] })).toEqual({ status: 200, body: { content: "", prompt: "" } });
  });

  test("the prompt of a conversation is shown as the template makes it", async () => {
    const body = {
      messages: [
        { role: "developer", content: "be" },
        { role: "user", content: "hi" },
      ],
      add_generation_prompt: true,
    };
    expect(await reply("/apply-template", body)).toEqual({ status: 200, body: { prompt: "<system>be<user>hi" } });
  });

  test.each<[string, object, string, string]>([
    ["/tokenize", {}, "content", "missing_required_parameter"],
    ["/tokenize", { content: 1 }, "content", "invalid_type"],
    ["/tokenize", { content: "a", prompt: "b" }, "prompt", "invalid_value"],
    ["/tokenize", { messages: [] }, "messages", "invalid_value"],
    ["/detokenize", { tokens: ["a"] }, "tokens[0]", "invalid_type"],
    ["/detokenize", {}, "tokens", "missing_required_parameter"],
    ["/apply-template", {}, "messages", "missing_required_parameter"],
    [
      "/apply-template",
      { messages: [{ role: "user", content: "a" }], add_generation_prompt: false },
      "add_generation_prompt",
      "unsupported_parameter",
    ],
  ])("%s refuses %j by name", async (path, body, param, code) => {
    expect(await refusal(path, body)).toEqual([400, param, code]);
  });
});

describe("bodies of any shape", () => {
  const FIELDS = [
    "input",
    "encoding_format",
    "dimensions",
    "query",
    "documents",
    "texts",
    "top_n",
    "content",
    "prompt",
    "messages",
    "tokens",
    "model",
  ];
  const value = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.oneof(fc.string(), fc.integer(), fc.array(fc.nat()))),
    fc.constantFrom("float", "base64", "", "a", [], [[]], null, [{ role: "user", content: "a" }], [{ text: "" }]),
  );
  const body = fc.dictionary(fc.constantFrom(...FIELDS), value);

  test.each([["/v1/embeddings"], ["/v1/rerank"], ["/v1/tokenize"], ["/v1/detokenize"], ["/v1/apply-template"]])(
    "%s answers or refuses, and never fails",
    async (path) => {
      const engine = scriptedEngine({ embed: async ({ inputs }) => inputs.map(() => Float32Array.of(1)) });
      // A code point that does not exist is this engine's fault.
      const detokenize: typeof engine.detokenize = async (model, ids, signal) =>
        engine.detokenize(
          model,
          ids.filter((id) => id < 128),
          signal,
        );
      await fc.assert(
        fc.asyncProperty(fc.oneof(body, fc.jsonValue()), async (sent) => {
          const { status } = await ask({ ...engine, detokenize }, path, { body: JSON.stringify(sent) });
          expect([200, 400, 404]).toContain(status);
        }),
        { numRuns: 200 },
      );
    },
  );
});
