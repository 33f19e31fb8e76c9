/** JSON with line numbers: `JSON.parse` says what is wrong with a file, but not where. */

/** The text is not JSON. `line` counts from 1. */
export class JsonFault extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** A parsed file. */
export interface JsonDocument {
  readonly value: unknown;
  /** Line of the key at the end of a path of object keys; 1 for a path that is not there. */
  lineOf(keys: readonly string[]): number;
}

const TOKEN =
  /\s*(?:([{}[\],:])|("(?:[^"\\\n]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;

/** Parses strict JSON. A key that stands twice in an object is a fault: one of the two would be lost unseen. Throws JsonFault. */
export function parseJsonDocument(source: string): JsonDocument {
  const reader = new JsonReader(source.replace(/^\uFEFF/, ""));
  const value = reader.readDocument();
  return { value, lineOf: (keys) => reader.lines.get(JSON.stringify(keys)) ?? 1 };
}

class JsonReader {
  readonly lines = new Map<string, number>();
  readonly #text: string;
  #offset = 0;
  #token = "";
  #tokenStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readDocument(): unknown {
    this.#next();
    const value = this.#readValue([]);
    if (this.#text.slice(this.#offset).trim() !== "") {
      this.#next();
      this.#fail("nothing may follow the value");
    }
    return value;
  }

  /** Moves to the next token. */
  #next(): void {
    TOKEN.lastIndex = this.#offset;
    const match = TOKEN.exec(this.#text);
    if (match === null) {
      this.#tokenStart = this.#offset + (/^\s*/.exec(this.#text.slice(this.#offset))?.[0].length ?? 0);
      const rest = /^[^\s,:{}[\]]*|^./.exec(this.#text.slice(this.#tokenStart))?.[0] ?? "";
      this.#token = rest;
      this.#fail(this.#tokenStart >= this.#text.length ? "the file ends too early" : "this is not JSON");
    }
    this.#offset = TOKEN.lastIndex;
    this.#token = match[1] ?? match[2] ?? match[3] ?? "";
    this.#tokenStart = this.#offset - this.#token.length;
  }

  #readValue(path: readonly string[]): unknown {
    if (this.#at("{")) return this.#readObject(path);
    if (this.#at("[")) return this.#readArray(path);
    if (/^[}\],:]$/.test(this.#token)) this.#fail("a value is missing here");
    return this.#parseToken();
  }

  #readObject(path: readonly string[]): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    this.#next();
    while (!this.#at("}")) {
      if (!this.#token.startsWith('"'))
        this.#fail(entries.size === 0 ? "a key in double quotes belongs here" : "no comma may stand before this");
      const name = this.#parseToken() as string;
      if (entries.has(name)) this.#fail("this key stands twice");
      this.lines.set(JSON.stringify([...path, name]), this.#line());
      this.#next();
      if (!this.#at(":")) this.#fail("a colon is missing before this");
      this.#next();
      entries.set(name, this.#readValue([...path, name]));
      this.#next();
      if (this.#at("}")) break;
      if (!this.#at(",")) this.#fail("a comma is missing before this");
      this.#next();
      if (this.#at("}")) this.#fail("no comma may stand before this");
    }
    return Object.fromEntries(entries);
  }

  #readArray(path: readonly string[]): unknown[] {
    const items: unknown[] = [];
    this.#next();
    while (!this.#at("]")) {
      items.push(this.#readValue(path));
      this.#next();
      if (this.#at("]")) break;
      if (!this.#at(",")) this.#fail("a comma is missing before this");
      this.#next();
      if (this.#at("]")) this.#fail("no comma may stand before this");
    }
    return items;
  }

  #at(punctuation: string): boolean {
    return this.#token === punctuation;
  }

  #parseToken(): unknown {
    try {
      return JSON.parse(this.#token) as unknown;
    } catch {
      return this.#fail("tabs and other control characters must be escaped in a text");
    }
  }

  #line(): number {
    return this.#text.slice(0, this.#tokenStart).split("\n").length;
  }

  #fail(message: string): never {
    throw new JsonFault(this.#line(), this.#token === "" ? message : `${message}: ${this.#token}`);
  }
}
