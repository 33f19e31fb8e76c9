/** The library over a folder, without a server. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { openModelLibrary } from "../../../src/catalog/model-library.ts";
import { ModelsFolder, refusal } from "../../support/models-folder.ts";

const DAY_MS = 24 * 3_600_000;

let folder: ModelsFolder;
beforeEach(async () => {
  folder = await ModelsFolder.make();
  await folder.put("Qwen3-0.6B-rk3588.rkllm");
});
afterEach(() => folder[Symbol.asyncDispose]());

function openLibrary(nowMs: number = Date.now()) {
  return openModelLibrary({
    catalog: folder.open(),
    modelsDirs: [folder.dir],
    unload: async () => false,
    templateOf: async () => undefined,
    pull: async () => "",
    nowMs: () => nowMs,
  });
}

test("uploads that nobody made a model of are gone a day later, without another upload", async () => {
  await mkdir(folder.path(".blobs"));
  await folder.put(`.blobs/sha256-${"a".repeat(64)}`);
  await folder.put(".blobs/upload-1-0.partial");
  await openLibrary(Date.now() + DAY_MS / 2).close();
  expect(await readdir(folder.path(".blobs"))).toHaveLength(2);
  await openLibrary(Date.now() + 2 * DAY_MS).close();
  expect(await readdir(folder.path(".blobs"))).toEqual([]);
});

test("a copy of a copy is made until the line is as long as one can be", async () => {
  const library = openLibrary();
  let last = "qwen3-0.6b";
  for (let depth = 1; depth <= 8; depth++) {
    await library.copy(last, `m${depth}`);
    last = `m${depth}`;
  }
  expect(await refusal(library.copy(last, "m9"))).toEqual([
    "invalid_request",
    "It is made of m8, which is itself the last in a line of 8 models that are made of each other. Make it of one before that.",
  ]);
  expect(await readdir(folder.dir)).not.toContain("m9");
});

test("a model more than there can be is refused, and one that is there can still be made anew", async () => {
  for (let index = 0; index < 500; index++) await folder.put(`m${index}/model.json`, '{"from":"qwen3-0.6b"}');
  const library = openLibrary();
  expect(await refusal(library.copy("qwen3-0.6b", "another"))).toEqual([
    "invalid_request",
    "There are 500 models that are made of others, and there can be no more. Delete those that nobody uses.",
  ]);
  await library.copy("m1", "m0");
  expect((await folder.open().resolve("m0")).derived?.parent).toBe("m1");
});
