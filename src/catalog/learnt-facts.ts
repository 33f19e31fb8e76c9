/**
 * What runtimes said of weights while they loaded them. It is kept under `learnt` of the model.json beside the weights, by the file's name and
 * apart from what people write there, and is good as long as the weights are the same.
 */
import { realpath, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type LoadFacts, SOCS } from "../core/model.ts";
import { MANIFEST_FILE } from "./manifest.ts";

/** Weights at one moment. */
export interface DatedWeights {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

const LearntSchema = Type.Object({
  bytes: Type.Number(),
  modifiedMs: Type.Number(),
  contextTokensMax: Type.Optional(Type.Integer({ minimum: 32 })),
  npuCores: Type.Optional(Type.Integer({ minimum: 1 })),
  quantization: Type.Optional(Type.String({ minLength: 1 })),
  soc: Type.Optional(Type.Union(SOCS.map((soc) => Type.Literal(soc)))),
  toolkitVersion: Type.Optional(Type.String({ minLength: 1 })),
  runtimeVersion: Type.Optional(Type.String({ minLength: 1 })),
  driverVersion: Type.Optional(Type.String({ minLength: 1 })),
});
type Learnt = Static<typeof LearntSchema>;

/** Models of which something is remembered here beside what their folders tell. */
const REMEMBERED_MAX = 1000;

/** Facts of weights, those of this process before those that were written down. */
export class LearntFacts {
  readonly #known = new Map<string, LoadFacts>();
  /** Writes one after another: each reads what is there first. */
  #writing: Promise<unknown> = Promise.resolve();

  /** @param written `learnt` of the model.json beside the weights, whatever it may hold; what is no fact of these weights counts for nothing. */
  of(weights: DatedWeights, written: unknown): LoadFacts {
    const known = this.#known.get(keyOf(weights));
    if (known !== undefined) return known;
    const entry = recordOf(written)[basename(weights.path)];
    if (!Value.Check(LearntSchema, entry) || entry.bytes !== weights.bytes || entry.modifiedMs !== weights.modifiedMs) return {};
    const { bytes: _, modifiedMs: __, ...facts } = entry;
    return facts;
  }

  /**
   * Remembers facts, and writes them down where that can be done: a folder that is read-only, or a model.json that cannot be read, costs no more
   * than learning them again.
   * @param manifestPath model.json as it was found beside the weights; null where there is none
   * @param folder whether the weights have a folder of their own
   */
  async learn(weights: DatedWeights, facts: LoadFacts, manifestPath: string | null, folder: boolean): Promise<void> {
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    this.#known.set(keyOf(weights), facts);
    const path = manifestPath ?? placeOf(weights.path, folder);
    const { bytes, modifiedMs } = weights;
    this.#writing = this.#writing
      .then(async () => write(path, basename(weights.path), { bytes, modifiedMs, ...facts }))
      .catch(() => undefined);
    await this.#writing;
  }
}

function keyOf({ path, bytes, modifiedMs }: DatedWeights): string {
  return `${path}\0${bytes}\0${modifiedMs}`;
}

function placeOf(path: string, folder: boolean): string {
  const stem = basename(path).replace(/\.[^.]*$/, "");
  return join(dirname(path), folder ? MANIFEST_FILE : `${stem}.${MANIFEST_FILE}`);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** Everything else that is in the file stays as it is, its time as well: a checksum in it is good for weights that are no newer than the file. */
async function write(given: string, fileName: string, entry: Learnt): Promise<void> {
  const path = await realpath(given).catch(() => given);
  const before = await stat(path).catch(() => null);
  const manifest: unknown = before === null ? {} : JSON.parse(await readFile(path, "utf8"));
  if (recordOf(manifest) !== manifest) return;
  const learnt = recordOf(recordOf(manifest)["learnt"]);
  if (Bun.deepEquals(learnt[fileName], entry)) return;
  const temporary = `${path}.learnt`;
  try {
    await writeFile(temporary, `${JSON.stringify({ ...manifest, learnt: { ...learnt, [fileName]: entry } }, null, 2)}\n`);
    if (before !== null) await utimes(temporary, before.atime, before.mtime);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
