/** A SQLite file that survives a restart, and that is never a reason for a request to fail. */
import { Database } from "bun:sqlite";
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** What a file is for. */
export interface SqliteFileOptions<T> {
  /** The file; it and its folder are made when they are first needed. `:memory:` keeps all until the end of the process. */
  readonly path: string;
  /** What it holds, in the plural, for warnings. */
  readonly what: string;
  /** Kept in the file; one of another version is not read. At least 1. */
  readonly version: number;
  /** SQL that makes the tables of an empty file. */
  readonly tables: string;
  /** Makes what reads and writes them; it may throw what SQLite throws. */
  readonly open: (database: Database) => T;
  /** Where the file cannot be opened: whether all is kept in memory instead, until the end of the process, or nothing at all. */
  readonly inMemory: boolean;
  /** Told once for each thing that went wrong, and again where that still happens an hour later; never gets what is stored. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void;
}

const IN_MEMORY = ":memory:";

/** A fault that stays is met with each request. */
const TELL_AGAIN_MS = 3_600_000;

/**
 * WAL with synchronous NORMAL: a change costs one append and no flush, and pages reach their place some megabytes later, together. That
 * spares flash memory most. A power cut loses the last changes, never the file. What is deleted is overwritten: people have said it.
 */
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA journal_size_limit = 4194304;
  PRAGMA secure_delete = ON;
  PRAGMA foreign_keys = ON;
  PRAGMA busy_timeout = 200;
`;

/** A file that SQLite can open and that is not ours, or not any more. */
class UnusableFile extends Error {}

interface OpenFile<T> {
  readonly database: Database;
  readonly tables: T;
  readonly place: string;
  readonly identity: string;
}

/** A file of tables, opened when it is first needed, and again where somebody deleted it or put another in its place. */
export class SqliteFile<T> {
  private readonly options: SqliteFileOptions<T>;
  private open: OpenFile<T> | null = null;
  private closed = false;
  /** When each fault was told last, ms of a clock that is never set. */
  private readonly told = new Map<string, number>();

  constructor(options: SqliteFileOptions<T>) {
    this.options = options;
  }

  /** Reads or writes. A damaged file is set aside and a new one begun; what cannot be done otherwise is warned of, and `otherwise` returned. */
  attempt<R>(work: (tables: T) => R, otherwise: R): R {
    const { path, what, warn } = this.options;
    if (this.closed) return otherwise;
    try {
      try {
        return this.on(work, otherwise);
      } catch (thrown) {
        if (!isDamage(thrown) || path === IN_MEMORY) throw thrown;
        this.shut();
        warn(`the file of ${what} cannot be read and was set aside`, { path: setAside(path), reason: String(thrown) });
        return this.on(work, otherwise);
      }
    } catch (thrown) {
      const reason = String(thrown);
      const nowMs = performance.now();
      if (nowMs - (this.told.get(reason) ?? -Infinity) < TELL_AGAIN_MS) return otherwise;
      this.told.set(reason, nowMs);
      warn(`${what} could not be read or written`, { path, reason });
      return otherwise;
    }
  }

  /** Afterwards every attempt returns its `otherwise`. */
  close(): void {
    this.closed = true;
    this.shut();
  }

  private on<R>(work: (tables: T) => R, otherwise: R): R {
    const tables = this.tables();
    return tables === null ? otherwise : work(tables);
  }

  /** null: its file cannot be opened, and nothing stands in for it. */
  private tables(): T | null {
    const { path, what, inMemory, warn } = this.options;
    if (this.open !== null) {
      // SQLite would go on in a file that has no name any more, and all would be gone with the process.
      if (this.open.identity === identityOf(this.open.place)) return this.open.tables;
      warn(`the file of ${what} is gone, and a new one is begun`, { path });
      this.shut();
      removeSideFiles(path);
    }
    try {
      return this.openAt(path);
    } catch (thrown) {
      if (isDamage(thrown)) throw thrown;
      if (!inMemory) {
        this.closed = true;
        warn(`no ${what} are kept: their file cannot be opened`, { path, reason: String(thrown) });
        return null;
      }
      warn(`${what} are kept in memory only: their file cannot be opened`, { path, reason: String(thrown) });
      return this.openAt(IN_MEMORY);
    }
  }

  private openAt(place: string): T {
    const database = openDatabase(place, this.options);
    this.open = { database, tables: this.options.open(database), place, identity: identityOf(place) };
    return this.open.tables;
  }

  private shut(): void {
    this.open?.database.close();
    this.open = null;
  }
}

/** Changes when another file is at the path, or none. */
function identityOf(place: string): string {
  if (place === IN_MEMORY) return "";
  try {
    const stats = statSync(place, { throwIfNoEntry: false });
    return stats === undefined ? "none" : `${stats.dev} ${stats.ino}`;
  } catch (thrown) {
    return String(thrown);
  }
}

function isDamage(thrown: unknown): boolean {
  if (thrown instanceof UnusableFile || thrown instanceof SyntaxError) return true;
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  return code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
}

function openDatabase(path: string, { version, tables }: Pick<SqliteFileOptions<unknown>, "version" | "tables">): Database {
  if (path !== IN_MEMORY) {
    mkdirSync(dirname(path), { recursive: true });
    // What people said is their owner's alone; SQLite gives its side files the same mode.
    closeSync(openSync(path, "a", 0o600));
  }
  const database = new Database(path, { strict: true });
  try {
    database.run(PRAGMAS);
    const found = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version;
    if (found === 0) database.transaction(() => database.run(`${tables} PRAGMA user_version = ${version};`))();
    else if (found !== version) throw new UnusableFile(`its version is ${found ?? "unknown"}, not ${version}`);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** One file that was set aside is kept; it takes the place of an older one. */
function setAside(path: string): string {
  const aside = `${path}.unusable`;
  renameSync(path, aside);
  removeSideFiles(path);
  return aside;
}

/** What is in them belongs to a file that is there no longer; SQLite would write it into the next one. */
function removeSideFiles(path: string): void {
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
}
