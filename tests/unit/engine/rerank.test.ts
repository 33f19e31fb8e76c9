import { expect, test } from "bun:test";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import { UNOBSERVED } from "../../../src/core/observation.ts";
import type { EmbeddingRun, PromptRequest, RuntimeSlot } from "../../../src/core/runtime.ts";
import { rerank, type RerankRequest } from "../../../src/engine/rerank.ts";
import { idleQueue } from "../../support/idle-queue.ts";

const REQUEST: RerankRequest = { id: "1", model: "", query: "q", documents: ["a", "b"], nameOf: (index) => `text ${index}` };
const JUDGE = { id: "judge", judges: true } as ModelDescriptor;
const WORDS: Readonly<Record<string, readonly number[]>> = { yes: [7], no: [8] };

/** A slot that gives out vectors in order, and notes what it was asked. */
function placeOf(model: ModelDescriptor, vectors: readonly (readonly number[])[], tokens = 3, words = WORDS) {
  const prompts: PromptRequest[] = [];
  const runs: EmbeddingRun[] = [];
  const slot = {
    capabilities: { version: "1.3.0", perRunSampling: true, contextTokens: 32, lanes: 1, threads: 1 },
    prepare: async (prompt) => {
      prompts.push(prompt);
      return {
        promptId: prompts.length,
        promptTokens: tokens,
        format: { reasoning: null, toolSyntax: "hermes" },
        opening: "",
        prefixes: [],
      };
    },
    discard: () => {},
    embed: async (run) => Float32Array.from(vectors[runs.push(run) - 1] ?? []),
    inspect: async (question) => ({ text: "", ids: question.kind === "text" ? (words[question.text] ?? []) : [], pieces: [] }),
  } as Partial<RuntimeSlot> as RuntimeSlot;
  return {
    prompts,
    runs,
    place: {
      model,
      slot,
      queue: idleQueue(),
      client: "a",
      waitedMs: 0,
      work: UNOBSERVED.begin("ranking", "1"),
      signal: new AbortController().signal,
    },
  };
}

test("a model that judges is asked about each document in the words of its model card", async () => {
  const { prompts, runs, place } = placeOf(JUDGE, [
    [Math.log(3), 0],
    [-100, 100],
  ]);
  expect(await rerank({ ...REQUEST, instruction: "Find." }, place)).toEqual({
    model: JUDGE,
    scores: [expect.closeTo(0.75, 6), expect.closeTo(0, 6)],
    tokens: [3, 3],
    queuePosition: 0,
    queueMs: expect.any(Number),
  });
  const system =
    "Judge whether the Document meets the requirements based on the Query and the Instruct provided. " +
    'Note that the answer can only be "yes" or "no".';
  const asked = (document: string) => ({
    input: {
      kind: "chat",
      messages: [
        { role: "system", content: system },
        { role: "user", content: `<Instruct>: Find.\n<Query>: q\n<Document>: ${document}` },
      ],
      tools: [],
    },
    reasoning: { mode: "off" },
  });
  expect(prompts).toEqual([asked("a"), asked("b")] as PromptRequest[]);
  expect(runs).toEqual([1, 2].map((promptId) => ({ promptId, logitsOf: [7, 8] as const })));
});

test("scores stay finite however sure a model is", async () => {
  const { place } = placeOf(JUDGE, [
    [1e30, -1e30],
    [-1e30, 1e30],
  ]);
  expect((await rerank(REQUEST, place)).scores).toEqual([1, 0]);
});

test("any other model compares vectors, the query's first", async () => {
  const model = { id: "plain" } as ModelDescriptor;
  const { prompts, runs, place } = placeOf(model, [
    [2, 0],
    [0, 5],
    [3, 3],
  ]);
  expect(await rerank(REQUEST, place)).toMatchObject({ model, scores: [0, expect.closeTo(Math.SQRT1_2, 6)], tokens: [3, 3, 3] });
  expect(prompts.map(({ input }) => input)).toEqual(["q", "a", "b"].map((prompt) => ({ kind: "completion", prompt })));
  expect(runs).toEqual([{ promptId: 1 }, { promptId: 2 }, { promptId: 3 }]);
});

test("what does not fit is named: the query where vectors are compared, the document where it is judged", async () => {
  const fieldOf = async (model: ModelDescriptor) => rerank(REQUEST, placeOf(model, [], 29).place).catch((error: unknown) => error);
  expect([await fieldOf({ id: "plain" } as ModelDescriptor), await fieldOf(JUDGE)]).toMatchObject([
    { code: "context_length_exceeded", details: { field: "text -1" } },
    { code: "context_length_exceeded", details: { field: "text 0" } },
  ]);
});

test("a model whose vocabulary has no yes cannot judge", () => {
  expect(rerank(REQUEST, placeOf(JUDGE, [], 3, { ...WORDS, yes: [1, 2] }).place)).rejects.toMatchObject({ code: "model_not_runnable" });
});
