import { expect, test } from "bun:test";
import type { Catalog } from "../../../src/catalog/catalog.ts";
import { AppError } from "../../../src/core/errors.ts";
import type { GenerationRequest } from "../../../src/core/generation.ts";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import type { RuntimeSlot } from "../../../src/core/runtime.ts";
import { createEngine, type EngineOptions } from "../../../src/engine/create-engine.ts";
import { ONE_MODEL_ENGINE } from "../../support/one-model-engine.ts";
import { runningOne } from "../../support/running-batch.ts";

const MODEL = { id: "tiny", path: "/models/tiny.gguf", bytes: 1, modifiedMs: 1 } as ModelDescriptor;
const REQUEST: GenerationRequest = {
  id: "1",
  model: "",
  input: { kind: "completion", prompt: "Hi" },
  reasoning: { mode: "auto" },
  sampling: {},
  stop: [],
};
const STATS = { prefillTokens: 1, prefillMs: 1, decodeTokens: 1, decodeMs: 1, memoryMb: 1 };

/** An engine on one slot that notes which prompts it holds; every prompt has as many tokens as it is told. */
function engineOn(promptTokens: number, queueDepthMax = 1, change: Partial<EngineOptions> = {}) {
  const held = new Set<number>();
  let id = 0;
  const slot: RuntimeSlot = {
    capabilities: { version: "1.3.0", perRunSampling: true, contextTokens: 32, lanes: 1 },
    prepare: async () => {
      held.add(++id);
      return { promptId: id, promptTokens, format: { reasoning: null, toolSyntax: "hermes" }, opening: "", prefixes: [] };
    },
    discard: (promptId) => void held.delete(promptId),
    run: ({ members }) =>
      runningOne(async function* () {
        for (const { promptId } of members) held.delete(promptId);
        yield { kind: "end", reason: "stop", stats: STATS };
      }),
    embed: async ({ promptId }) => {
      held.delete(promptId);
      return Float32Array.of(3, 4);
    },
    keep: async () => null,
    inspect: async () => ({ text: "Hi", ids: [7], pieces: [] }),
    memory: () => null,
    close: async () => {},
  };
  const engine = createEngine({
    ...ONE_MODEL_ENGINE,
    catalog: { resolve: async () => MODEL } as unknown as Catalog,
    openSlot: async () => slot,
    queueDepthMax,
    ...change,
  });
  return { engine, held, status: () => engine.status().models[0] };
}

test("a prompt that is too long is given up, and so is its place", async () => {
  const { engine, held, status } = engineOn(32);
  expect(engine.generate(REQUEST, new AbortController().signal)).rejects.toMatchObject({ code: "context_length_exceeded" });
  await engine.generate(REQUEST, new AbortController().signal).catch(() => {});
  expect({ held: [...held], running: status()?.running }).toEqual({ held: [], running: false });
});

test("a client that goes before its answer is asked for leaves nothing behind", async () => {
  const { engine, held, status } = engineOn(1);
  const client = new AbortController();
  const { events } = await engine.generate(REQUEST, client.signal);
  expect({ held: [...held], running: status()?.running }).toEqual({ held: [1], running: true });
  client.abort();
  expect({ held: [...held], running: status()?.running }).toEqual({ held: [], running: false });
  expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "cancelled" });
});

test("a client that goes while it waits for its turn leaves nothing behind", async () => {
  const { engine, held, status } = engineOn(1);
  await engine.generate(REQUEST, new AbortController().signal);
  const client = new AbortController();
  const queued = await engine.generate(REQUEST, client.signal);
  const waiting = queued.events[Symbol.asyncIterator]().next();
  client.abort();
  expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  await waiting.catch(() => {});
  expect({ held: [...held], queued: status()?.queued }).toEqual({ held: [1], queued: 0 });
});

test("a full queue is refused before anything is prepared", async () => {
  const { engine, held } = engineOn(1, 1);
  for (let count = 0; count < 2; count++) await engine.generate(REQUEST, new AbortController().signal);
  expect(engine.generate(REQUEST, new AbortController().signal)).rejects.toMatchObject({ code: "queue_full" });
  expect([...held]).toEqual([1, 2]);
});

test("the tokens of a prompt are counted although the queue is full, and nothing of it is kept", async () => {
  const { engine, held, status } = engineOn(7, 1);
  const client = new AbortController();
  for (let count = 0; count < 2; count++) await engine.generate(REQUEST, client.signal);
  expect([await engine.countTokens(REQUEST, client.signal), [...held], status()?.queued]).toEqual([7, [1, 2], 1]);
});

test("a closed engine counts nothing", async () => {
  const { engine } = engineOn(7);
  await engine.close();
  expect(await engine.countTokens(REQUEST, new AbortController().signal).catch((error: unknown) => error)).toMatchObject({
    code: "shutting_down",
  });
});

test.each([
  ["rkllm", ["aside", "open"]],
  ["gguf", ["open"]],
] as const)("a model is opened in its turn where it runs on the NPU (%s)", async (format, happens) => {
  const happened: string[] = [];
  const take = async () => () => {};
  const takeAside = async () => {
    happened.push("aside");
    return () => {};
  };
  const { engine } = engineOn(1, 1, {
    catalog: { resolve: async () => ({ ...MODEL, format }) } as unknown as Catalog,
    permitFor: () => ({ take, takeAside, ahead: 0, waitMs: () => 0 }),
    openSlot: async () => {
      happened.push("open");
      throw new AppError("model_load_failed", "damaged");
    },
  });
  expect(engine.load("tiny", {}, new AbortController().signal)).rejects.toMatchObject({ message: "damaged" });
  await engine.load("tiny", {}, new AbortController().signal).catch(() => {});
  expect(happened).toEqual([...happens]);
});
