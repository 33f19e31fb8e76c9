import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
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

  test("reads a model.json that took another's place, though it has its size and time", async () => {
    const catalog = folder.open({ nowMs: later });
    await catalog.list();
    const { atime, mtime } = await stat(folder.path("alpha/model.json"));
    await utimes(folder.path("alpha/model.json"), atime, mtime);
    await catalog.list();
    await folder.put("new", JSON.stringify({ name: "other" }));
    await utimes(folder.path("new"), atime, mtime);
    await rename(folder.path("new"), folder.path("alpha/model.json"));
    expect(await idsOf(catalog)).toEqual(["beta-1b", "other"]);
  });

  test("knows a change in the program's own folder where that lies in one of its own", async () => {
    const catalog = folder.open({ nowMs: later, builtinDir: async () => folder.path("alpha") });
    expect(await idsOf(catalog)).toContain("first");
    await folder.put("alpha/model.json", JSON.stringify({ name: "second" }));
    expect(await idsOf(catalog)).toContain("second");
  });

  test("goes on with the program's own folder as it was, and finds it again when it was missing", async () => {
    await using own = await ModelsFolder.make();
    const catalog = folder.open({ nowMs: later, builtinDir: async () => own.path("tiny") });
    expect(await idsOf(catalog)).not.toContain("tiny");
    await own.putGguf("tiny/tiny.gguf", { name: "Tiny" });
    const found = await catalog.resolve("tiny");
    await rm(own.path("tiny"), { recursive: true });
    expect(await catalog.resolve("tiny")).toBe(found);
  });

  test("tells what was learnt of a model at once", async () => {
    const catalog = folder.open({ nowMs: later });
    const model = await catalog.resolve("beta-1b");
    await catalog.learn(model, { contextTokensMax: 2048 });
    expect((await catalog.resolve("beta-1b")).contextTokensMax).toBe(2048);
  });
});

describe("requests beside each other", () => {
  test("all find a model while it is learnt of", async () => {
    const catalog = folder.open({ nowMs: later });
    const model = await catalog.resolve("beta-1b");
    const learnt = new AbortController();
    const asking = (async () => {
      while (!learnt.signal.aborted) expect((await catalog.resolve("beta-1b")).id).toBe("beta-1b");
    })();
    for (let tokens = 1024; tokens < 1074; tokens++) {
      await catalog.learn(model, { contextTokensMax: tokens });
      expect((await catalog.resolve("beta-1b")).contextTokensMax).toBe(tokens);
    }
    learnt.abort();
    await asking;
  });

  test("find what was there before they asked, though others were looking already", async () => {
    const catalog = folder.open({ nowMs: later });
    await catalog.list();
    for (let round = 0; round < 50; round++) {
      const before = catalog.list();
      await folder.put(`late-${round}b.rkllm`);
      expect(await idsOf(catalog)).toContain(`late-${round}b`);
      await before;
    }
  });
});

/** What a process prints that has a catalog over the folder, and runs this. */
async function printed(shell: string, script: string): Promise<string> {
  const whole = `
    import { chmodSync, closeSync, openSync } from "node:fs";
    import { openCatalog } from ${JSON.stringify(join(import.meta.dir, "../../../src/catalog/catalog.ts"))};
    const catalog = openCatalog({ modelsDirs: [${JSON.stringify(folder.dir)}], nowMs: () => Date.now() + 60_000 });
    ${script}`;
  const child = Bun.spawn(["sh", "-c", `${shell} exec "$0" -e "$1"`, process.execPath, whole], { stdout: "pipe", stderr: "inherit" });
  return new Response(child.stdout).text();
}

describe("a catalog that could not read", () => {
  test("a folder, for want of files it may open, looks again", async () => {
    const script = `
      const files = [];
      try { for (;;) files.push(openSync("/dev/null")); } catch {}
      const before = await catalog.list();
      for (const file of files) closeSync(file);
      console.log(before.length, (await catalog.list()).length);`;
    expect(await printed("ulimit -n 64;", script)).toBe("0 2\n");
  });

  test("weights looks again when it may", async () => {
    const script = `
      const path = ${JSON.stringify(folder.path("alpha/alpha.gguf"))};
      const user = process.geteuid();
      const reason = async () => {
        // Root may read everything.
        if (user === 0) process.seteuid(65534);
        const { unrunnableReason } = await catalog.resolve("first");
        if (user === 0) process.seteuid(user);
        return unrunnableReason?.split(":")[0];
      };
      chmodSync(${JSON.stringify(folder.dir)}, 0o755);
      chmodSync(path, 0);
      const before = await reason();
      chmodSync(path, 0o644);
      console.log(before, await reason());`;
    expect(await printed("", script)).toBe("EACCES undefined\n");
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

  test("never hold of a folder that holds something else, though it looks the same", async () => {
    const sightings = new Sightings(later());
    await sightings.look(folder.dir);
    sightings.listed(folder.dir, ["beta-1b.rkllm", "alpha"]);
    expect(await sightings.hold()).toBe(true);
    sightings.listed(folder.dir, ["alpha"]);
    expect(await sightings.hold()).toBe(false);
  });

  test("never hold where one look at a file saw something else than the next", async () => {
    const sightings = new Sightings(later());
    await sightings.look(folder.path("beta-1b.rkllm"));
    await folder.put("beta-1b.rkllm", "longer than before");
    await sightings.look(folder.path("beta-1b.rkllm"));
    expect(await sightings.hold()).toBe(false);
  });

  test("hold whatever becomes of what was in the program's own folder, and of nothing else", async () => {
    const sightings = new Sightings(Date.now(), folder.path("alpha"));
    const { size } = (await sightings.look(folder.path("alpha/alpha.gguf"))) ?? {};
    await sightings.look(folder.path("alpha"));
    sightings.listed(folder.path("alpha"), []);
    await rm(folder.path("alpha"), { recursive: true });
    expect([size === 0, await sightings.hold()]).toEqual([false, true]);
    await sightings.look(folder.path("alphabet"));
    await folder.put("alphabet");
    expect(await sightings.hold()).toBe(false);
  });

  test("do not hold when something comes that was missing in the program's own folder", async () => {
    const sightings = new Sightings(Date.now(), folder.path("own"));
    await sightings.look(folder.path("own"));
    expect(await sightings.hold()).toBe(true);
    await folder.put("own/model.json");
    expect(await sightings.hold()).toBe(false);
  });

  test("never hold of a file that was written just before: it may be written again without a new time", async () => {
    const sightings = new Sightings(Date.now());
    await sightings.look(folder.path("beta-1b.rkllm"));
    expect(await sightings.hold()).toBe(false);
  });
});
