import { expect, test } from "bun:test";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import { UNOBSERVED } from "../../../src/core/observation.ts";
import type { RuntimeSlot } from "../../../src/core/runtime.ts";
import { embedBatch, type EmbeddingRequest } from "../../../src/engine/embed.ts";
import { cosine, normalised, shortened } from "../../../src/engine/vectors.ts";
import { idleQueue } from "../../support/idle-queue.ts";

const MODEL = { id: "tiny" } as ModelDescriptor;
const never = () => new AbortController().signal;

function requestFor(...prompts: string[]): EmbeddingRequest {
  return { id: "1", model: "", inputs: prompts.map((prompt) => ({ kind: "completion", prompt })), nameOf: (index) => `input[${index}]` };
}

/** A place in which a text has as many tokens as characters, and which notes what is held and what was computed. */
function placeOf(options: { readonly model?: ModelDescriptor; readonly signal?: AbortSignal; readonly embed?: RuntimeSlot["embed"] } = {}) {
  const held = new Map<number, string>();
  const computed: string[] = [];
  let id = 0;
  const slot = {
    capabilities: { version: "1.3.0", perRunSampling: true, contextTokens: 32, lanes: 1, threads: 1 },
    prepare: async ({ input, endOfText }) => {
      const text = input.kind === "completion" ? input.prompt : "";
      held.set(++id, `${text}${endOfText === true ? "." : ""}`);
      return { promptId: id, promptTokens: text.length, format: { reasoning: null, toolSyntax: "hermes" }, opening: "", prefixes: [] };
    },
    discard: (promptId) => void held.delete(promptId),
    embed: async (run, signal) => {
      computed.push(held.get(run.promptId) ?? "");
      held.delete(run.promptId);
      return (await options.embed?.(run, signal)) ?? Float32Array.of(3, 4);
    },
  } as Partial<RuntimeSlot> as RuntimeSlot;
  const queue = idleQueue();
  return {
    held,
    computed,
    queue,
    place: {
      model: options.model ?? MODEL,
      slot,
      queue,
      client: "a",
      waitedMs: 0,
      work: UNOBSERVED.begin("embedding", "1"),
      signal: options.signal ?? never(),
    },
  };
}

test("a batch is computed in order, in one turn, to vectors of length 1", async () => {
  const { held, computed, queue, place } = placeOf();
  const embeddings = await embedBatch(requestFor("a", "bcd"), place);
  const vector = Float32Array.of(0.6, 0.8);
  expect(embeddings).toEqual({ model: MODEL, vectors: [vector, vector], tokens: [1, 3], queuePosition: 0, queueMs: expect.any(Number) });
  expect([computed, held.size, queue.busy]).toEqual([["a.", "bcd."], 0, false]);
});

test("a text that does not fit is named, and nothing of its batch is computed or kept", async () => {
  const { held, computed, queue, place } = placeOf();
  const refusal = await embedBatch(requestFor("a", "b".repeat(29)), place).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "context_length_exceeded", details: { field: "input[1]", promptTokens: 29, contextTokens: 32 } });
  expect([computed, held.size, queue.busy]).toEqual([[], 0, false]);
  expect((await embedBatch(requestFor("b".repeat(28)), place)).tokens).toEqual([28]);
});

test("a batch that fails in its middle gives up the rest and its turn", async () => {
  const { held, computed, queue, place } = placeOf({
    embed: async () => {
      throw new Error("broken");
    },
  });
  expect(embedBatch(requestFor("a", "b", "c"), place)).rejects.toThrow("broken");
  await embedBatch(requestFor("a", "b", "c"), place).catch(() => {});
  expect([computed.length, held.size, queue.busy]).toEqual([2, 0, false]);
});

test("a batch waits for the answer before it; who leaves meanwhile leaves nothing behind", async () => {
  const client = new AbortController();
  const { held, computed, queue, place } = placeOf({ signal: client.signal });
  const answer = queue.take("b", never());
  answer.ready(null);
  const waiting = embedBatch(requestFor("a", "b"), place);
  while (held.size < 2) await Bun.sleep(0);
  client.abort();
  expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  await waiting.catch(() => {});
  expect([computed, held.size, queue.waiting]).toEqual([[], 0, 0]);
  answer.release();
});

test("a model with an adapter is run with it", async () => {
  const adapter = { name: "pirate", path: "/a", scale: 1, edition: "1" };
  const runs: object[] = [];
  const { place } = placeOf({
    model: { ...MODEL, adapted: { base: MODEL, adapter } },
    embed: async (run) => {
      runs.push(run);
      return Float32Array.of(1);
    },
  });
  await embedBatch(requestFor("a"), place);
  expect(runs).toEqual([{ promptId: 1, adapter }]);
});

test("vectors are cut for models that were trained for it, and have length 1 afterwards", async () => {
  const model = { ...MODEL, embedding: { pooling: "last", shortens: true } } as ModelDescriptor;
  const { place } = placeOf({ model, embed: async () => Float32Array.of(3, 4, 12) });
  expect((await embedBatch({ ...requestFor("a"), dimensions: 2 }, place)).vectors).toEqual([Float32Array.of(0.6, 0.8)]);
});

test("a length that cannot be had is refused", () => {
  const vector = Float32Array.of(3, 4);
  const trained = { ...MODEL, embedding: { pooling: "mean", shortens: true } } as ModelDescriptor;
  expect([shortened(vector, 2, MODEL), shortened(vector, 1, trained)]).toEqual([vector, Float32Array.of(3)]);
  expect(() => shortened(vector, 1, MODEL)).toThrow(expect.objectContaining({ code: "unsupported_parameter" }));
  expect(() => shortened(vector, 3, trained)).toThrow(expect.objectContaining({ code: "invalid_request" }));
});

test("the cosine of equal directions is 1 in spite of rounding, of opposite ones -1", () => {
  const vector = normalised(Float32Array.from({ length: 999 }, (_, i) => Math.sin(i)));
  const opposite = vector.map((value) => -value);
  expect([cosine(vector, vector), cosine(vector, opposite), cosine(Float32Array.of(1, 0), Float32Array.of(0, 1))]).toEqual([
    expect.closeTo(1, 6),
    expect.closeTo(-1, 6),
    0,
  ]);
  expect(Math.abs(cosine(vector, vector))).toBeLessThanOrEqual(1);
});
