import { describe, expect, test } from "bun:test";
import type { Catalog } from "../../../src/catalog/catalog.ts";
import { AppError } from "../../../src/core/errors.ts";
import type { GenerationRequest, Sampling } from "../../../src/core/generation.ts";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import type { KeepRefusal, KeptPrompt, Refused } from "../../../src/core/prompt-cache.ts";
import type { RuntimeSlot } from "../../../src/core/runtime.ts";
import { createEngine, type EngineOptions } from "../../../src/engine/create-engine.ts";
import { eventsOf } from "../../support/generation.ts";
import { NO_PROMPT_CACHE } from "../../support/no-prompt-cache.ts";
import { ONE_MODEL_ENGINE } from "../../support/one-model-engine.ts";
import { playRun } from "../../support/running-batch.ts";
import { SAMPLING } from "../../support/scripted-engine.ts";

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

/** What a slot says when a prompt is to be kept. */
interface Keeping {
  readonly contextTokens: number;
  readonly never: (promptTokens: number) => KeepRefusal | null;
  readonly kept: KeptPrompt | Refused;
}
const KEEPING: Keeping = { contextTokens: 32, never: () => null, kept: { tokens: 7, bytes: 100 } };

const GREEDY = { ...SAMPLING, temperature: 1, topK: 1, topP: 1 };

/** How runs are sampled. */
interface SamplingTerms {
  readonly sampling: Sampling;
  readonly perRunSampling: boolean;
}
const TERMS: Keeping & SamplingTerms = { ...KEEPING, sampling: SAMPLING, perRunSampling: true };

/** An engine on one slot that notes which prompts it holds, and how they are run; every prompt has as many tokens as it is told. */
function engineOn(
  promptTokens: number,
  queueDepthMax = 1,
  given: Partial<Keeping & SamplingTerms & EngineOptions> = {},
  going?: Promise<void>,
) {
  const { contextTokens, never, kept, sampling, perRunSampling, ...change } = { ...TERMS, ...given };
  const sampled: Sampling[] = [];
  const held = new Set<number>();
  const runs: number[] = [];
  let id = 0;
  const slot: RuntimeSlot = {
    capabilities: { version: "1.3.0", perRunSampling, contextTokens, lanes: 1, threads: 1 },
    prepare: async () => {
      held.add(++id);
      return { promptId: id, promptTokens, format: { reasoning: null, toolSyntax: "hermes" }, opening: "", prefixes: [] };
    },
    discard: (promptId) => void held.delete(promptId),
    run: async ({ members, ...terms }) =>
      playRun(members, async function* () {
        runs.push(members.length);
        sampled.push(terms.sampling);
        for (const { promptId } of members) held.delete(promptId);
        yield { kind: "text", text: "Hi", tokens: 1 };
        await going;
        yield { kind: "end", reason: "stop", stats: STATS };
      }),
    embed: async ({ promptId }) => {
      held.delete(promptId);
      return Float32Array.of(3, 4);
    },
    keepRefusal: (tokens = 1) => never(tokens),
    keep: async () => kept,
    inspect: async () => ({ text: "Hi", ids: [7], pieces: [] }),
    memory: () => null,
    close: async () => {},
  };
  const engine = createEngine({
    ...ONE_MODEL_ENGINE,
    catalog: { recall: () => null, resolve: async () => MODEL } as unknown as Catalog,
    openSlot: async (_, defaults) => {
      sampled.push(defaults.sampling);
      return slot;
    },
    defaultsOf: async () => ({ sampling, tokensMax: null }),
    queueDepthMax,
    ...change,
  });
  return { engine, held, runs, sampled, status: () => engine.status().models[0] };
}

test("a prompt that is too long is given up, and so is its place", async () => {
  const { engine, held, status } = engineOn(32);
  expect(engine.generate(REQUEST, new AbortController().signal)).rejects.toMatchObject({ code: "context_length_exceeded" });
  await engine.generate(REQUEST, new AbortController().signal).catch(() => {});
  expect({ held: [...held], running: status()?.running }).toEqual({ held: [], running: false });
});

/** A run that ends when its client goes, and not before. */
function endless() {
  const client = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  client.signal.addEventListener("abort", () => resolve());
  return { client, going: promise };
}

test("an answer is made whether or not somebody has asked for it yet, and kept for who does", async () => {
  const { engine, held, status } = engineOn(1);
  const generation = await engine.generate(REQUEST, new AbortController().signal);
  while (status()?.running) await Bun.sleep(0);
  expect([...held]).toEqual([]);
  expect(await eventsOf(generation)).toMatchObject([
    { kind: "text", text: "Hi" },
    { kind: "finish", reason: "stop" },
  ]);
});

test("a client that goes before its answer is asked for leaves nothing behind", async () => {
  const { client, going } = endless();
  const { engine, held, status } = engineOn(1, 1, {}, going);
  const generation = await engine.generate(REQUEST, client.signal);
  expect({ held: [...held], running: status()?.running }).toEqual({ held: [], running: true });
  client.abort();
  expect(await eventsOf(generation).catch((error: unknown) => error)).toMatchObject({ code: "cancelled" });
  while (status()?.running) await Bun.sleep(0);
});

test("a client that goes while it waits for its turn leaves nothing behind", async () => {
  const { engine, held, status } = engineOn(1, 1, {}, endless().going);
  await engine.generate(REQUEST, new AbortController().signal);
  const client = new AbortController();
  const queued = eventsOf(await engine.generate(REQUEST, client.signal));
  expect({ held: [...held], queued: status()?.queued }).toEqual({ held: [2], queued: 1 });
  client.abort();
  expect(await queued.catch((error: unknown) => error)).toMatchObject({ code: "cancelled" });
  expect({ held: [...held], queued: status()?.queued }).toEqual({ held: [], queued: 0 });
});

test("a full queue is refused before anything is prepared", async () => {
  const { engine, held } = engineOn(1, 1, {}, endless().going);
  for (let count = 0; count < 2; count++) await engine.generate(REQUEST, new AbortController().signal);
  expect(engine.generate(REQUEST, new AbortController().signal)).rejects.toMatchObject({ code: "queue_full" });
  expect([...held]).toEqual([2]);
});

test("the tokens of a prompt are counted although the queue is full, and nothing of it is kept", async () => {
  const { engine, held, status } = engineOn(7, 1, {}, endless().going);
  const { signal } = new AbortController();
  for (let count = 0; count < 2; count++) await engine.generate(REQUEST, signal);
  expect([await engine.countTokens(REQUEST, signal), [...held], status()?.queued]).toEqual([7, [2], 1]);
});

/** What comes of a prompt of 100 tokens that is to be warmed. */
async function warmed(keeping: Partial<Keeping> = {}) {
  const { engine, held, runs, status } = engineOn(100, 1, { ...KEEPING, contextTokens: 1024, ...keeping });
  const result = await engine.warm(REQUEST, new AbortController().signal).catch((error: unknown) => error);
  return { result, runs: runs.length, held: [...held], running: status()?.running };
}

test("a prompt that is warmed is run and kept", async () => {
  expect(await warmed()).toEqual({ result: { model: MODEL, tokens: 7, bytes: 100 }, runs: 1, held: [], running: false });
});

test.each<[string, (tokens: number) => KeepRefusal | null, ReturnType<typeof expect.objectContaining>]>([
  [
    "what keeps nothing",
    () => "off",
    expect.objectContaining({ code: "unsupported_parameter", message: expect.stringContaining("n_batch") }),
  ],
  [
    "what has no room for it",
    (tokens) => (tokens < 100 ? null : "too_large"),
    expect.objectContaining({ code: "invalid_request", message: expect.stringContaining("prompt_cache_bytes_max") }),
  ],
])("a prompt is not computed for %s", async (_, never, result) => {
  expect(await warmed({ never })).toEqual({ result, runs: 0, held: [], running: false });
});

test.each<[KeepRefusal, string, string]>([
  ["daily_budget", "storage_full", "prompt_cache_bytes_per_day_max"],
  ["disk_full", "storage_full", "Free some space"],
  ["unusable", "config_invalid", "cache_dir"],
  ["not_written", "runtime_error", "runtime library"],
  ["closing", "shutting_down", "unloaded"],
])("a prompt that is computed and not kept (%s) is %s, with words on %s", async (refused, code, words) => {
  const { result } = await warmed({ kept: { refused } });
  expect(result).toMatchObject({ code, message: expect.stringContaining(words) });
});

describe("a loaded model that a name stood for a moment ago", () => {
  /** An engine that has it loaded, and finds `now` where it looks again; `looked` says whether the folders are as they were. */
  async function remembering(now: ModelDescriptor | AppError, promptTokens = 7) {
    const { promise: looked, resolve: look } = Promise.withResolvers<boolean>();
    let recalled: ModelDescriptor | null = null;
    const catalog = {
      recall: () => recalled && { model: recalled, holds: looked },
      resolve: async () => {
        if (recalled === null) return MODEL;
        if (now instanceof AppError) throw now;
        return now;
      },
    } as unknown as Catalog;
    const made = engineOn(promptTokens, 1, { catalog, modelsLoadedMax: 2 });
    await made.engine.load("", {}, new AbortController().signal);
    recalled = MODEL;
    return { ...made, look };
  }
  const OTHER = { ...MODEL, id: "other", path: "/models/other.gguf" };

  test("has its prompt prepared meanwhile, and runs it when the folders are as they were", async () => {
    const { engine, held, runs, look } = await remembering(OTHER);
    const answering = engine.generate(REQUEST, new AbortController().signal);
    while (held.size === 0) await Bun.sleep(0);
    expect(runs).toEqual([]);
    look(true);
    const { model } = await answering;
    expect([model.id, runs]).toEqual(["tiny", [1]]);
  });

  test("gives everything back where the name stands for another by now", async () => {
    const { engine, held, look } = await remembering(OTHER);
    const answering = engine.generate(REQUEST, new AbortController().signal);
    look(false);
    const generation = await answering;
    expect(generation.model.id).toBe("other");
    await eventsOf(generation);
    const busy = engine.status().models.map(({ id, running }) => [id, running]);
    expect({ held: [...held], busy }).toEqual({
      held: [],
      busy: [
        ["tiny", false],
        ["other", false],
      ],
    });
  });

  test("is refused where it is gone, and runs nothing", async () => {
    const { engine, held, runs, look } = await remembering(new AppError("model_not_found", "Gone."));
    look(false);
    expect(await engine.generate(REQUEST, new AbortController().signal).catch((error: unknown) => error)).toMatchObject({
      message: "Gone.",
    });
    expect({ held: [...held], runs }).toEqual({ held: [], runs: [] });
  });

  test("may have failed with what fits the one that is meant", async () => {
    const { engine, look } = await remembering(OTHER, 40);
    look(false);
    const failing = engine.generate(REQUEST, new AbortController().signal).catch((error: unknown) => error);
    expect(await failing).toMatchObject({ code: "context_length_exceeded" });
    expect(engine.status().models.map(({ id }) => id)).toEqual(["tiny", "other"]);
  });
});

test("what a model has left is deleted when it is gone from the catalog, and a name that nothing is kept of is refused", async () => {
  const asked: (string | undefined)[] = [];
  const refusal = new AppError("model_not_found", "There is no such model");
  const engine = createEngine({
    ...ONE_MODEL_ENGINE,
    catalog: {
      recall: () => null,
      resolve: async (name: string) => (name === "Tiny" ? MODEL : Promise.reject(refusal)),
    } as unknown as Catalog,
    openSlot: async () => expect.unreachable("nothing is loaded for it"),
    promptCache: { ...NO_PROMPT_CACHE, clear: (model) => (asked.push(model), model === "nobody" ? 0 : 2) },
  });
  expect([await engine.clearPromptCache(), await engine.clearPromptCache("Tiny"), await engine.clearPromptCache("Gone")]).toEqual([
    2, 2, 2,
  ]);
  expect(await engine.clearPromptCache("nobody").catch((error: unknown) => error)).toBe(refusal);
  expect(asked).toEqual([undefined, "tiny", "gone", "nobody"]);
});

test("a closed engine counts nothing", async () => {
  const { engine } = engineOn(7);
  await engine.close();
  expect(await engine.countTokens(REQUEST, new AbortController().signal).catch((error: unknown) => error)).toMatchObject({
    code: "shutting_down",
  });
});

const ZERO = { ...SAMPLING, temperature: 0 };

test.each([
  [{}, GREEDY],
  [{ temperature: 0.8 }, { ...SAMPLING, temperature: 0.8 }],
  [{ topK: 30 }, GREEDY],
])("a model whose default is temperature 0 is opened greedy and runs %p as %p", async (asked, run) => {
  const { engine, sampled } = engineOn(1, 1, { sampling: ZERO });
  await eventsOf(await engine.generate({ ...REQUEST, sampling: asked }, new AbortController().signal));
  expect(sampled).toEqual([GREEDY, run]);
});

test("a runtime that keeps a greedy default says that it ignores another temperature", async () => {
  const { engine, sampled } = engineOn(1, 1, { sampling: ZERO, perRunSampling: false });
  const generation = await engine.generate({ ...REQUEST, sampling: { temperature: 1 } }, new AbortController().signal);
  await eventsOf(generation);
  const { samplingIgnored } = generation;
  expect({ samplingIgnored, sampled }).toEqual({ samplingIgnored: ["temperature"], sampled: [GREEDY, GREEDY] });
});

test("what a model runs with is told as it was configured", async () => {
  const { engine } = engineOn(1, 1, { sampling: ZERO });
  expect((await engine.metadata(MODEL, false)).sampling).toEqual(ZERO);
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
    catalog: { recall: () => null, resolve: async () => ({ ...MODEL, format }) } as unknown as Catalog,
    permitFor: () => ({ take, takeAside, ahead: 0, waitMs: () => 0 }),
    openSlot: async () => {
      happened.push("open");
      throw new AppError("model_load_failed", "damaged");
    },
  });
  await expect(engine.load("tiny", {}, new AbortController().signal)).rejects.toMatchObject({ message: "damaged" });
  expect(happened).toEqual([...happens]);
});
