/**
 * What was found out about runtime libraries (`doctor --probe`), kept from one start to the next in one file of the cache folder. Nothing
 * depends on it: where it is missing, damaged or cannot be written, libraries are as unknown as before.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PromptCacheFindings, RuntimeFindings } from "../core/runtime-findings.ts";

const FILE_NAME = "runtime-findings.json";
/** A file of another version is not read. */
const FILE_VERSION = 1;
/** The oldest go first. */
const ENTRIES_MAX = 100;

/** A library and a model, however they are called and wherever they lie. */
export interface FindingsKey {
  /** Version and content of the library. */
  readonly library: string;
  readonly model: ModelIdentity;
}

/** A model's file: the same digest, or the same size and time, is the same model. */
export interface ModelIdentity {
  readonly bytes: number;
  /** ms since the epoch */
  readonly modifiedMs: number;
  readonly digest?: string;
}

interface Entry extends FindingsKey {
  readonly findings: RuntimeFindings;
  /** When they were found, ISO 8601. */
  readonly at: string;
}

/** The file of one cache folder. */
export class FindingsFile {
  readonly path: string;
  private read: { readonly edition: string; readonly entries: readonly Entry[] } = { edition: "", entries: [] };

  constructor(cacheDir: string) {
    this.path = join(cacheDir, FILE_NAME);
  }

  /** What is known; nothing where nothing is. Follows the file when another process writes it. Never throws. */
  findingsOf(key: FindingsKey): RuntimeFindings {
    return this.entries().find((entry) => isSame(entry, key))?.findings ?? {};
  }

  /** Keeps findings in place of earlier ones. Returns null, or why they could not be written. Never throws. */
  keep(key: FindingsKey, findings: RuntimeFindings, at: Date): string | null {
    const others = this.entries().filter((entry) => !isSame(entry, key));
    const entries: readonly Entry[] = [...others, { ...key, findings, at: at.toISOString() }].slice(-ENTRIES_MAX);
    // A process that reads it meanwhile sees the old one or the new one.
    const draft = `${this.path}.${process.pid}`;
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      writeFileSync(draft, `${JSON.stringify({ version: FILE_VERSION, entries }, null, 2)}\n`);
      renameSync(draft, this.path);
      return null;
    } catch (thrown) {
      discard(draft);
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
  }

  private entries(): readonly Entry[] {
    const edition = editionOf(this.path);
    if (edition !== this.read.edition) this.read = { edition, entries: readEntries(this.path) };
    return this.read.entries;
  }
}

/** What could not be written may not be there to be removed. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It is nobody's, and small.
  }
}

function editionOf(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? "" : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
  } catch {
    return "";
  }
}

function readEntries(path: string): readonly Entry[] {
  try {
    const file = JSON.parse(readFileSync(path, "utf8")) as { readonly version?: unknown; readonly entries?: unknown };
    if (file.version !== FILE_VERSION || !Array.isArray(file.entries)) return [];
    return file.entries.flatMap((entry: unknown) => checkedEntry(entry) ?? []);
  } catch {
    return [];
  }
}

function isSame(entry: FindingsKey, key: FindingsKey): boolean {
  if (entry.library !== key.library) return false;
  const [left, right] = [entry.model, key.model];
  if (left.digest !== undefined && left.digest === right.digest) return true;
  return left.bytes === right.bytes && left.modifiedMs === right.modifiedMs;
}

/** People may have been in the file: what is not of its kind is unknown, and the rest is still good. */
function checkedEntry(value: unknown): Entry | null {
  const { library, model, findings, at } = asRecord(value);
  const { bytes, modifiedMs, digest } = asRecord(model);
  if (typeof library !== "string" || typeof bytes !== "number" || typeof modifiedMs !== "number") return null;
  return {
    library,
    model: { bytes, modifiedMs, ...(typeof digest === "string" ? { digest } : {}) },
    findings: checkedFindings(asRecord(findings)),
    at: typeof at === "string" ? at : "",
  };
}

const BOUNDS: Readonly<Partial<Record<keyof RuntimeFindings, readonly [min: number, max: number]>>> = {
  contextReserveTokens: [0, 1 << 20],
  contextStepTokens: [1, 1 << 20],
  openMs: [0, 1e9],
  batchMax: [1, 64],
};
const SWITCHES = [
  "vectorsNeedEmptyCache",
  "abortStopsPrefill",
  "idleAbortEndsNextRun",
  "readsPromptsWhole",
  "batchTakesNoInput",
] as const satisfies readonly (keyof RuntimeFindings)[];

function checkedFindings(given: Readonly<Record<string, unknown>>): RuntimeFindings {
  const numbers = Object.entries(BOUNDS).filter(([name, [min, max]]) => {
    const value = given[name];
    return typeof value === "number" && value >= min && value <= max && (name === "openMs" || Number.isInteger(value));
  });
  const names = [...numbers.map(([name]) => name), ...SWITCHES.filter((name) => typeof given[name] === "boolean")];
  const promptCache = checkedCache(asRecord(given["promptCache"]));
  return { ...Object.fromEntries(names.map((name) => [name, given[name]])), ...(promptCache === null ? {} : { promptCache }) };
}

function checkedCache({ works, loadAfterAbort, bytesPerToken }: Readonly<Record<string, unknown>>): PromptCacheFindings | null {
  if (typeof works !== "boolean" || typeof loadAfterAbort !== "boolean") return null;
  return { works, loadAfterAbort, ...(typeof bytesPerToken === "number" && bytesPerToken >= 0 ? { bytesPerToken } : {}) };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
