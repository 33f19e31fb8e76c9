/**
 * Unpacks the native files once, into `<cache>/native/<content hash>/`.
 *
 * The folder appears under its name only when it is complete: it is written under a temporary name and renamed, so two
 * processes may race (the second finds the first's folder and drops its own) and a process that is killed leaves nothing
 * that could be taken for whole. What lies in it is code this process will run, so a folder that somebody else could have
 * written is refused.
 */
import { createHash, randomUUID } from "node:crypto";
import { lstat, mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError, assert } from "../../core/errors.ts";
import { unpackAssets } from "./asset-archive.ts";

/** Names every file of a complete folder with its size; written last. */
const MARKER = "complete.json";
/** Characters of the hash that the archive and its folder are named by. */
const HASH_CHARACTERS = 32;
const OTHERS_MAY_WRITE = 0o002;

/** The name of an archive's content. */
export function assetHash(archive: Uint8Array): string {
  return createHash("sha256").update(archive).digest("hex").slice(0, HASH_CHARACTERS);
}

/**
 * The folder with the files of the archive named by `hash`, unpacked from `readArchive()` if it is not there yet or not whole.
 * Throws AppError config_invalid when the cache folder is not writable, not trustworthy or mounted noexec.
 */
export async function unpackOnce(
  cacheDir: string,
  hash: string,
  readArchive: () => Promise<Uint8Array<ArrayBuffer>>,
  mounts: () => Promise<string> = () => readFile("/proc/self/mounts", "utf8"),
): Promise<string> {
  const parent = resolve(cacheDir, "native");
  const folder = join(parent, hash);
  try {
    await mkdir(parent, { recursive: true, mode: 0o755 });
    await refuseForeign(parent);
    if (!(await isComplete(folder))) {
      const archive = await readArchive();
      assert(assetHash(archive) === hash, "the native files in the binary are what the build put there");
      await unpack(archive, parent, folder);
    }
    await refuseForeign(folder);
  } catch (error) {
    throw asCacheError(error, cacheDir);
  }
  if (isNoexec(await realpath(folder), await mounts().catch(() => ""))) {
    throw new AppError(
      "config_invalid",
      `The cache folder ${cacheDir} is on a file system mounted noexec, so no library can be loaded from it. Choose another cache folder.`,
    );
  }
  return folder;
}

async function unpack(archive: Uint8Array<ArrayBuffer>, parent: string, folder: string): Promise<void> {
  const draft = join(parent, `.${process.pid}-${randomUUID()}`);
  try {
    const sizes: Record<string, number> = {};
    for (const { path, content } of await unpackAssets(archive)) {
      const target = join(draft, path);
      await mkdir(dirname(target), { recursive: true, mode: 0o755 });
      await writeFile(target, content, { mode: 0o644 });
      sizes[path] = content.byteLength;
    }
    await writeFile(join(draft, MARKER), JSON.stringify(sizes), { mode: 0o644 });
    await publish(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Gives the draft its final name. Another process may have been faster, and a damaged folder may be in the way. */
async function publish(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (error) {
    if (await isComplete(folder)) return;
    if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "EEXIST") throw error;
    // Whoever still has the damaged files mapped keeps them: they are moved away before they are deleted.
    const damaged = `${draft}-damaged`;
    await rename(folder, damaged);
    await rename(draft, folder);
    await rm(damaged, { recursive: true, force: true });
  }
}

/** Whether every file is there with its full size. */
async function isComplete(folder: string): Promise<boolean> {
  const marker = Bun.file(join(folder, MARKER));
  if (!(await marker.exists())) return false;
  try {
    const sizes = (await marker.json()) as Readonly<Record<string, number>>;
    const checks = Object.entries(sizes).map(async ([path, bytes]) => (await lstat(join(folder, path))).size === bytes);
    return (await Promise.all(checks)).every(Boolean);
  } catch {
    return false;
  }
}

async function refuseForeign(folder: string): Promise<void> {
  const stats = await lstat(folder);
  const owned = stats.uid === 0 || stats.uid === process.getuid?.();
  if (stats.isDirectory() && owned && (stats.mode & OTHERS_MAY_WRITE) === 0) return;
  throw new AppError(
    "config_invalid",
    `The folder ${folder} is not a folder of this user's own that others cannot write to, so the libraries in it are not trusted. ` +
      "Remove it or choose another cache folder.",
  );
}

/** Whether the file system that holds `folder` is mounted noexec; `mounts` is the text of /proc/self/mounts. */
function isNoexec(folder: string, mounts: string): boolean {
  let longest = "";
  let noexec = false;
  for (const line of mounts.split("\n")) {
    const [, escapedPoint, , options] = line.split(" ");
    if (escapedPoint === undefined || options === undefined) continue;
    const point = escapedPoint.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const prefix = point.endsWith("/") ? point : `${point}/`;
    if (!folder.startsWith(prefix) || prefix.length < longest.length) continue;
    longest = prefix;
    noexec = options.split(",").includes("noexec");
  }
  return noexec;
}

function asCacheError(error: unknown, cacheDir: string): unknown {
  if (!(error instanceof Error) || codeOf(error) === undefined) return error;
  return new AppError(
    "config_invalid",
    `The native libraries cannot be unpacked into the cache folder ${cacheDir} (${error.message}). Give it write permission and 25 MB of room, or choose another.`,
    { cause: error },
  );
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof AppError || !(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
