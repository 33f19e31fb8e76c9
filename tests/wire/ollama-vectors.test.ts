/** Vectors in Ollama's form. */
import { describe, expect, test } from "bun:test";
import type { ServerOptions } from "../../src/api/context.ts";
import { AppError } from "../../src/core/errors.ts";
import type { ModelDescriptor } from "../../src/core/model.ts";
import { INSPECTED_BYTES_MAX } from "../../src/core/runtime.ts";
import type { EmbeddingRequest, Embeddings } from "../../src/engine/embed.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Script, ScriptedEngine } from "../support/scripted-engine.ts";
import { ask, MODEL, scriptedEngine } from "../support/scripted-engine.ts";

type Json = Readonly<Record<string, unknown>>;

async function reply(
  engine: Script | Engine,
  path: string,
  body: unknown,
  change: Partial<ServerOptions> = {},
): Promise<readonly [number, Json]> {
  const response = await ask(engine, path, { body }, change);
  return [response.status, (await response.json()) as Json];
}

/** An engine with one model of another kind. */
function engineWith(change: Partial<ModelDescriptor>): Engine {
  const engine = scriptedEngine();
  const model = { ...MODEL, ...change };
  return { ...engine, models: async () => [model], model: async () => model };
}

describe("vectors", () => {
  const TEXTS = { model: MODEL.id, input: ["a", "", "c"] };

  test("come in the order of the texts, and an empty text among others is one of them", async () => {
    const engine = scriptedEngine({ embed: async ({ inputs }) => inputs.map((_, index) => Float32Array.of(index, 1)) });
    expect(await reply(engine, "/api/embed", { ...TEXTS, stream: true, keep_alive: "1m" })).toEqual([
      200,
      { model: MODEL.id, embeddings: [[0, 1], [1, 1], [2, 1]], total_duration: 1, load_duration: 1_500_000, prompt_eval_count: 9 },
    ]);
    expect(engine.embeddings).toMatchObject([{ keepAliveMs: 60_000, inputs: [{ prompt: "a" }, { prompt: "" }, { prompt: "c" }] }]);
  }); // prettier-ignore

  test.each([undefined, null, "", []])("of %p are none: the model is only loaded", async (input) => {
    const engine = scriptedEngine();
    expect([await reply(engine, "/api/embed", { model: MODEL.id, input, keep_alive: 5 }), engine.residence, engine.embeddings]).toEqual([
      [200, { model: MODEL.id, embeddings: [] }],
      [{ load: MODEL.id, options: { keepAliveMs: 5000 } }],
      [],
    ]);
  });

  test("without a text and time to stay, the model is unloaded", async () => {
    const engine = scriptedEngine();
    await reply(engine, "/api/embed", { model: MODEL.id, keep_alive: 0 });
    expect(engine.residence).toEqual([{ unload: MODEL.id }]);
  });

  test.each<[number, number[]]>([
    [0, [0.6, 0, 0.8]],
    [9, [0.6, 0, 0.8]],
    [-1, [0.6, 0, 0.8]],
    [2, [1, 0]],
  ])("of %p dimensions are %p", async (dimensions, vector) => {
    const engine = scriptedEngine({ embed: async () => [Float32Array.of(0.6, 0, 0.8)] });
    const [, { embeddings }] = await reply(engine, "/api/embed", { model: MODEL.id, input: "a", dimensions });
    expect((embeddings as number[][])[0]?.map((value) => Math.round(value * 1e6) / 1e6)).toEqual(vector);
  });

  test.each<[string, Partial<ModelDescriptor>, RegExp | null]>([
    ["a model for completion", {}, /not made for embeddings/],
    [
      "a model for embeddings that was not trained to be cut",
      { embedding: { pooling: "mean", shortens: false } },
      /not known to be trained/,
    ],
    ["a model for embeddings that was", { embedding: { pooling: "mean", shortens: true } }, null],
  ])("of %s say what they are worth", async (_what, change, note) => {
    const response = await ask(engineWith(change), "/api/embed", { body: { model: MODEL.id, input: "a", dimensions: 1 } });
    const said = response.headers.get("x-rockchip-llama-note");
    expect(note === null ? said === null : note.test(said ?? "")).toBe(true);
  });

  test("in the older form are one, under no other name", async () => {
    expect([
      await reply({}, "/api/embeddings", { model: MODEL.id, prompt: "a" }),
      await reply({}, "/api/embeddings", { model: MODEL.id, prompt: "" }),
    ]).toEqual([
      [200, { embedding: [0.6000000238418579, 0.800000011920929] }],
      [200, { embedding: [] }],
    ]);
  });

  test.each([
    ["/api/embed", { input: "a" }],
    ["/api/embeddings", { prompt: "a" }],
  ])("of %s are asked for in the name of the client, who has turns of its own", async (path, body) => {
    const engine = scriptedEngine();
    await reply(engine, path, { model: MODEL.id, ...body });
    expect(engine.embeddings.map(({ client }) => client)).toEqual([expect.stringMatching(/./)]);
  });

  test.each<[string, object, number, string]>([
    ["/api/embed", { input: 5 }, 400, "invalid input type"],
    ["/api/embed", { model: "nope", input: [["a"]] }, 400, "invalid input type"],
    ["/api/embed", { input: "a" }, 404, "model '' not found"],
    ["/api/embed", { model: "nope", input: "a" }, 404, 'model "nope" not found, try pulling it first'],
    ["/api/embeddings", { prompt: "a" }, 400, "model is required"],
    ["/api/embeddings", { model: "nope", prompt: "a" }, 404, 'model "nope" not found, try pulling it first'],
    ["/api/embed", { model: MODEL.id, input: Array.from({ length: 2049 }, () => "a") }, 400, '"input" must hold at most 2048 texts, and holds 2049'],
  ])("%s refuses what it cannot take: %#", async (path, body, status, error) => {
    expect(await reply({}, path, body)).toEqual([status, { error }]);
  }); // prettier-ignore
});

/** An engine whose context has room for so many letters, each a token. */
function shortEngine(lettersMax: number): ScriptedEngine {
  const engine = scriptedEngine();
  const tokenize: Engine["tokenize"] = async (model, text, ...rest) => {
    if (Buffer.byteLength(text) > INSPECTED_BYTES_MAX) throw new AppError("invalid_request", "The text is too long.");
    return engine.tokenize(model, text, ...rest);
  };
  const embed = async (request: EmbeddingRequest, signal: AbortSignal): Promise<Embeddings> => {
    for (const [index, input] of request.inputs.entries()) {
      const promptTokens = input.kind === "tokens" ? input.ids.length : `^${input.prompt}`.length;
      const details = { promptTokens, contextTokens: lettersMax + 4, field: request.nameOf(index) };
      if (promptTokens > lettersMax) throw new AppError("context_length_exceeded", "Too long.", { details });
    }
    return engine.embed(request, signal);
  };
  return { ...engine, embed, tokenize };
}

describe("texts that are longer than the context", () => {
  test("are cut behind the tokens that stand in front of every text", async () => {
    const engine = shortEngine(4);
    const [status] = await reply(engine, "/api/embed", { model: MODEL.id, input: ["ab", "abcdefg"] });
    expect([status, engine.embeddings.at(-1)?.inputs]).toEqual([
      200,
      [
        { kind: "completion", prompt: "ab" },
        { kind: "tokens", ids: Array.from("^abc", (letter) => letter.charCodeAt(0)) },
      ],
    ]);
  });

  test.each([
    ["xx\u{1f600}", 100_000],
    ["é", 10_000],
  ])(
    "are cut between two characters where they are too long to be tokenized whole: many %p, of which %p fit",
    async (piece, lettersMax) => {
      const engine = shortEngine(lettersMax);
      const [status] = await reply(engine, "/api/embed", { model: MODEL.id, input: piece.repeat(200_000) }, { bodyBytesMax: 10_000_000 });
      const [input] = engine.embeddings.at(-1)?.inputs ?? [];
      const letters = input?.kind === "tokens" ? input.ids.map((id) => String.fromCodePoint(id)).join("") : "";
      expect([status, piece.repeat(200_000).startsWith(letters.slice(1)), letters.isWellFormed()]).toEqual([200, true, true]);
      expect(letters.length).toBeGreaterThan(9000);
    },
  );

  test("are refused where they may not be cut, and where nothing would be left", async () => {
    expect([
      await reply(shortEngine(4), "/api/embed", { model: MODEL.id, input: "abcdefg", truncate: false }),
      await reply(shortEngine(1), "/api/embed", { model: MODEL.id, input: "abcdefg" }),
    ]).toEqual([
      [400, { error: "the input length exceeds the context length; it has 8 tokens and the context holds 8" }],
      [400, { error: "input after truncation exceeds maximum context length" }],
    ]);
  });
});
