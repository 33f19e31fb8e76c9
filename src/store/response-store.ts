/** Responses in a SQLite file. They survive a restart; a file that cannot be used is never a reason not to answer. */
import type { ResponseStore } from "../core/stored-response.ts";
import { RESPONSE_TABLES, type ResponseBounds, ResponseTables, TABLES_VERSION, textsOf } from "./response-tables.ts";
import { SqliteFile, type SqliteFileOptions } from "./sqlite-file.ts";

/** Where and how much. */
export interface ResponseStoreOptions extends ResponseBounds, Pick<SqliteFileOptions<unknown>, "path" | "warn"> {
  /** The clock, ms since the epoch; tests pass their own. */
  readonly nowMs?: () => number;
}

/** Builds the store. Nothing is opened yet. */
export function createResponseStore(options: ResponseStoreOptions): ResponseStore {
  const { path, warn, nowMs = Date.now } = options;
  const keeps = options.responsesMax > 0;
  const file = new SqliteFile({
    path,
    what: "responses",
    version: TABLES_VERSION,
    tables: RESPONSE_TABLES,
    open: (database) => new ResponseTables(database),
    inMemory: true,
    warn,
  });
  const attempt = <T>(work: (tables: ResponseTables) => T, otherwise: T): T => (keeps ? file.attempt(work, otherwise) : otherwise);
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
    close: () => file.close(),
  };
}
