/**
 * The files of the prompt cache: one for each sequence that was kept, in a folder for each model, with an index in SQLite. Files are
 * written and read by the runtime library; nothing in them is trusted, and one that is not as it was written is deleted.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CacheOutcome, CacheSpace, PromptCache, PromptCacheStatus, Refused } from "../core/prompt-cache.ts";
import { type IndexedFile, PROMPT_CACHE_TABLES, PromptCacheTables, TABLES_VERSION } from "./prompt-cache-tables.ts";
import { SqliteFile, type SqliteFileOptions } from "./sqlite-file.ts";

/** Where and how much. */
export interface PromptCacheOptions extends Pick<SqliteFileOptions<unknown>, "warn"> {
  /** Folder of the files and of their index; made when it is first needed. */
  readonly folder: string;
  /** Of all files together. */
  readonly bytesMax: number;
  /** How long one that nobody uses is kept. */
  readonly ageMaxMs: number;
  /** How much may be written on a day: flash memory wears. */
  readonly bytesWrittenPerDayMax: number;
  /** The clock, ms since the epoch; tests pass their own. */
  readonly nowMs?: () => number;
  /** What the disk of a folder has free, bytes; tests pass their own. */
  readonly freeBytes?: (folder: string) => number;
}

const FILE_ENDING = ".kv";

/** Room to leave on the disk for everything else. */
const DISK_RESERVE_BYTES = 64 * 1024 * 1024;

/** A younger file may be one that another server is writing just now. */
const LEFT_BEHIND_MS = 600_000;

/** Opens the cache. Where there was one before, what is too old or too much by now goes at once. */
export function createPromptCache(options: PromptCacheOptions): PromptCache {
  const { folder, bytesMax, ageMaxMs, warn, nowMs = Date.now, freeBytes = freeBytesOf } = options;
  const index = join(folder, "index.sqlite");
  const file = new SqliteFile({
    path: index,
    what: "prompt cache entries",
    version: TABLES_VERSION,
    tables: PROMPT_CACHE_TABLES,
    open: (database) => new PromptCacheTables(database),
    // An index that forgets would take every file there is for one that was left behind.
    inMemory: false,
    warn,
  });
  const counts = { hits: 0, misses: 0, passed: 0, tokensSaved: 0, msSaved: 0 };
  /** Files that are to be written, by path: their folders stay although nothing is in them yet. */
  const awaited = new Set<string>();
  let swept = false;
  let full = false;

  const attempt = <R>(work: (tables: PromptCacheTables) => R, otherwise: R): R => {
    if (bytesMax === 0) return otherwise;
    return file.attempt((tables) => {
      const isFirst = !swept;
      swept = true;
      if (isFirst) sweep(folder, tables);
      // Whoever asks meets nothing that is too old.
      removeAll(tables, tables.unusedSince(nowMs() - ageMaxMs));
      // The limit may have been higher when they were written.
      if (isFirst) removeAll(tables, tables.beyond(bytesMax));
      return work(tables);
    }, otherwise);
  };
  const remove = (tables: PromptCacheTables, path: string): void => {
    tables.delete(path);
    rmSync(path, { force: true });
    const place = dirname(path);
    if (![...awaited].some((other) => dirname(other) === place)) removeEmpty(place);
  };
  const removeAll = (tables: PromptCacheTables, paths: readonly string[]): void => {
    for (const path of paths) remove(tables, path);
  };
  /** The part of a limit that a file may take, because those that may have to go for it do not have it. */
  const shareOf = (limit: number, pinned: boolean, tables: PromptCacheTables): number =>
    pinned ? limit : limit - tables.sizes().pinnedBytes;

  if (existsSync(index)) attempt(() => {}, undefined);
  return {
    bytesMax,
    find: (space, prefixes) => {
      if (prefixes.length === 0) return null;
      return attempt((tables) => {
        for (;;) {
          const found = tables.find(space, prefixes);
          if (found === null || isAsWritten(found)) return found;
          remove(tables, found.path);
        }
      }, null);
    },
    reserve: (space, bytes, pinned) => {
      if (bytes > bytesMax) return { refused: "too_large" };
      const reserved = attempt<{ readonly path: string } | Refused>(
        (tables) => {
          if (bytes > shareOf(bytesMax, pinned, tables)) return { refused: "too_large" };
          if (tables.writtenToday(nowMs()) + bytes > options.bytesWrittenPerDayMax) return { refused: "daily_budget" };
          // A library that comes to the end of the disk may leave half a file and say nothing.
          const free = freeBytes(folder);
          const diskMax = tables.sizes().bytes + free - DISK_RESERVE_BYTES;
          const wasFull = full;
          full = bytes > shareOf(diskMax, pinned, tables);
          if (full && !wasFull) warn("no prompts are kept: the disk is nearly full", { folder, freeBytes: free });
          if (full) return { refused: "disk_full" };
          removeAll(tables, tables.beyond(Math.min(bytesMax, diskMax) - bytes));
          const place = join(folder, folderOf(space));
          mkdirSync(place, { recursive: true, mode: 0o700 });
          return { path: join(place, `${crypto.randomUUID()}${FILE_ENDING}`) };
        },
        { refused: "unusable" },
      );
      if ("path" in reserved) awaited.add(reserved.path);
      return reserved;
    },
    add: (space, { path, sequence, pinned }) => {
      awaited.delete(path);
      return attempt((tables) => {
        const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
        if (stat === undefined) return null;
        const bytes = Number(stat.size);
        tables.noteWritten(bytes, nowMs());
        // Its size was an estimate. One that has no room takes nobody else's.
        const isKept = bytes <= shareOf(bytesMax, pinned, tables);
        if (isKept) {
          const replaced = tables.add({ space, path, sequence, pinned, bytes, modified_ns: String(stat.mtimeNs) }, nowMs());
          for (const old of replaced) rmSync(old, { force: true });
          removeAll(tables, tables.beyond(bytesMax));
        } else remove(tables, path);
        return { bytes, isKept };
      }, null);
    },
    pin: (path) => attempt((tables) => tables.pin(path, nowMs()), undefined),
    drop: (path) => {
      awaited.delete(path);
      attempt((tables) => remove(tables, path), undefined);
    },
    note: (outcome) => {
      tally(counts, outcome);
      if (outcome.kind === "hit") attempt((tables) => tables.touch(outcome.path, nowMs()), undefined);
    },
    ratesOf: (model, edition) => attempt((tables) => tables.ratesOf(model, edition), null),
    keepRates: (model, edition, rates) => attempt((tables) => tables.keepRates(model, edition, rates), undefined),
    sequencesOf: (model, edition, tokensMax) => attempt((tables) => tables.sequencesOf(model, edition, tokensMax), []),
    retire: (model, edition) => attempt((tables) => removeAll(tables, tables.otherEditions(model, edition)), undefined),
    status: (): PromptCacheStatus => {
      const all = attempt((tables) => tables.list(), []);
      return {
        entries: all.map(({ model, tokens, bytes, pinned, createdMs, usedMs, hits }) => ({
          model,
          tokens,
          bytes,
          pinned,
          createdMs,
          usedMs,
          hits,
        })),
        bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
        bytesMax,
        ...counts,
        bytesWrittenToday: attempt((tables) => tables.writtenToday(nowMs()), 0),
      };
    },
    clear: (model) =>
      attempt((tables) => {
        const going = tables.list().filter((entry) => model === undefined || entry.model === model);
        removeAll(
          tables,
          going.map(({ path }) => path),
        );
        return going.length;
      }, 0),
    close: () => file.close(),
  };
}

function tally(
  counts: { hits: number; misses: number; passed: number; tokensSaved: number; msSaved: number },
  outcome: CacheOutcome,
): void {
  if (outcome.kind === "miss") counts.misses++;
  if (outcome.kind === "passed") counts.passed++;
  if (outcome.kind !== "hit") return;
  counts.hits++;
  counts.tokensSaved += outcome.tokens;
  counts.msSaved += outcome.msSaved;
}

/** A folder with something in it stays. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It holds other files, or is gone.
  }
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** A model's id may hold what is no file name. */
function folderOf({ model, key }: CacheSpace): string {
  return `${model.replace(/[^a-z0-9._-]+/gi, "-").replace(/^[.-]+/, "")}-${key.slice(0, 8)}`;
}

function isAsWritten({ path, bytes, modified_ns }: IndexedFile): boolean {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat !== undefined && Number(stat.size) === bytes && String(stat.mtimeNs) === modified_ns;
}

/** What the index does not know was left by a server that was ended while it wrote; what is gone was deleted by somebody. */
function sweep(folder: string, tables: PromptCacheTables): void {
  const known = new Set<string>();
  for (const entry of tables.list()) {
    if (isAsWritten(entry)) known.add(entry.path);
    else tables.delete(entry.path);
  }
  for (const each of readdirSync(folder, { withFileTypes: true })) {
    if (!each.isDirectory()) continue;
    const place = join(folder, each.name);
    for (const name of readdirSync(place)) {
      const path = join(place, name);
      const modifiedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (name.endsWith(FILE_ENDING) && !known.has(path) && Date.now() - modifiedMs > LEFT_BEHIND_MS) rmSync(path, { force: true });
    }
    removeEmpty(place);
  }
}
