import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packAssets, unpackAssets } from "../../../../src/runtime/native/asset-archive.ts";
import { assetHash, unpackOnce } from "../../../../src/runtime/native/asset-folder.ts";
import { prepareNativeAssets } from "../../../../src/runtime/native/assets.ts";

const FILES = [
  { path: "llama/libllama.so", content: new TextEncoder().encode("a library") },
  { path: "src/runtime/native/bridge.c", content: new TextEncoder().encode("int x;") },
  { path: "empty", content: new Uint8Array() },
];
const ARCHIVE = packAssets(FILES, 3);
const HASH = assetHash(ARCHIVE);
const readArchive = (): Promise<Uint8Array<ArrayBuffer>> => Promise.resolve(ARCHIVE);
const refuseToRead = (): Promise<never> => Promise.reject(new Error("the archive was read again"));

let cacheDir = "";
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "assets-"));
});
afterEach(() => rm(cacheDir, { recursive: true, force: true }));

test("an archive gives back the files it was made of", async () => {
  expect((await unpackAssets(ARCHIVE)).map(({ path, content }) => ({ path, text: new TextDecoder().decode(content) }))).toEqual(
    FILES.map(({ path, content }) => ({ path, text: new TextDecoder().decode(content) })),
  );
});

describe("unpackOnce()", () => {
  test("writes every file under its own name and leaves nothing else", async () => {
    const folder = await unpackOnce(cacheDir, HASH, readArchive);
    expect(folder).toBe(join(cacheDir, "native", HASH));
    expect(await Bun.file(join(folder, "src/runtime/native/bridge.c")).text()).toBe("int x;");
    expect((await readdir(folder, { recursive: true })).toSorted()).toEqual([
      "complete.json",
      "empty",
      "llama",
      "llama/libllama.so",
      "src",
      "src/runtime",
      "src/runtime/native",
      "src/runtime/native/bridge.c",
    ]);
    expect(await readdir(join(cacheDir, "native"))).toEqual([HASH]);
  });

  test("does not read the archive again when the folder is whole", async () => {
    const folder = await unpackOnce(cacheDir, HASH, readArchive);
    expect(await unpackOnce(cacheDir, HASH, refuseToRead)).toBe(folder);
  });

  test("puts a file that was cut short right", async () => {
    const folder = await unpackOnce(cacheDir, HASH, readArchive);
    await truncate(join(folder, "llama/libllama.so"), 2);
    await unpackOnce(cacheDir, HASH, readArchive);
    expect(await Bun.file(join(folder, "llama/libllama.so")).text()).toBe("a library");
    expect(await readdir(join(cacheDir, "native"))).toEqual([HASH]);
  });

  test("does not take a folder without its marker for whole", async () => {
    const folder = join(cacheDir, "native", HASH);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "stray"), "left by a crash");
    await unpackOnce(cacheDir, HASH, readArchive);
    expect((await readdir(folder)).toSorted()).toEqual(["complete.json", "empty", "llama", "src"]);
  });

  test("gives every one of several racing callers the same whole folder", async () => {
    const folders = await Promise.all(Array.from({ length: 8 }, () => unpackOnce(cacheDir, HASH, readArchive)));
    expect(new Set(folders)).toEqual(new Set([join(cacheDir, "native", HASH)]));
    expect(await readdir(join(cacheDir, "native"))).toEqual([HASH]);
  });

  test("refuses a folder that others can write to", async () => {
    await mkdir(join(cacheDir, "native"));
    await chmod(join(cacheDir, "native"), 0o777);
    await expect(unpackOnce(cacheDir, HASH, readArchive)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("others cannot write to"),
    });
  });

  test("says which folder cannot be written to, and why", async () => {
    const file = join(cacheDir, "file");
    await writeFile(file, "");
    await expect(unpackOnce(file, HASH, readArchive)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining(`cache folder ${file} (ENOTDIR`),
    });
  });

  test("refuses a cache folder on a file system mounted noexec", async () => {
    const mounts = `/dev/sda / ext4 rw 0 0\ntmpfs ${cacheDir} tmpfs rw,nosuid,noexec 0 0\n`;
    await expect(unpackOnce(cacheDir, HASH, readArchive, () => Promise.resolve(mounts))).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("noexec"),
    });
  });

  test("minds only the innermost mount", async () => {
    const mounts = `tmpfs ${tmpdir()} tmpfs rw,noexec 0 0\n/dev/sda ${cacheDir} ext4 rw 0 0\ntmpfs ${cacheDir}/native/other tmpfs noexec 0 0\n`;
    expect(await unpackOnce(cacheDir, HASH, readArchive, () => Promise.resolve(mounts))).toBe(join(cacheDir, "native", HASH));
  });
});

test("from the sources, the native files are used where they lie", async () => {
  const assets = await prepareNativeAssets(cacheDir);
  const found = await Promise.all(Object.values(assets).map(async (path) => (await stat(path)).size > 0));
  expect(found).not.toContain(false);
  expect(await readdir(cacheDir)).toEqual([]);
});
