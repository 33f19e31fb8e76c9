/** The tables of the prompt cache's index and their statements. Everything here throws what SQLite throws. */
import type { Database, Statement } from "bun:sqlite";
import {
  type CacheSpace,
  type MeasuredRates,
  PREFIX_STEP_TOKENS,
  type PromptCacheEntry,
  type WrittenSequence,
} from "../core/prompt-cache.ts";

/** Kept in the file; one of another version is not read. */
export const TABLES_VERSION = 1;

/** SQL that makes the tables. `modified_ns` and `bytes` are the file's own: another file under its name is not the one that was written. */
export const PROMPT_CACHE_TABLES = `
  CREATE TABLE entries (
    number INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    space TEXT NOT NULL,
    model TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    modified_ns TEXT NOT NULL,
    pinned INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    hits INTEGER NOT NULL
  );
  CREATE TABLE prefixes (
    space TEXT NOT NULL,
    hash TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES entries (number) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    PRIMARY KEY (space, hash, entry)
  ) WITHOUT ROWID;
  CREATE INDEX prefixes_by_entry ON prefixes (entry);
  CREATE TABLE writes (day TEXT PRIMARY KEY, bytes INTEGER NOT NULL);
`;

/** Made where they are missing: an index may be older than these tables, and is as good without. Rates have one line for each model. */
const LATER_TABLES = `
  CREATE TABLE IF NOT EXISTS spellings (
    entry INTEGER PRIMARY KEY REFERENCES entries (number) ON DELETE CASCADE,
    ids TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS rates (
    model TEXT PRIMARY KEY,
    edition TEXT NOT NULL,
    prefillMsPerToken REAL,
    readMsPerByte REAL,
    writeMsPerByte REAL,
    bytesPerToken REAL
  )`;

/** One file as the index knows it. */
export interface IndexedFile {
  readonly path: string;
  readonly bytes: number;
  readonly modified_ns: string;
}

/** A file on its way into the index. */
export interface FileToIndex extends IndexedFile {
  readonly space: CacheSpace;
  readonly sequence: WrittenSequence;
  readonly pinned: boolean;
}

/** What all files take together, and the pinned ones of them. */
export interface KeptBytes {
  readonly bytes: number;
  readonly pinnedBytes: number;
}

interface EntryRow extends IndexedFile {
  readonly model: string;
  readonly tokens: number;
  readonly pinned: number;
  readonly created_ms: number;
  readonly used_ms: number;
  readonly hits: number;
}

/** Reads and writes. */
export class PromptCacheTables {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #insertPrefixes: Statement;
  readonly #insertIds: Statement;
  readonly #longest: Statement<IndexedFile & { step: number }, [string, string]>;
  readonly #alike: Statement<{ path: string; pinned: number }, [string, string, number]>;
  readonly #touch: Statement;
  readonly #pin: Statement;
  readonly #delete: Statement;
  readonly #beyond: Statement<{ path: string }, [number]>;
  readonly #unusedSince: Statement<{ path: string }, [number]>;
  readonly #sizes: Statement<KeptBytes, []>;
  readonly #sequences: Statement<{ ids: string }, [string, string, number]>;
  readonly #otherEditions: Statement<{ path: string }, [string, string]>;
  readonly #list: Statement<EntryRow, []>;
  readonly #written: Statement<{ bytes: number }, [string]>;
  readonly #addWritten: Statement;
  readonly #rates: Statement<MeasuredRates, [string, string]>;
  readonly #keepRates: Statement;

  constructor(database: Database) {
    this.#database = database;
    database.run(LATER_TABLES);
    this.#insert = database.query(`
      INSERT INTO entries (path, space, model, tokens, bytes, modified_ns, pinned, created_ms, used_ms, uses, hits)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, (SELECT coalesce(max(uses), 0) + 1 FROM entries), 0)`);
    this.#insertPrefixes = database.query("INSERT INTO prefixes (space, hash, entry, step) SELECT ?, value, ?, key FROM json_each(?)");
    this.#insertIds = database.query("INSERT INTO spellings VALUES (?, ?)");
    // A hash stands for all tokens up to its own: the longest match of one is the longest common beginning.
    this.#longest = database.query(`
      SELECT path, bytes, modified_ns, max(step) AS step FROM prefixes JOIN entries ON number = entry
      WHERE prefixes.space = ? AND hash IN (SELECT value FROM json_each(?))
      GROUP BY entry ORDER BY step DESC, bytes LIMIT 1`);
    this.#alike = database.query(`
      SELECT path, pinned FROM entries JOIN prefixes ON entry = number
      WHERE prefixes.space = ?1 AND hash = ?2 AND tokens / ${PREFIX_STEP_TOKENS} = ?3`);
    // What is used gets no older by it, though the clock of a board starts in the past.
    this.#pin = database.query(`
      UPDATE entries SET pinned = 1, used_ms = max(used_ms, ?2), uses = (SELECT max(uses) + 1 FROM entries) WHERE path = ?1`);
    this.#touch = database.query(`
      UPDATE entries SET used_ms = max(used_ms, ?2), hits = hits + 1, uses = (SELECT max(uses) + 1 FROM entries) WHERE path = ?1`);
    this.#delete = database.query("DELETE FROM entries WHERE path = ?");
    // By the order of uses, not by time: boards without a clock of their own start in the past.
    this.#beyond = database.query(`
      SELECT path FROM (SELECT path, sum(bytes) OVER (ORDER BY pinned DESC, uses DESC) AS total FROM entries) WHERE total > ?`);
    this.#unusedSince = database.query("SELECT path FROM entries WHERE used_ms < ?");
    this.#sizes = database.query(`
      SELECT coalesce(sum(bytes), 0) AS bytes, coalesce(sum(bytes) FILTER (WHERE pinned = 1), 0) AS pinnedBytes FROM entries`);
    this.#sequences = database.query(`
      SELECT ids FROM (
        SELECT ids, uses, sum(tokens) OVER (ORDER BY uses DESC) AS total FROM spellings JOIN entries ON number = entry
        WHERE model = ?1 AND substr(space, 1, length(?2)) = ?2
      ) WHERE total <= ?3 ORDER BY uses`);
    this.#otherEditions = database.query("SELECT path FROM entries WHERE model = ?1 AND substr(space, 1, length(?2)) <> ?2");
    this.#list = database.query("SELECT * FROM entries ORDER BY uses DESC");
    this.#written = database.query("SELECT bytes FROM writes WHERE day = ?");
    this.#addWritten = database.query("INSERT INTO writes VALUES (?1, ?2) ON CONFLICT (day) DO UPDATE SET bytes = bytes + ?2");
    this.#rates = database.query(`
      SELECT prefillMsPerToken, readMsPerByte, writeMsPerByte, bytesPerToken FROM rates WHERE model = ? AND edition = ?`);
    this.#keepRates = database.query("INSERT OR REPLACE INTO rates VALUES (?, ?, ?, ?, ?, ?)");
  }

  find({ key }: CacheSpace, prefixes: readonly string[]): (IndexedFile & { readonly tokens: number }) | null {
    const row = this.#longest.get(key, JSON.stringify(prefixes));
    return row === null ? null : { ...row, tokens: (row.step + 1) * PREFIX_STEP_TOKENS };
  }

  /**
   * @returns files that it takes the place of: those of the same steps. One that ends earlier stays, though this one begins with it: it is read
   * sooner, and is all that others with its beginning need. What was pinned stays pinned.
   */
  add({ space, path, sequence, bytes, modified_ns, pinned }: FileToIndex, nowMs: number): readonly string[] {
    const { prefixes, tokens, ids } = sequence;
    return this.#database.transaction(() => {
      const alike = this.#alike.all(space.key, prefixes.at(-1) ?? "", prefixes.length);
      for (const replaced of alike) this.delete(replaced.path);
      const stays = pinned || alike.some((replaced) => replaced.pinned === 1);
      const entry = this.#insert.run(path, space.key, space.model, tokens, bytes, modified_ns, stays ? 1 : 0, nowMs);
      this.#insertPrefixes.run(space.key, entry.lastInsertRowid, JSON.stringify(prefixes));
      this.#insertIds.run(entry.lastInsertRowid, ids);
      return alike.map((replaced) => replaced.path);
    })();
  }

  pin(path: string, nowMs: number): void {
    this.#pin.run(path, nowMs);
  }

  touch(path: string, nowMs: number): void {
    this.#touch.run(path, nowMs);
  }

  delete(path: string): boolean {
    return this.#delete.run(path).changes > 0;
  }

  /** The least used files, pinned ones last, without which the others take no more than `bytesMax`. */
  beyond(bytesMax: number): readonly string[] {
    return this.#beyond.all(bytesMax).map(({ path }) => path);
  }

  /** Files that nobody has used since then. */
  unusedSince(sinceMs: number): readonly string[] {
    return this.#unusedSince.all(sinceMs).map(({ path }) => path);
  }

  /** See PromptCache. */
  sequencesOf(model: string, edition: string, tokensMax: number): readonly string[] {
    return this.#sequences.all(model, edition, tokensMax).map(({ ids }) => ids);
  }

  /** A model's files whose keys begin otherwise. */
  otherEditions(model: string, edition: string): readonly string[] {
    return this.#otherEditions.all(model, edition).map(({ path }) => path);
  }

  sizes(): KeptBytes {
    return this.#sizes.get() ?? { bytes: 0, pinnedBytes: 0 };
  }

  list(): readonly (PromptCacheEntry & IndexedFile)[] {
    return this.#list.all().map((row) => ({
      ...row,
      pinned: row.pinned === 1,
      createdMs: row.created_ms,
      usedMs: row.used_ms,
    }));
  }

  ratesOf(model: string, edition: string): MeasuredRates | null {
    return this.#rates.get(model, edition);
  }

  keepRates(model: string, edition: string, rates: MeasuredRates): void {
    const { prefillMsPerToken, readMsPerByte, writeMsPerByte, bytesPerToken } = rates;
    this.#keepRates.run(model, edition, prefillMsPerToken, readMsPerByte, writeMsPerByte, bytesPerToken);
  }

  noteWritten(bytes: number, nowMs: number): void {
    this.#database.run("DELETE FROM writes WHERE day <> ?", [dayOf(nowMs)]);
    this.#addWritten.run(dayOf(nowMs), bytes);
  }

  writtenToday(nowMs: number): number {
    return this.#written.get(dayOf(nowMs))?.bytes ?? 0;
  }
}

function dayOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
