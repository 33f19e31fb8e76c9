/** What an observer is told of work: its stages in order, and its end exactly once, whatever becomes of it. */
import { expect, test } from "bun:test";
import type { Catalog } from "../../../src/catalog/catalog.ts";
import { AppError } from "../../../src/core/errors.ts";
import type { GenerationRequest } from "../../../src/core/generation.ts";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import type { Observer } from "../../../src/core/observation.ts";
import type { RuntimeSlot } from "../../../src/core/runtime.ts";
import { createEngine } from "../../../src/engine/create-engine.ts";
import { eventsOf } from "../../support/generation.ts";
import { ONE_MODEL_ENGINE } from "../../support/one-model-engine.ts";
import { playRun } from "../../support/running-batch.ts";

const MODEL = { id: "tiny", path: "/models/tiny.gguf", bytes: 1, modifiedMs: 1 } as ModelDescriptor;
const REQUEST: GenerationRequest = {
  id: "r1",
  model: "Tiny:latest",
  input: { kind: "completion", prompt: "Hi" },
  reasoning: { mode: "auto" },
  sampling: {},
  stop: [],
};
const STATS = { prefillTokens: 1, prefillMs: 1, decodeTokens: 3, decodeMs: 1, memoryMb: 1 };
const never = () => new AbortController().signal;

/** An observer that writes down what it hears. */
function listener(): { readonly heard: string[]; readonly observer: Observer } {
  const heard: string[] = [];
  const observer: Observer = {
    begin: (kind, requestId) => {
      heard.push(`begin ${kind} ${requestId}`);
      return {
        resolved: ({ id }, baseId) => void heard.push(`resolved ${id} ${baseId}`),
        loaded: () => void heard.push("loaded"),
        prepared: (tokens) => void heard.push(`prepared ${tokens}`),
        granted: () => void heard.push("granted"),
        tokens: (count) => void heard.push(`tokens ${count}`),
        finished: ({ reason }) => void heard.push(`finished ${reason}`),
        done: () => void heard.push("done"),
        failed: ({ code }) => void heard.push(`failed ${code}`),
      };
    },
    batch: (model, size) => void heard.push(`batch ${model} ${size}`),
    opened: (model, _ms, error) => void heard.push(`opened ${model} ${error?.code ?? "ok"}`),
    hostEnded: () => {},
  };
  return { heard, observer };
}

/** An engine on one slot, whose prompts all have so many tokens. */
function engineOn({ promptTokens = 5, failing = false, opens = true, going = Promise.resolve() } = {}) {
  const { heard, observer } = listener();
  const slot = {
    capabilities: { version: "1.3.0", perRunSampling: true, contextTokens: 32, lanes: 1, threads: 1 },
    prepare: async () => ({ promptId: 1, promptTokens, format: { reasoning: null, toolSyntax: "hermes" }, opening: "", prefixes: [] }),
    discard: () => {},
    run: async ({ members }) =>
      playRun(members, async function* () {
        yield { kind: "text", text: "one", tokens: 1 };
        await going;
        if (failing) throw new AppError("engine_lost", "Gone.");
        yield { kind: "text", text: " two three", tokens: 2 };
        yield { kind: "end", reason: "stop", stats: STATS };
      }),
    embed: async () => Float32Array.of(3, 4),
    memory: () => null,
    close: async () => {},
  } as Partial<RuntimeSlot> as RuntimeSlot;
  const resolve = async (name: string) => {
    if (name === "nothing") throw new AppError("model_not_found", "There is none.");
    return MODEL;
  };
  const engine = createEngine({
    ...ONE_MODEL_ENGINE,
    catalog: { recall: () => null, resolve } as unknown as Catalog,
    openSlot: async () => {
      if (!opens) throw new AppError("model_load_failed", "It does not open.");
      return slot;
    },
    observer,
  });
  return { engine, heard };
}

const ADMITTED = ["begin answer r1", "resolved tiny tiny", "opened tiny ok", "loaded", "prepared 5"];

test("an answer is followed from its request to its end", async () => {
  const { engine, heard } = engineOn();
  await eventsOf(await engine.generate(REQUEST, never()));
  expect(heard).toEqual([...ADMITTED, "granted", "batch tiny 1", "tokens 1", "tokens 2", "finished stop"]);
});

test("a host that is lost in the middle of an answer ends it", async () => {
  const { engine, heard } = engineOn({ failing: true });
  await eventsOf(await engine.generate(REQUEST, never())).catch(() => {});
  expect(heard.slice(ADMITTED.length)).toEqual(["granted", "batch tiny 1", "tokens 1", "failed engine_lost"]);
});

test("an answer whose client goes in the middle of it has failed", async () => {
  const { promise: going, resolve: goOn } = Promise.withResolvers<void>();
  const { engine, heard } = engineOn({ going });
  const client = new AbortController();
  const reading = eventsOf(await engine.generate(REQUEST, client.signal));
  client.abort();
  goOn();
  await reading.catch(() => {});
  expect(heard.slice(ADMITTED.length)).toEqual(["granted", "batch tiny 1", "tokens 1", "tokens 2", "failed cancelled"]);
});

test.each([
  ["what had come before it was there", 0, ["tokens 1", "tokens 2", "failed internal"]],
  ["what comes then", 1, ["tokens 1", "tokens 2", "failed internal"]],
])("an answer whose reader cannot use %s has failed", async (_, usable, wanted) => {
  const { promise: going, resolve: goOn } = Promise.withResolvers<void>();
  const { engine, heard } = engineOn({ going });
  const generation = await engine.generate(REQUEST, never());
  const fault = new AppError("internal", "It cannot be written.");
  let calls = 0;
  const reading = generation.read(() => {
    if (calls++ >= usable) throw fault;
  });
  goOn();
  expect(await reading.catch((thrown: unknown) => thrown)).toBe(fault);
  while (!heard.at(-1)!.startsWith("failed")) await Bun.sleep(0);
  expect([calls, heard.slice(ADMITTED.length + 2)]).toEqual([usable + 1, wanted]);
});

test.each([
  [
    "a prompt that is too long",
    { promptTokens: 32 },
    {},
    ["resolved tiny tiny", "opened tiny ok", "loaded", "failed context_length_exceeded"],
  ],
  ["a model that there is not", {}, { model: "nothing" }, ["failed model_not_found"]],
  ["a model that does not open", { opens: false }, {}, ["resolved tiny tiny", "opened tiny model_load_failed", "failed model_load_failed"]],
])("%s is one failure", async (_, how, change, wanted) => {
  const { engine, heard } = engineOn(how);
  await engine.generate({ ...REQUEST, ...change }, never()).catch(() => {});
  expect(heard).toEqual(["begin answer r1", ...wanted]);
});

test("a full queue fails who comes last, and nobody else", async () => {
  const { promise: going } = Promise.withResolvers<void>();
  const { engine, heard } = engineOn({ going });
  for (const id of ["r1", "r2"]) await engine.generate({ ...REQUEST, id }, never());
  await engine.generate({ ...REQUEST, id: "r3" }, never()).catch(() => {});
  expect(heard.filter((line) => line.startsWith("failed"))).toEqual(["failed queue_full"]);
  expect(heard.at(-4)).toBe("begin answer r3");
});

test("vectors are one piece of work for all texts", async () => {
  const { engine, heard } = engineOn();
  const inputs = ["a", "b"].map((prompt) => ({ kind: "completion", prompt }) as const);
  await engine.embed({ id: "r1", model: "", inputs, nameOf: (index) => `input[${index}]` }, never());
  const wanted = ["begin embedding r1", "resolved tiny tiny", "opened tiny ok", "loaded", "prepared 10", "granted", "done"];
  expect(heard).toEqual(wanted);
});
