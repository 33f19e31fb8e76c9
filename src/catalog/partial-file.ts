/**
 * A file that is being downloaded. A note beside it says what it is a part of; without the same strong ETag nothing is ever
 * appended to it, so two versions of a file cannot mix.
 */
import { type FileHandle, open, readFile, rm, writeFile } from "node:fs/promises";
import { assert } from "../core/errors.ts";
import { addressOf, damaged } from "./ranged-file.ts";

/** A file that is whole. */
export interface Downloaded {
  readonly bytes: number;
  readonly sha256: string;
}

interface Note {
  readonly url: string;
  readonly etag: string;
}

/** The growing file, its note, and the running checksum of what is in it. */
export class PartialFile {
  readonly path: string;
  readonly #notePath: string;
  readonly #url: string;
  #handle: FileHandle | null = null;
  #hasher = new Bun.CryptoHasher("sha256");
  /** How much of the file the hasher has seen; unlike `bytes` it starts at 0 when a file of an earlier run is taken up. */
  #hashedBytes = 0;
  bytes = 0;

  constructor(path: string, url: URL) {
    this.path = path;
    this.#notePath = `${path}.json`;
    this.#url = addressOf(url);
  }

  /** Opens the file; the ETag under which it may be continued, null where it has to begin anew. */
  async open(): Promise<string | null> {
    const note = await this.#note();
    this.#handle = await open(this.path, "a+");
    const { size } = await this.#handle.stat();
    this.bytes = size;
    return note !== null && size > 0 ? note.etag : null;
  }

  /** Empties the file and notes what it will be a part of. A weak or absent ETag proves nothing, so such a file is not continued. */
  async restart(etag: string | null): Promise<void> {
    await this.#opened().truncate(0);
    this.#reset();
    if (etag !== null && /^"[^"]*"$/.test(etag)) await writeFile(this.#notePath, JSON.stringify({ url: this.#url, etag } satisfies Note));
    else await rm(this.#notePath, { force: true });
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.hashAll();
    await this.#opened().appendFile(chunk);
    this.#hasher.update(chunk);
    this.bytes += chunk.length;
    this.#hashedBytes = this.bytes;
  }

  /** Brings the checksum up to date: what an earlier run left is read back, once. */
  async hashAll(): Promise<void> {
    if (this.#hashedBytes === this.bytes) return;
    for await (const chunk of Bun.file(this.path).slice(this.#hashedBytes, this.bytes).stream()) this.#hasher.update(chunk);
    this.#hashedBytes = this.bytes;
  }

  /** Flushes to the disk and checks the SHA-256; a wrong file is deleted. */
  async finish(expected: string | null, file: string): Promise<Downloaded> {
    await this.hashAll();
    await this.#opened().sync();
    const sha256 = this.#hasher.digest("hex");
    if (expected !== null && sha256 !== expected.toLowerCase()) {
      await this.discard();
      throw damaged(file, sha256, expected);
    }
    return { bytes: this.bytes, sha256 };
  }

  async discard(): Promise<void> {
    await this.close();
    await Promise.all([rm(this.path, { force: true }), rm(this.#notePath, { force: true })]);
    this.#reset();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
  }

  async #note(): Promise<Note | null> {
    try {
      const note = JSON.parse(await readFile(this.#notePath, "utf8")) as Note & { readonly ranges?: unknown };
      // A file with holes is no beginning of one.
      return note.url === this.#url && typeof note.etag === "string" && note.ranges === undefined ? note : null;
    } catch {
      return null;
    }
  }

  #reset(): void {
    this.bytes = 0;
    this.#hashedBytes = 0;
    this.#hasher = new Bun.CryptoHasher("sha256");
  }

  #opened(): FileHandle {
    assert(this.#handle !== null, "the partial file is open while it is written");
    return this.#handle;
  }
}
