/** Files that were uploaded to make models of. They lie hidden in the models folder, so that a hard link puts them into place. */
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../core/errors.ts";
import { hasSpace } from "./disk-space.ts";

const BLOBS_DIR = ".blobs";
/** Files that nobody has made a model of by then are deleted; so is what an upload left that did not end. */
const AGE_MAX_MS = 24 * 60 * 60 * 1000;
/** How often the room on the disk is looked at while something comes in. */
const SPACE_CHECK_BYTES = 64 * 1024 * 1024;

/** The 64 hex digits of `sha256:…` or `sha256-…`. Throws AppError invalid_request. */
export function parseDigest(digest: string): string {
  const hex = /^sha256[:-]([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw new AppError("invalid_request", "invalid digest format", { details: { field: "digest", fault: "value" } });
  return hex;
}

/** Uploaded files by their SHA-256. */
export class BlobStore {
  readonly #dir: string;
  readonly #writing = new Set<string>();
  #uploads = 0;

  constructor(modelsDir: string) {
    this.#dir = join(modelsDir, BLOBS_DIR);
  }

  /** Where a file is; null where it is not. */
  async find(hex: string): Promise<string | null> {
    const path = this.#path(hex);
    return (await stat(path).catch(() => null))?.isFile() === true ? path : null;
  }

  /** Writes a file while it comes in, and keeps it if it is what its digest says. Throws AppError invalid_request, body_too_large, cancelled. */
  async put(hex: string, body: AsyncIterable<Uint8Array>, bytes: number | null, signal: AbortSignal): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    await this.collect();
    const name = `upload-${process.pid}-${this.#uploads++}.partial`;
    const path = join(this.#dir, name);
    this.#writing.add(name);
    try {
      await requireRoom(path, bytes ?? 0);
      const actual = await write(path, body, signal);
      if (actual !== hex) throw new AppError("invalid_request", `digest mismatch, expected "sha256:${hex}", got "sha256:${actual}"`);
      await rename(path, this.#path(hex));
    } finally {
      await rm(path, { force: true });
      this.#writing.delete(name);
    }
  }

  /** Deletes what nobody came back for. */
  async collect(nowMs: number = Date.now()): Promise<void> {
    for (const name of await readdir(this.#dir).catch(() => [])) {
      if (this.#writing.has(name)) continue;
      const path = join(this.#dir, name);
      const status = await stat(path).catch(() => null);
      if (status !== null && nowMs - Math.max(status.mtimeMs, status.ctimeMs) > AGE_MAX_MS) await rm(path, { force: true });
    }
  }

  #path(hex: string): string {
    return join(this.#dir, `sha256-${hex}`);
  }
}

/** Writes what comes in and flushes it to the disk; its SHA-256. */
async function write(path: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  const file = await open(path, "wx");
  try {
    let unchecked = 0;
    for await (const chunk of watched(body, signal)) {
      unchecked += chunk.length;
      if (unchecked >= SPACE_CHECK_BYTES) {
        await requireRoom(path, chunk.length);
        unchecked = 0;
      }
      hasher.update(chunk);
      await file.appendFile(chunk);
    }
    await file.sync();
    return hasher.digest("hex");
  } finally {
    await file.close();
  }
}

/** The chunks, until the client goes. */
async function* watched(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined);
  const onGone = (): void => over.reject(new AppError("cancelled", "The client closed the connection."));
  signal.addEventListener("abort", onGone, { once: true });
  try {
    if (signal.aborted) onGone();
    for (;;) {
      const next = await Promise.race([chunks.next(), over.promise]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onGone);
    chunks.return?.()?.catch(() => undefined);
  }
}

async function requireRoom(path: string, bytes: number): Promise<void> {
  if (await hasSpace(path, bytes)) return;
  throw new AppError("body_too_large", "There is not enough room in the models folder for this upload. Free some space and try again.");
}
