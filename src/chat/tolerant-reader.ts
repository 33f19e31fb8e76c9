/**
 * Reads values as models write them: JSON first, and beside it what they mix in from Python and JavaScript. One pass, no way back
 * longer than a run of blanks, so the time is linear in the text.
 */
import type { JsonNode } from "./json-node.ts";

/** Deeper nesting is nobody's arguments. */
const DEPTH_MAX = 64;

/** What may follow a string's closing quote; before anything else a quote is taken for a part of the text ("say "hi" to him"). */
const AFTER_STRING = new Set(",:}])".split(""));
const BARE_END = new Set(",}])\n".split(""));
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  '"': '"',
  "'": "'",
  "\\": "\\",
  "/": "/",
};
const WORDS: Readonly<Record<string, string>> = {
  true: "true",
  false: "false",
  null: "null",
  True: "true",
  False: "false",
  None: "null",
  undefined: "null",
  NaN: "null",
};
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A cursor over one text. */
export class TolerantReader {
  readonly text: string;
  at = 0;
  /** The text ended inside a value: what was read of it is not what was meant. */
  cut = false;
  /** The text ended before every bracket was closed. */
  unclosed = false;
  /** Nested deeper than anything that makes sense. */
  tooDeep = false;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** The next character that is neither blank nor comment, not consumed; "" at the end. */
  peek(): string {
    for (;;) {
      while (!this.done && this.text.charAt(this.at).trim() === "") this.at++;
      const character = this.text.charAt(this.at);
      const two = this.text.slice(this.at, this.at + 2);
      if (character !== "#" && two !== "//" && two !== "/*") return character;
      const end = this.text.indexOf(two === "/*" ? "*/" : "\n", this.at + (two === "/*" ? 2 : 1));
      this.at = end === -1 ? this.text.length : end + (two === "/*" ? 2 : 1);
    }
  }

  /** Consumes the next significant character when it is the given one. */
  take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    return true;
  }

  /** null: there is no value here. */
  value(): JsonNode | null {
    const next = this.peek();
    if (next === "") {
      this.cut = true;
      return null;
    }
    if (next === "{" || next === "[") {
      if (this.#depth >= DEPTH_MAX) {
        this.tooDeep = true;
        this.at = this.text.length;
        return null;
      }
      this.#depth++;
      const node = next === "{" ? this.#object() : this.#array();
      this.#depth--;
      return node;
    }
    return next === '"' || next === "'" ? { kind: "string", value: this.#string() } : this.#bare();
  }

  #object(): JsonNode {
    const start = this.at++;
    const entries: [string, JsonNode][] = [];
    while (!this.#closes("}")) {
      const key = this.#key();
      // An end within a key or behind it leaves nothing behind; a key without a value has none.
      if (this.cut || this.tooDeep) break;
      const value: JsonNode = this.take(":") || this.take("=") ? (this.value() ?? NULL) : NULL;
      entries.push([key, value]);
    }
    return { kind: "object", entries, source: this.text.slice(start, this.at) };
  }

  #array(): JsonNode {
    this.at++;
    const items: JsonNode[] = [];
    while (!this.#closes("]")) {
      const before = this.at;
      const item = this.value();
      if (item !== null) items.push(item);
      else if (this.at === before) this.at++;
    }
    return { kind: "array", items };
  }

  /** Whether the bracket ends here. Commas count for nothing: doubled and trailing ones are no fault, nor is the other kind of bracket. */
  #closes(bracket: string): boolean {
    while (this.take(",")) {
      // Skipped.
    }
    const next = this.peek();
    if (next === "") {
      // A comma promised more, but models that forget brackets write it too: only what stands in a value is lost.
      this.unclosed = true;
      return true;
    }
    if (next === bracket) {
      this.at++;
      return true;
    }
    return next === "}" || next === "]" || next === ")";
  }

  #key(): string {
    const quote = this.peek();
    if (quote === '"' || quote === "'") {
      const key = this.#string();
      if (this.peek() === "") this.cut = true;
      return key;
    }
    const start = this.at;
    while (!this.done && !/[:=,}\]\s]/.test(this.text.charAt(this.at))) this.at++;
    if (this.at === start) this.at++;
    const key = this.text.slice(start, this.at);
    if (this.peek() === "") this.cut = true;
    return key;
  }

  #string(): string {
    const quote = this.text.charAt(this.at++);
    const parts: string[] = [];
    let from = this.at;
    for (; !this.done; this.at++) {
      const character = this.text.charAt(this.at);
      if (character === "\\") {
        parts.push(this.text.slice(from, this.at), this.#escape());
        from = this.at + 1;
      } else if (character === quote && this.#endsString()) {
        parts.push(this.text.slice(from, this.at++));
        return parts.join("");
      }
    }
    this.cut = true;
    return parts.join("") + this.text.slice(from);
  }

  #endsString(): boolean {
    let next = this.at + 1;
    while (next < this.text.length && this.text.charAt(next).trim() === "") next++;
    return next >= this.text.length || AFTER_STRING.has(this.text.charAt(next));
  }

  /** What the escape at the cursor stands for; the cursor is left on its last character. An unknown one (a path, LaTeX) stands for itself. */
  #escape(): string {
    const letter = this.text.charAt(++this.at);
    const hex = letter === "u" ? this.text.slice(this.at + 1, this.at + 5) : "";
    if (/^[0-9a-fA-F]{4}$/.test(hex)) {
      this.at += 4;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    if (letter === "\n") return "";
    return ESCAPES[letter] ?? `\\${letter}`;
  }

  #bare(): JsonNode | null {
    const start = this.at;
    while (!this.done && !BARE_END.has(this.text.charAt(this.at))) this.at++;
    const text = this.text.slice(start, this.at).trim();
    if (text === "") return null;
    const word = Object.hasOwn(WORDS, text) ? WORDS[text] : undefined;
    if (word !== undefined) return { kind: "plain", text: word };
    // At the text's end a number or a word may have been going on.
    if (this.done) this.cut = true;
    if (JSON_NUMBER.test(text)) return { kind: "plain", text };
    const number = Number(text.replaceAll("_", ""));
    return Number.isFinite(number) && /\d/.test(text) ? { kind: "plain", text: String(number) } : { kind: "string", value: text };
  }
}

const NULL: JsonNode = { kind: "plain", text: "null" };
