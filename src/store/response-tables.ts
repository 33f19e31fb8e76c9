/** The two tables of responses and their statements. Everything here throws what SQLite throws. */
import type { Database, Statement } from "bun:sqlite";
import type { StoredItem, StoredObject, StoredResponse } from "../core/stored-response.ts";

/** Kept in the file; one of another version is not read. */
export const TABLES_VERSION = 1;

/** SQL that makes the tables. `bytes` stands before the text, so that summing it up reads no text. */
export const RESPONSE_TABLES = `
  CREATE TABLE responses (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    previous_id TEXT,
    created_ms INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    object TEXT NOT NULL
  );
  CREATE INDEX responses_by_age ON responses (created_ms);
  CREATE TABLE items (
    response INTEGER NOT NULL REFERENCES responses (number) ON DELETE CASCADE,
    is_output INTEGER NOT NULL,
    position INTEGER NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (response, is_output, position)
  );
  CREATE INDEX items_by_id ON items (id);
`;

/** How much is kept. */
export interface ResponseBounds {
  readonly responsesMax: number;
  /** Of all responses and items, as JSON. */
  readonly bytesMax: number;
  readonly ageMaxMs: number;
}

interface ResponseRow {
  readonly number: number;
  readonly previous_id: string | null;
}

/** A response on its way into the tables. */
export interface ResponseTexts {
  readonly response: StoredResponse;
  readonly object: string;
  readonly items: readonly { readonly isOutput: boolean; readonly id: string; readonly json: string }[];
  readonly bytes: number;
}

/** A response as the texts that are kept, with their size. */
export function textsOf(response: StoredResponse): ResponseTexts {
  const object = JSON.stringify(response.object);
  const itemText = (isOutput: boolean) => (item: StoredItem) => ({ isOutput, id: item.id, json: JSON.stringify(item) });
  const items = [...response.input.map(itemText(false)), ...response.output.map(itemText(true))];
  const bytes = [object, ...items.map(({ json }) => json)].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { response, object, items, bytes };
}

/** Reads and writes. Responses from before `sinceMs` count as gone. */
export class ResponseTables {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #insertItem: Statement;
  readonly #deleteOlder: Statement;
  readonly #deleteBeyond: Statement;
  readonly #row: Statement<ResponseRow & { object: string }, [string, string, number]>;
  readonly #link: Statement<ResponseRow, [string, string, number]>;
  readonly #items: Statement<{ is_output: number; json: string }, [number]>;
  readonly #item: Statement<{ json: string }, [string, string, number]>;
  readonly #delete: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.query("INSERT INTO responses (id, owner, previous_id, created_ms, bytes, object) VALUES (?, ?, ?, ?, ?, ?)");
    this.#insertItem = database.query("INSERT INTO items (response, is_output, position, id, json) VALUES (?, ?, ?, ?, ?)");
    this.#deleteOlder = database.query("DELETE FROM responses WHERE created_ms < ?");
    // By number, not by time: boards without a clock of their own start in the past.
    this.#deleteBeyond = database.query(`
      DELETE FROM responses WHERE number IN (
        SELECT number FROM (SELECT number, row_number() OVER newest AS place, sum(bytes) OVER newest AS total
          FROM responses WINDOW newest AS (ORDER BY number DESC))
        WHERE place > ? OR total > ?)`);
    const kept = "FROM responses WHERE id = ? AND owner = ? AND created_ms >= ?";
    this.#row = database.query(`SELECT number, previous_id, object ${kept}`);
    this.#link = database.query(`SELECT number, previous_id ${kept}`);
    this.#items = database.query("SELECT is_output, json FROM items WHERE response = ? ORDER BY is_output, position");
    this.#item = database.query(`
      SELECT json FROM items JOIN responses ON number = response WHERE items.id = ? AND owner = ? AND created_ms >= ?
      ORDER BY is_output DESC, number DESC LIMIT 1`);
    this.#delete = database.query("DELETE FROM responses WHERE id = ? AND owner = ?");
  }

  /** Adds a response and lets go of what is then too much. */
  save({ response, object, items, bytes }: ResponseTexts, nowMs: number, bounds: ResponseBounds): void {
    this.#database.transaction(() => {
      const { lastInsertRowid } = this.#insert.run(response.id, response.owner, response.previousId, nowMs, bytes, object);
      for (const [position, { isOutput, id, json }] of items.entries()) {
        this.#insertItem.run(lastInsertRowid, isOutput ? 1 : 0, position, id, json);
      }
      this.#deleteOlder.run(nowMs - bounds.ageMaxMs);
      this.#deleteBeyond.run(bounds.responsesMax, bounds.bytesMax);
    })();
  }

  find(id: string, owner: string, sinceMs: number): StoredResponse | null {
    const row = this.#row.get(id, owner, sinceMs);
    if (row === null) return null;
    const items = this.#items.all(row.number);
    const side = (isOutput: number): StoredItem[] =>
      items.filter((item) => item.is_output === isOutput).map(({ json }) => JSON.parse(json) as StoredItem);
    return {
      id,
      owner,
      previousId: row.previous_id,
      object: JSON.parse(row.object) as StoredObject,
      input: side(0),
      output: side(1),
    };
  }

  findItem(id: string, owner: string, sinceMs: number): StoredItem | null {
    const row = this.#item.get(id, owner, sinceMs);
    return row === null ? null : (JSON.parse(row.json) as StoredItem);
  }

  /** See ResponseStore.conversation. */
  conversation(id: string, owner: string, sinceMs: number, itemsMax: number): StoredItem[] | null {
    const numbers: number[] = [];
    for (let next: string | null = id; next !== null;) {
      const row: ResponseRow | null = this.#link.get(next, owner, sinceMs);
      if (row === null) return null;
      numbers.push(row.number);
      next = row.previous_id;
    }
    const items: StoredItem[] = [];
    for (const number of numbers.reverse()) {
      items.push(...this.#items.all(number).map(({ json }) => JSON.parse(json) as StoredItem));
      if (items.length > itemsMax) break;
    }
    return items;
  }

  remove(id: string, owner: string): boolean {
    return this.#delete.run(id, owner).changes > 0;
  }
}
