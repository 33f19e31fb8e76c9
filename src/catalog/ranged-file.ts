/**
 * A file that comes over several connections at once. It has its full length from the start, with holes where nothing has come yet; the
 * note beside it says which stretches are there. The note never runs ahead of the disk, so after a loss of power too it can be believed.
 */
import { type FileHandle, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { AppError } from "../core/errors.ts";
import { sha256OfFile } from "./local-file.ts";
import type { Downloaded } from "./partial-file.ts";

/** So much may have to be fetched again after a loss of power; each step costs one flush and a few hundred bytes written. */
const CHECKPOINT_BYTES = 64 * 1024 * 1024;

/** A stretch of the file: what lies between `next` and `end` is still missing. */
export interface Stretch {
  next: number;
  readonly end: number;
}

/** What the file is to be. */
export interface RangedFacts {
  /** A strong ETag: without the same one nothing is added. */
  readonly etag: string;
  readonly totalBytes: number;
  /** null where the server does not tell it. */
  readonly sha256: string | null;
}

interface Note extends RangedFacts {
  readonly url: string;
  readonly ranges: readonly (readonly [next: number, end: number])[];
}

/** The file with its holes, and the note beside it. */
export class RangedFile {
  readonly path: string;
  readonly facts: RangedFacts;
  /** Together with what is before, between and behind them they make up the file. */
  readonly stretches: readonly Stretch[];
  readonly #url: string;
  readonly #handle: FileHandle;
  #unsavedBytes = 0;
  #saving: Promise<void> | null = null;

  private constructor(path: string, url: string, facts: RangedFacts, stretches: readonly Stretch[], handle: FileHandle) {
    this.path = path;
    this.facts = facts;
    this.stretches = stretches;
    this.#url = url;
    this.#handle = handle;
  }

  /** Takes up what an earlier run has left; null where that was nothing of this kind. */
  static async resume(path: string, url: URL): Promise<RangedFile | null> {
    const note = await readNote(path);
    if (note === null || note.url !== addressOf(url)) return null;
    const handle = await open(path, "r+").catch(() => null);
    if (handle === null) return null;
    if ((await handle.stat()).size !== note.totalBytes) {
      await handle.close();
      return null;
    }
    const stretches = note.ranges.map(([next, end]) => ({ next, end }));
    return new RangedFile(path, note.url, note, stretches, handle);
  }

  /** Makes a file, or the beginning of one, into one of several stretches: what is before the first is there already. */
  static async begin(path: string, url: URL, facts: RangedFacts, stretches: readonly Stretch[]): Promise<RangedFile> {
    const handle = await open(path, "r+");
    await handle.truncate(facts.totalBytes);
    const file = new RangedFile(path, addressOf(url), facts, stretches, handle);
    await file.save();
    return file;
  }

  get bytes(): number {
    return this.facts.totalBytes - this.stretches.reduce((sum, { next, end }) => sum + end - next, 0);
  }

  /** Writes where a stretch goes on. */
  async write(stretch: Stretch, chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const { bytesWritten } = await this.#handle.write(chunk, at, chunk.length - at, stretch.next);
      at += bytesWritten;
      stretch.next += bytesWritten;
      this.#unsavedBytes += bytesWritten;
    }
    if (this.#unsavedBytes >= CHECKPOINT_BYTES) await this.save();
  }

  /** Flushes, then notes what was flushed. */
  async save(): Promise<void> {
    while (this.#saving !== null) await this.#saving;
    this.#saving = this.#save().finally(() => (this.#saving = null));
    await this.#saving;
  }

  async #save(): Promise<void> {
    this.#unsavedBytes = 0;
    const ranges = this.stretches.map(({ next, end }) => [next, end] as const);
    await this.#handle.datasync();
    const { etag, totalBytes, sha256 } = this.facts;
    const note: Note = { url: this.#url, etag, totalBytes, sha256, ranges };
    await writeFile(`${this.path}.json.tmp`, JSON.stringify(note));
    await rename(`${this.path}.json.tmp`, `${this.path}.json`);
  }

  /** Flushes to the disk and checks the SHA-256; a wrong file is deleted. */
  async finish(expected: string | null, file: string): Promise<Downloaded> {
    await this.save();
    const sha256 = await sha256OfFile(this.path);
    if (expected !== null && sha256 !== expected.toLowerCase()) {
      await this.discard();
      throw damaged(file, sha256, expected);
    }
    return { bytes: this.facts.totalBytes, sha256 };
  }

  /** Deletes it: it has turned out to be of no use. */
  async discard(): Promise<void> {
    await this.close();
    await Promise.all([rm(this.path, { force: true }), rm(`${this.path}.json`, { force: true })]);
  }

  async close(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }
}

/** A file that is whole and wrong. */
export function damaged(file: string, sha256: string, expected: string): AppError {
  return new AppError(
    "download_failed",
    `${file} has the SHA-256 ${sha256}, not ${expected.toLowerCase()}: it is damaged or not the file that was meant. It was deleted.`,
  );
}

/** Without the query: signatures in it differ from try to try. */
export function addressOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function readNote(path: string): Promise<Note | null> {
  try {
    const note = JSON.parse(await readFile(`${path}.json`, "utf8")) as Partial<Note>;
    const { ranges, totalBytes, etag } = note;
    if (!Array.isArray(ranges) || typeof totalBytes !== "number" || typeof etag !== "string") return null;
    const sound = ranges.every(
      ([next, end]) => Number.isInteger(next) && Number.isInteger(end) && 0 <= next && next <= end && end <= totalBytes,
    );
    return sound ? (note as Note) : null;
  } catch {
    return null;
  }
}
