/**
 * SHA-256 of weights, found in the background: one file at a time, in pieces with rests between them, so that reading gigabytes holds up
 * neither the server nor a model that is answering. What was found is remembered by path, size and modification time.
 */
import { mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

/** A file at one moment. */
export interface DatedFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

const CacheSchema = Type.Record(Type.String(), Type.Object({ bytes: Type.Number(), modifiedMs: Type.Number(), sha256: Type.String() }));
type Cache = Static<typeof CacheSchema>;

const PIECE_BYTES = 1024 * 1024;
/** A rest is so many times as long as the work before it: hashing takes at most a fifth of one core. */
const REST_FACTOR = 4;
/** Entries of files that are long gone are dropped beyond this. */
const ENTRIES_MAX = 1000;

/** The digests of weights. */
export class WeightsDigests {
  readonly #cachePath: string;
  #known: Map<string, Cache[string]> | null = null;
  readonly #queue: DatedFile[] = [];
  #working: Promise<void> | null = null;
  readonly #stop = new AbortController();

  /** @param cachePath File that remembers them. */
  constructor(cachePath: string) {
    this.#cachePath = cachePath;
  }

  /** The digest of a file; null while it is not known. */
  known(file: DatedFile): string | null {
    const entry = this.#known?.get(file.path);
    return entry?.bytes === file.bytes && entry.modifiedMs === file.modifiedMs ? entry.sha256 : null;
  }

  /** The same, and finding it is begun where it is not known. */
  get(file: DatedFile): string | null {
    const known = this.known(file);
    if (known !== null) return known;
    if (!this.#queue.some((queued) => isSame(queued, file))) this.#queue.push(file);
    this.#working ??= this.#work().finally(() => (this.#working = null));
    return null;
  }

  /** Resolves when all that was asked for is known or cannot be. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  /** Stops; what was not found is asked for again another time. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#queue.length = 0;
    await this.#working;
  }

  async #work(): Promise<void> {
    this.#known ??= await readCache(this.#cachePath);
    for (let file = this.#queue[0]; file !== undefined; file = this.#queue[0]) {
      const entry = this.#known.get(file.path);
      if (entry?.bytes !== file.bytes || entry.modifiedMs !== file.modifiedMs) await this.#find(file, this.#known);
      this.#queue.shift();
    }
  }

  async #find(file: DatedFile, known: Map<string, Cache[string]>): Promise<void> {
    // A file that goes away meanwhile, or cannot be read, has no digest.
    const sha256 = await slowSha256(file.path, this.#stop.signal).catch(() => null);
    if (sha256 === null) return;
    known.delete(file.path);
    known.set(file.path, { bytes: file.bytes, modifiedMs: file.modifiedMs, sha256 });
    while (known.size > ENTRIES_MAX) known.delete(known.keys().next().value ?? "");
    await writeCache(this.#cachePath, Object.fromEntries(known)).catch(() => undefined);
  }
}

function isSame(a: DatedFile, b: DatedFile): boolean {
  return a.path === b.path && a.bytes === b.bytes && a.modifiedMs === b.modifiedMs;
}

/** The digest of a file, read with rests; null when the signal fires. */
async function slowSha256(path: string, signal: AbortSignal): Promise<string | null> {
  const hasher = new Bun.CryptoHasher("sha256");
  const piece = new Uint8Array(PIECE_BYTES);
  const file = await open(path, "r");
  try {
    for (;;) {
      const startedMs = performance.now();
      const { bytesRead } = await file.read(piece, 0, piece.length, null);
      if (bytesRead === 0) return hasher.digest("hex");
      hasher.update(piece.subarray(0, bytesRead));
      await delay(Math.ceil((performance.now() - startedMs) * REST_FACTOR), undefined, { signal, ref: false });
    }
  } finally {
    await file.close();
  }
}

async function readCache(path: string): Promise<Map<string, Cache[string]>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, "utf8"));
    return new Map(Value.Check(CacheSchema, parsed) ? Object.entries(parsed) : []);
  } catch {
    return new Map();
  }
}

async function writeCache(path: string, cache: Cache): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.tmp`, JSON.stringify(cache));
  await rename(`${path}.tmp`, path);
}
