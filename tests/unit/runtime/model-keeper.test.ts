/** What a prompt's file is good for. */
import { expect, test } from "bun:test";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Adapter, ModelDescriptor } from "../../../src/core/model.ts";
import type { PromptCache } from "../../../src/core/prompt-cache.ts";
import { contentMark } from "../../../src/runtime/content-mark.ts";
import { modelKeeper } from "../../../src/runtime/model-keeper.ts";
import { NO_PROMPT_CACHE } from "../../support/no-prompt-cache.ts";
import { MODEL } from "../../support/scripted-engine.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const HOST = { lost: null, abortCalled: false, savePrompt: async () => null, loadPrompt: async () => false };
const PROMPT = {
  promptId: 1,
  promptTokens: 100,
  format: { reasoning: null, toolSyntax: "hermes" },
  opening: "",
  prefixes: ["a", "b", "c"],
} as const;

interface Opened {
  readonly contextTokens: number;
  readonly program: string;
  readonly adapter: Adapter | undefined;
  readonly model: Partial<ModelDescriptor>;
}

/** A model, an adapter and a library in files, and the key under which their prompts are looked for. */
function stage() {
  const folder = temporaryFolder();
  const [weights, lora, path] = ["tiny.gguf", "tiny-pirate.lora.gguf", "librkllmrt.so"].map((name) => join(folder, name));
  for (const file of [weights!, lora!, path!]) {
    writeFileSync(file, Buffer.alloc(1_000_000, 1));
    utimesSync(file, LAYER, LAYER);
  }
  const adapter: Adapter = { name: "pirate", path: lora!, scale: 1, edition: "1 2" };
  const opened: string[] = [];
  const keyOf = async (change: Partial<Opened> = {}): Promise<string> => {
    const { contextTokens, program, ...given }: Opened = {
      contextTokens: 4096,
      program: "1.0.0",
      adapter: undefined,
      model: {},
      ...change,
    };
    const keys: string[] = [];
    const cache: PromptCache = {
      ...NO_PROMPT_CACHE,
      find: ({ key }) => (keys.push(key), null),
      retire: (model, edition) => void opened.push(`${model} ${edition}`),
    };
    const keeper = modelKeeper({
      cache,
      model: { ...MODEL, path: weights!, ...given.model },
      library: { kind: "file", path: path!, version: "1.3.0" },
      program,
      options: { lanes: 1 },
      findings: {},
      mode: "on",
      onFault: () => {},
    });
    await keeper?.keeperFor(contextTokens).before(HOST, PROMPT, given.adapter);
    keeper?.opened();
    return keys.join();
  };
  return { weights: weights!, lora: lora!, library: path!, adapter, keyOf, opened };
}

/** What all files of a container's layer are dated. */
const LAYER = new Date("2026-01-02T03:04:05Z");

/** Puts something else into a file, and leaves size and time. */
function changeUnseen(path: string): void {
  writeFileSync(path, Buffer.alloc(1_000_000, 1).fill(2, 333_333));
  utimesSync(path, LAYER, LAYER);
}

test("a prompt's file is good for what it was computed with, whenever that is opened", async () => {
  const { keyOf, adapter } = stage();
  expect(await keyOf()).toMatch(/^[0-9a-f]{64}$/);
  expect([await keyOf(), await keyOf({ adapter })]).toEqual([await keyOf(), await keyOf({ adapter })]);
});

test("it is good for no other context, adapter, scale or model file", async () => {
  const { keyOf, adapter } = stage();
  const changes: Partial<Opened>[] = [
    {},
    { contextTokens: 2048 },
    { adapter },
    { adapter: { ...adapter, scale: 0.5 } },
    { adapter: { ...adapter, edition: "1 3" } },
    { adapter: { ...adapter, path: `${adapter.path}.other` } },
    { model: { modifiedMs: 1 } },
    { model: { bytes: 1 } },
    { model: { sha256: "ab" } },
  ];
  const keys = await Promise.all(changes.map(async (change) => keyOf(change)));
  expect(new Set(keys).size).toBe(changes.length);
});

test.each(["weights", "lora"] as const)("it is not good for other %s of the same size and time", async (which) => {
  const files = stage();
  const before = await files.keyOf({ adapter: files.adapter });
  changeUnseen(files[which]);
  expect(await files.keyOf({ adapter: files.adapter })).not.toBe(before);
});

test("it is good for the library's content, whatever its time", async () => {
  const { keyOf, library } = stage();
  const before = await keyOf();
  utimesSync(library, 1, 1);
  const touched = await keyOf();
  writeFileSync(library, "another release");
  expect([touched === before, (await keyOf()) === before]).toEqual([true, false]);
});

test("all of a model that is open begin alike, with adapters and without, and it says so when it is", async () => {
  const { keyOf, adapter, opened, weights } = stage();
  const keys = [await keyOf(), await keyOf({ adapter }), await keyOf({ contextTokens: 2048 })];
  changeUnseen(weights);
  keys.push(await keyOf());
  const editions = opened.map((said) => said.replace(`${MODEL.id} `, ""));
  expect(new Set(editions).size).toBe(2);
  expect(keys.map((key) => [key.startsWith(editions[0]!), key.startsWith(editions[3]!)])).toEqual([
    [true, false],
    [true, false],
    [true, false],
    [false, true],
  ]);
});

test("a file that cannot be read has no mark, and one of any size has one", () => {
  const path = join(temporaryFolder(), "file");
  expect(contentMark(path)).toBeNull();
  const sizes = [0, 1, 4096, 4097, 300_000];
  const marks = sizes.map((size) => {
    writeFileSync(path, Buffer.alloc(size));
    return contentMark(path);
  });
  expect(new Set(marks).size).toBe(sizes.length);
});

test.each([0, 4096, 150_000, 299_999])("a file that differs at its byte %d has another mark", (position) => {
  const path = join(temporaryFolder(), "file");
  const content = Buffer.alloc(300_000);
  writeFileSync(path, content);
  const before = contentMark(path);
  content.fill(1, position, Math.min(content.length, position + 4096));
  writeFileSync(path, content);
  expect(contentMark(path)).not.toBe(before);
});
