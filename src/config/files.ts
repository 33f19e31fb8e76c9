/** Finds and reads the two configuration files. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Candidate, Layer } from "./candidate.ts";
import { type JsonDocument, JsonFault, parseJsonDocument } from "./json-file.ts";
import { CONFIG_FILES, type ConfigPart, KEYS, type Key } from "./known-keys.ts";
import { didYouMean } from "./nearest.ts";

/** Where the files are looked for when nobody says: the first folder that holds one of them counts, for both. */
const CONFIG_DIRS: readonly string[] = ["config", "/etc/rockchip-llama"];

/** A layer of files, with what they say of single models. */
export interface FileLayer extends Layer {
  /** Overrides by model name, in lower case. */
  readonly models: ReadonlyMap<string, readonly Candidate[]>;
}

/** One file while it is read. */
interface OpenFile {
  readonly part: ConfigPart;
  readonly path: string;
  readonly document: JsonDocument;
  readonly problems: string[];
}

/** Reads the files of a folder, or of the first usual one. A folder that was named must hold at least one of them. */
export function fileLayer(cwd: string, configDir: string | undefined, dirs: readonly string[] = CONFIG_DIRS): FileLayer {
  const names = Object.values(CONFIG_FILES);
  const folders = (configDir === undefined ? dirs : [configDir]).map((folder) => resolve(cwd, folder));
  const folder = folders.find((candidate) => names.some((name) => existsSync(join(candidate, name))));
  const candidates: Candidate[] = [];
  const models = new Map<string, readonly Candidate[]>();
  const problems: string[] = [];
  if (folder === undefined) {
    if (configDir !== undefined)
      problems.push(`${resolve(cwd, configDir)}: there is neither ${names.join(" nor ")} in this configuration folder.`);
    return { candidates, models, problems };
  }
  for (const part of ["server", "inference"] as const) {
    const file = openFile(part, join(folder, CONFIG_FILES[part]), problems);
    if (file === undefined) continue;
    const content = objectAt(file, file.document.value, []) ?? {};
    candidates.push(...readSection(file, content, []));
    if (part === "inference" && "models" in content) readModels(file, content["models"], models);
  }
  return { candidates, models, problems };
}

/** Opens a file; undefined if it is not there or cannot be used, and then the reason is among the problems. */
function openFile(part: ConfigPart, path: string, problems: string[]): OpenFile | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return { part, path, document: parseJsonDocument(readFileSync(path, "utf8")), problems };
  } catch (thrown) {
    const line = thrown instanceof JsonFault ? `:${thrown.line}` : "";
    problems.push(`${path}${line}: the file cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}.`);
    return undefined;
  }
}

function readModels(file: OpenFile, sections: unknown, models: Map<string, readonly Candidate[]>): void {
  for (const [name, section] of Object.entries(objectAt(file, sections, ["models"]) ?? {})) {
    const id = name.toLowerCase();
    const path = ["models", name];
    if (models.has(id)) file.problems.push(`${placeOf(file, path)}: the model ${JSON.stringify(name)} has two sections; make them one.`);
    models.set(id, readSection(file, objectAt(file, section, path) ?? {}, path));
  }
}

/** The keys of an object of the file, known ones as candidates, others as problems. */
function readSection(file: OpenFile, section: Readonly<Record<string, unknown>>, path: readonly string[]): Candidate[] {
  const candidates: Candidate[] = [];
  for (const [name, value] of Object.entries(section)) {
    // Editors look for the schema under the first; the second has sections of its own.
    if (path.length === 0 && (name === "$schema" || (name === "models" && file.part === "inference"))) continue;
    const place = placeOf(file, [...path, name]);
    const key = KEYS.find((known) => known.name === name);
    if (key !== undefined && key.part === file.part && key.secret !== true) {
      candidates.push({ key, value, source: { kind: "file", name: file.path }, place });
    } else {
      file.problems.push(`${place}: ${strangerProblem(file.part, name, key)}`);
    }
  }
  return candidates;
}

/** Why a key may not stand in a file of this part. */
function strangerProblem(part: ConfigPart, name: string, key: Key | undefined): string {
  if (name === "models" && part === "server") return `models does not belong here but in ${CONFIG_FILES.inference}.`;
  if (key === undefined) {
    const known = KEYS.filter((entry) => entry.part === part && entry.secret !== true).map((entry) => entry.name);
    return `unknown key ${JSON.stringify(name)}.${didYouMean(name, known)}`;
  }
  if (key.secret === true) return `${name} may not stand in a file; set the variable ${key.aliases?.[0]?.name ?? key.variable}.`;
  return `${name} does not belong here but in ${CONFIG_FILES[key.part]}.`;
}

function objectAt(file: OpenFile, value: unknown, path: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  const what = path.length === 0 ? "the file" : path.join(".");
  file.problems.push(`${placeOf(file, path)}: ${what} must be an object in braces: { … }.`);
  return undefined;
}

function placeOf(file: OpenFile, path: readonly string[]): string {
  return `${file.path}:${file.document.lineOf(path)}`;
}
