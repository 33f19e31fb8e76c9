/** Responses in a SQLite file. They survive a restart; a file that cannot be used is never a reason not to answer. */
import { Database } from "bun:sqlite";
import { closeSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { ResponseStore } from "../core/stored-response.ts";
import { createTables, ResponseTables, TABLES_VERSION, textsOf } from "./response-tables.ts";
import type { ResponseBounds } from "./response-tables.ts";

/** Where and how much. */
export interface ResponseStoreOptions extends ResponseBounds {
  /** The file; it and its folder are made when they are first needed. `:memory:` keeps all until the end of the process. */
  readonly path: string;
  /** The clock, ms since the epoch; tests pass their own. */
  readonly nowMs?: () => number;
  /** Told once for each thing that went wrong; never gets what is stored. */
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void;
}

const IN_MEMORY = ":memory:";

/**
 * WAL with synchronous NORMAL: a response costs one append and no flush, and pages reach their place some megabytes later, together. That
 * spares flash memory most. A power cut loses the last responses, never the file. Deleted text is overwritten where that costs no
 * extra page.
 */
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA journal_size_limit = 4194304;
  PRAGMA secure_delete = FAST;
  PRAGMA foreign_keys = ON;
  PRAGMA busy_timeout = 200;
`;

/** A file that SQLite can open and that is not ours, or not any more. */
class UnusableFile extends Error {}

function isDamage(thrown: unknown): boolean {
  if (thrown instanceof UnusableFile || thrown instanceof SyntaxError) return true;
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  return code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB";
}

function openDatabase(path: string): Database {
  if (path !== IN_MEMORY) {
    mkdirSync(dirname(path), { recursive: true });
    // Conversations are their owner's alone; SQLite gives its side files the same mode.
    closeSync(openSync(path, "a", 0o600));
  }
  const database = new Database(path, { strict: true });
  try {
    database.run(PRAGMAS);
    const version = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version;
    if (version === 0) createTables(database);
    else if (version !== TABLES_VERSION) throw new UnusableFile(`its version is ${version ?? "unknown"}, not ${TABLES_VERSION}`);
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
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
  return aside;
}

/** Builds the store. Nothing is opened yet. */
export function createResponseStore(options: ResponseStoreOptions): ResponseStore {
  const { path, warn, nowMs = Date.now } = options;
  const keeps = options.responsesMax > 0;
  let open: { readonly database: Database; readonly tables: ResponseTables } | null = null;
  let closed = false;

  const close = (): void => {
    open?.database.close();
    open = null;
  };
  const openAt = (place: string): ResponseTables => {
    const database = openDatabase(place);
    open = { database, tables: new ResponseTables(database) };
    return open.tables;
  };
  const tables = (): ResponseTables => {
    if (open !== null) return open.tables;
    try {
      return openAt(path);
    } catch (thrown) {
      if (isDamage(thrown)) throw thrown;
      warn("responses are kept in memory only: their file cannot be opened", { path, reason: String(thrown) });
      return openAt(IN_MEMORY);
    }
  };
  const attempt = <T>(work: (tables: ResponseTables) => T, otherwise: T): T => {
    if (closed || !keeps) return otherwise;
    try {
      try {
        return work(tables());
      } catch (thrown) {
        if (!isDamage(thrown) || path === IN_MEMORY) throw thrown;
        close();
        warn("the file of responses cannot be read and was set aside", { path: setAside(path), reason: String(thrown) });
        return work(tables());
      }
    } catch (thrown) {
      warn("responses could not be read or written", { path, reason: String(thrown) });
      return otherwise;
    }
  };
  const sinceMs = (): number => nowMs() - options.ageMaxMs;

  return {
    keeps,
    save: (response) => {
      const texts = textsOf(response);
      if (texts.bytes > options.bytesMax) {
        warn("a response is too large to be kept", { id: response.id, bytes: texts.bytes, bytesMax: options.bytesMax });
        return;
      }
      attempt((all) => all.save(texts, nowMs(), options), undefined);
    },
    find: (id, owner) => attempt((all) => all.find(id, owner, sinceMs()), null),
    remove: (id, owner) => attempt((all) => all.remove(id, owner), false),
    findItem: (id, owner) => attempt((all) => all.findItem(id, owner, sinceMs()), null),
    conversation: (id, owner, itemsMax) => attempt((all) => all.conversation(id, owner, sinceMs(), itemsMax), null),
    close: () => {
      closed = true;
      close();
    },
  };
}
