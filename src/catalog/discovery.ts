/**
 * Finds weights on disk. The models folders are read on every call, so that the list follows the file system without watchers and without a
 * restart; whatever is looked at is told to Sightings, and as long as these hold nobody has to call again.
 */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { ModelFormat, ModelSidecars } from "../core/model.ts";
import { MANIFEST_FILE } from "./manifest.ts";
import { modelFormatOf, splitPartOf } from "./model-file-name.ts";
import type { Sightings } from "./sightings.ts";

/** One set of weights, or an adapter, as it lies on disk. */
export interface WeightsFile {
  readonly path: string;
  readonly fileName: string;
  readonly format: ModelFormat;
  /** The model's own folder; null for a file that lies loose in a models folder. */
  readonly folder: string | null;
  /** All parts together. */
  readonly bytes: number;
  readonly modifiedMs: number;
  /** Parts of a split GGUF that are not there. */
  readonly partsMissing: number;
  readonly sidecars: ModelSidecars;
  readonly manifestPath: string | null;
  /** It comes with the program. */
  readonly builtin: boolean;
}

/** The model.json of a model's own folder, which may make a model of another. */
export interface ManifestFile {
  readonly path: string;
  readonly folder: string;
  readonly modifiedMs: number;
  /** Whether weights, or an adapter, lie beside it. */
  readonly hasWeights: boolean;
}

/** What was found, and folders that could not be read, as sentences. */
export interface Discovery {
  readonly weights: readonly WeightsFile[];
  readonly manifests: readonly ManifestFile[];
  readonly problems: readonly string[];
}

/** Image encoders have the same endings and are no models; `x.partial` and the like have other endings anyway. */
const NOT_A_MODEL = /mmproj/i;
/** Files that other downloaders keep beside weights that are not whole yet. */
const UNFINISHED = [".aria2", ".part", ".partial", ".incomplete"];
const SIDECARS: readonly (readonly [keyof ModelSidecars, readonly string[]])[] = [
  ["tokenizer", ["tokenizer.json"]],
  ["tokenizerConfig", ["tokenizer_config.json"]],
  ["chatTemplate", ["chat_template.jinja", "chat_template.json"]],
  ["generationConfig", ["generation_config.json"]],
  ["config", ["config.json"]],
];

/**
 * Models in the given folders: loose files, and files one folder down. The same folder twice counts once; a folder that does not exist is empty.
 * @param builtinDir Folder of the model that comes with the program; it may lie in one of the others.
 */
export async function discoverWeights(modelsDirs: readonly string[], builtinDir: string | null, sightings: Sightings): Promise<Discovery> {
  const problems: string[] = [];
  const weights: Omit<WeightsFile, "builtin">[] = [];
  const manifests: ManifestFile[] = [];
  const builtin =
    builtinDir === null
      ? []
      : await weightsIn(builtinDir, basename(builtinDir), await entriesOf(builtinDir, problems, sightings), sightings);
  for (const dir of new Set(modelsDirs.map((given) => resolve(given)))) {
    const entries = await entriesOf(dir, problems, sightings);
    weights.push(...(await weightsIn(dir, null, entries, sightings)));
    for (const entry of entries) {
      if (modelFormatOf(entry.name) !== null && entry.isFile()) continue;
      const path = join(dir, entry.name);
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await sightings.look(path))?.isDirectory() === true)) {
        const inside = await entriesOf(path, problems, sightings);
        const found = await weightsIn(path, entry.name, inside, sightings);
        weights.push(...found);
        manifests.push(...(await manifestIn(path, entry.name, inside, found.length > 0, sightings)));
      }
    }
  }
  const paths = new Set(builtin.map((file) => file.path));
  const others = weights.filter((file) => !paths.has(file.path)).map((file) => ({ ...file, builtin: false }));
  return { weights: [...others, ...builtin.map((file) => ({ ...file, builtin: true }))], manifests, problems };
}

async function manifestIn(
  dir: string,
  folder: string,
  entries: readonly Dirent[],
  hasWeights: boolean,
  sightings: Sightings,
): Promise<readonly ManifestFile[]> {
  if (!entries.some((entry) => entry.name === MANIFEST_FILE)) return [];
  const path = join(dir, MANIFEST_FILE);
  const status = await sightings.look(path);
  return status?.isFile() === true ? [{ path, folder, modifiedMs: Math.trunc(status.mtimeMs), hasWeights }] : [];
}

/** The weights among the entries of one folder. */
async function weightsIn(
  dir: string,
  folder: string | null,
  entries: readonly Dirent[],
  sightings: Sightings,
): Promise<Omit<WeightsFile, "builtin">[]> {
  const names = new Set(entries.map((entry) => entry.name));
  const found: Omit<WeightsFile, "builtin">[] = [];
  for (const entry of entries) {
    const format = modelFormatOf(entry.name);
    const split = splitPartOf(entry.name);
    if (format === null || NOT_A_MODEL.test(entry.name) || (split !== null && split.part !== 1)) continue;
    if (UNFINISHED.some((ending) => names.has(entry.name + ending))) continue;
    const path = join(dir, entry.name);
    const status = await sightings.look(path);
    if (status === null || !status.isFile() || status.size === 0) continue;
    const parts = split === null ? [] : partsAfterFirst(entry.name, split.parts);
    const others = await Promise.all(parts.map(async (name) => sightings.look(join(dir, name))));
    const present = others.filter((other) => other !== null);
    found.push({
      path,
      fileName: entry.name,
      format,
      folder,
      bytes: present.reduce((sum, other) => sum + other.size, status.size),
      modifiedMs: Math.trunc(status.mtimeMs),
      partsMissing: others.length - present.length,
      sidecars: sidecarsOf(dir, folder, entry.name, names),
      manifestPath: beside(dir, folder, entry.name, [MANIFEST_FILE], names),
    });
  }
  return found;
}

function partsAfterFirst(fileName: string, parts: number): readonly string[] {
  const pad = (part: number): string => String(part).padStart(5, "0");
  return Array.from({ length: Math.max(parts - 1, 0) }, (_, index) => fileName.replace("-00001-of-", `-${pad(index + 2)}-of-`));
}

function sidecarsOf(dir: string, folder: string | null, fileName: string, names: ReadonlySet<string>): ModelSidecars {
  const found = SIDECARS.map(([key, candidates]) => [key, beside(dir, folder, fileName, candidates, names)] as const);
  return Object.fromEntries(found.filter(([, path]) => path !== null));
}

/** A file that belongs to the weights: `<stem>.tokenizer.json` anywhere, plain `tokenizer.json` only in a model's own folder. */
function beside(
  dir: string,
  folder: string | null,
  fileName: string,
  candidates: readonly string[],
  names: ReadonlySet<string>,
): string | null {
  const stem = fileName.slice(0, fileName.lastIndexOf("."));
  const own = candidates.map((name) => `${stem}.${name}`);
  const name = [...own, ...(folder === null ? [] : candidates)].find((candidate) => names.has(candidate));
  return name === undefined ? null : join(dir, name);
}

/** Entries that are not hidden, by name. */
async function entriesOf(dir: string, problems: string[], sightings: Sightings): Promise<readonly Dirent[]> {
  await sightings.look(dir);
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    sightings.listed(
      dir,
      entries.map((entry) => entry.name),
    );
    return entries.filter((entry) => !entry.name.startsWith(".")).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== "ENOENT") {
      problems.push(`Cannot read the folder ${dir} (${code ?? String(cause)}).`);
      sightings.doubt();
    }
    return [];
  }
}
