import type { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { SqliteFile } from "../../../src/store/sqlite-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test("a file that cannot be written any more is read, and that is told once, not with each request", () => {
  const warnings: string[] = [];
  const file = new SqliteFile<Database>({
    path: join(temporaryFolder(), "words.sqlite"),
    what: "words",
    version: 1,
    tables: "CREATE TABLE words (word TEXT);",
    open: (database) => database,
    inMemory: false,
    warn: (message, { reason }) => void warnings.push(`${message}: ${String(reason)}`),
  });
  const write = () => file.attempt((database) => database.run("INSERT INTO words VALUES ('sea')").changes, -1);
  const count = () => file.attempt((database) => database.query<{ n: number }, []>("SELECT count(*) AS n FROM words").get()?.n, -1);
  expect(write()).toBe(1);
  // As on a file system that was made read-only meanwhile.
  file.attempt((database) => void database.run("PRAGMA query_only = ON"), undefined);
  expect([write(), count(), write(), write()]).toEqual([-1, 1, -1, -1]);
  expect(warnings).toEqual(["words could not be read or written: SQLiteError: attempt to write a readonly database"]);
  file.close();
});
