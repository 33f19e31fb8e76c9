import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rename, rm, stat, utimes } from "node:fs/promises";
import { Sightings } from "../../../src/catalog/sightings.ts";
import { idsOf, ModelsFolder } from "../../support/models-folder.ts";

/** What the test writes was written long ago then. */
const later = () => Date.now() + 60_000;

let folder: ModelsFolder;
beforeEach(async () => {
  folder = await ModelsFolder.make();
  await folder.putGguf("alpha/alpha.gguf", { name: "Alpha" });
  await folder.put("alpha/model.json", JSON.stringify({ name: "first" }));
  await folder.put("beta-1b.rkllm");
});
afterEach(() => folder[Symbol.asyncDispose]());

describe("a catalog whose folders are as they were", () => {
  test("gives the very models that it gave before", async () => {
    const catalog = folder.open({ nowMs: later });
    const before = await catalog.resolve("first");
    expect(await catalog.resolve("first")).toBe(before);
  });

  test("finds a model that was added", async () => {
    const catalog = folder.open({ nowMs: later });
    expect(await idsOf(catalog)).toEqual(["beta-1b", "first"]);
    await folder.put("gamma-1b.rkllm");
    await folder.put("delta/delta-1b.rkllm");
    expect(await idsOf(catalog)).toEqual(["beta-1b", "delta-1b", "first", "gamma-1b"]);
  });

  test("finds one that was added to a folder that had none", async () => {
    await folder.put("empty/readme.txt", "nothing yet");
    const catalog = folder.open({ nowMs: later });
    await catalog.list();
    await folder.put("empty/delta-1b.rkllm");
    expect(await idsOf(catalog)).toContain("delta-1b");
  });

  test("misses one that was deleted", async () => {
    const catalog = folder.open({ nowMs: later });
    await catalog.list();
    await rm(folder.path("alpha"), { recursive: true });
    expect(await idsOf(catalog)).toEqual(["beta-1b"]);
    await expect(catalog.resolve("first")).rejects.toThrow('There is no model "first"');
  });

  test("knows one that took another's place, though it has its size and time", async () => {
    const catalog = folder.open({ nowMs: later });
    const before = await catalog.resolve("beta-1b");
    const { atime, mtime } = await stat(folder.path("beta-1b.rkllm"));
    await folder.put("new", "RKLLM weightZ");
    await utimes(folder.path("new"), atime, mtime);
    await rename(folder.path("new"), folder.path("beta-1b.rkllm"));
    expect(await catalog.resolve("beta-1b")).not.toBe(before);
  });

  test("reads a model.json that was written over", async () => {
    const catalog = folder.open({ nowMs: later });
    await catalog.list();
    await folder.put("alpha/model.json", JSON.stringify({ name: "second" }));
    expect(await idsOf(catalog)).toEqual(["beta-1b", "second"]);
  });

  test("tells what was learnt of a model at once", async () => {
    const catalog = folder.open({ nowMs: later });
    const model = await catalog.resolve("beta-1b");
    await catalog.learn(model, { contextTokensMax: 2048 });
    expect((await catalog.resolve("beta-1b")).contextTokensMax).toBe(2048);
  });
});

describe("sightings", () => {
  test("hold as long as nothing changes, what is missing included", async () => {
    const sightings = new Sightings(later());
    await sightings.look(folder.path("beta-1b.rkllm"));
    await sightings.look(folder.path("missing"));
    expect(await sightings.hold()).toBe(true);
    await folder.put("missing");
    expect(await sightings.hold()).toBe(false);
  });

  test("never hold of a file that was written just before: it may be written again without a new time", async () => {
    const sightings = new Sightings(Date.now());
    await sightings.look(folder.path("beta-1b.rkllm"));
    expect(await sightings.hold()).toBe(false);
  });
});
