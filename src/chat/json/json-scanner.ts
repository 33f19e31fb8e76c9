/**
 * Reads one JSON value character by character, by the letter of RFC 8259 and with a schema beside it, so that the first character that
 * cannot be right is known as such. Beyond the RFC, a key may not stand twice: readers differ in which value then counts, and a model that
 * repeats keys has lost its way.
 */
import { JSON_DEPTH_MAX, KEY_LENGTH_MAX, NUMBER_LENGTH_MAX } from "./json-limits.ts";
import { type NumberState, isFinishedNumber, nextNumberState } from "./json-number.ts";
import type { Demand, SchemaCursor } from "./schema-cursor.ts";
import { inside, shorten } from "./schema-fault.ts";
import type { JsonType } from "./schema-node.ts";

/** The fault of text that no way of going on makes JSON. */
export const NOT_JSON = "it is not JSON";

/**
 * `done`: the value's last character was this one. `before`: it was the one before (a number shows its end only by what follows).
 * `full`: this is the comma behind the last key that the object can have, and only its bracket may follow.
 */
export type Step = "open" | "done" | "before" | "full" | { readonly fault: string };

/** What must come next, or what is being read. */
type Expecting = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end" | "string" | "number" | "word" | "nothing";

interface Frame {
  readonly demand: Demand;
  /** The keys so far; null in an array. */
  readonly keys: Set<string> | null;
  items: number;
}

const WORDS: Readonly<Record<string, string>> = { t: "true", f: "false", n: "null" };
const ESCAPES = '"\\/bfnrtu';

/** The type of a value that begins so; undefined where none does. */
export function typeBegunBy(character: string): JsonType | undefined {
  if (character === "{") return "object";
  if (character === "[") return "array";
  if (character === '"') return "string";
  if (character === "n") return "null";
  if (character === "t" || character === "f") return "boolean";
  return character === "-" || (character >= "0" && character <= "9") ? "number" : undefined;
}

/** Whether JSON may have this character between two parts. */
export function isBlank(character: string): boolean {
  return character === " " || character === "\n" || character === "\r" || character === "\t";
}

/** Reads one value; `step` is called with its first character first. */
export class JsonScanner {
  private readonly cursor: SchemaCursor;
  private readonly frames: Frame[] = [];
  /** Keys and indexes from the root to the value being read. */
  private readonly place: (string | number)[] = [];
  private expecting: Expecting = "value";
  /** What the next or current value must fit. */
  private demand: Demand;
  /** The raw text of the key or scalar being read. */
  private token = "";
  private isKey = false;
  private word = "";
  private number: NumberState = "start";
  /** In a string: 0 outside an escape, 1 behind the backslash, 2 to 5 before the hex digits of \u. */
  private escape = 0;

  constructor(cursor: SchemaCursor) {
    this.cursor = cursor;
    this.demand = cursor.root;
  }

  /** Whether JSON has to spell the next character otherwise: in a string, a control character as small models write it. */
  mustEscape(character: string): boolean {
    return character < " " && this.expecting === "string" && this.escape === 0;
  }

  step(character: string): Step {
    if (this.expecting === "string") return this.inString(character);
    if (this.expecting === "number") return this.inNumber(character);
    if (this.expecting === "word") return this.inWord(character);
    return isBlank(character) ? "open" : this.between(character);
  }

  /** The input has ended, which finishes a number that stands alone and nothing else. */
  end(): Step {
    return this.expecting === "number" && this.frames.length === 0 ? this.inNumber(" ") : "open";
  }

  private between(character: string): Step {
    const { expecting } = this;
    if (expecting === "value" || expecting === "value or ]") {
      return character === "]" && expecting === "value or ]" ? this.close() : this.begin(character);
    }
    if (expecting === "key" || expecting === "key or }") {
      if (character === "}" && expecting === "key or }") return this.close();
      return character === '"' ? this.beginString(true) : { fault: NOT_JSON };
    }
    if (expecting === ":" && character === ":") {
      this.expecting = "value";
      return "open";
    }
    if (expecting !== ", or end") return { fault: NOT_JSON };
    const isObject = this.frames.at(-1)?.keys != null;
    if (character === (isObject ? "}" : "]")) return this.close();
    if (character !== ",") return { fault: NOT_JSON };
    if (this.isFull()) return "full";
    this.expecting = isObject ? "key" : "value";
    return "open";
  }

  /** Whether the whole value is an object with every key that it may have. */
  private isFull(): boolean {
    const [frame] = this.frames;
    return this.frames.length === 1 && frame !== undefined && frame.keys !== null && this.cursor.isFull(frame.demand, frame.keys);
  }

  private begin(character: string): Step {
    const type = typeBegunBy(character);
    if (type === undefined) return { fault: NOT_JSON };
    const frame = this.frames.at(-1);
    if (frame !== undefined && frame.keys === null) {
      this.place.push(frame.items);
      const member = this.cursor.item(frame.demand, frame.items, this.place);
      if ("fault" in member) return member;
      this.demand = member.demand;
      frame.items += 1;
    }
    const fault = this.cursor.beginFault(this.demand, type, this.place);
    if (fault !== null) return { fault };
    if (type === "object" || type === "array") return this.open(type);
    if (type === "string") return this.beginString(false);
    if (type === "number") {
      this.expecting = "number";
      this.number = "start";
      this.token = "";
      return this.inNumber(character);
    }
    this.expecting = "word";
    this.word = WORDS[character] ?? "";
    this.token = character;
    return "open";
  }

  private open(type: "object" | "array"): Step {
    if (this.frames.length >= JSON_DEPTH_MAX) return { fault: `it goes deeper than ${JSON_DEPTH_MAX} levels` };
    this.frames.push({ demand: this.cursor.open(this.demand, type), keys: type === "object" ? new Set() : null, items: 0 });
    this.expecting = type === "object" ? "key or }" : "value or ]";
    return "open";
  }

  private close(): Step {
    const frame = this.frames.pop();
    const fault = frame === undefined ? null : this.cursor.endFault(frame.demand, frame.keys ?? frame.items, this.place);
    return fault === null ? this.finish() : { fault };
  }

  /** A value has ended: what is around it goes on. */
  private finish(): Step {
    this.place.pop();
    this.expecting = this.frames.length === 0 ? "nothing" : ", or end";
    return this.frames.length === 0 ? "done" : "open";
  }

  private finishScalar(value: unknown): Step {
    const fault = this.cursor.scalarFault(this.demand, value, this.place);
    return fault === null ? this.finish() : { fault };
  }

  private beginString(isKey: boolean): Step {
    this.expecting = "string";
    this.isKey = isKey;
    this.token = '"';
    this.escape = 0;
    return "open";
  }

  private inString(character: string): Step {
    this.token += character;
    if (this.escape > 1) {
      if (!/^[0-9a-fA-F]$/.test(character)) return { fault: NOT_JSON };
      this.escape = this.escape === 5 ? 0 : this.escape + 1;
    } else if (this.escape === 1) {
      if (!ESCAPES.includes(character)) return { fault: NOT_JSON };
      this.escape = character === "u" ? 2 : 0;
    } else if (character === "\\") this.escape = 1;
    else if (character < " ") return { fault: NOT_JSON };
    else if (character === '"') {
      const text = JSON.parse(this.token) as string;
      return this.isKey ? this.finishKey(text) : this.finishScalar(text);
    }
    return "open";
  }

  private finishKey(key: string): Step {
    const frame = this.frames.at(-1);
    if (key.length > KEY_LENGTH_MAX) return { fault: `a key is longer than ${KEY_LENGTH_MAX} characters` };
    this.place.push(key);
    if (frame?.keys?.has(key) === true) return { fault: `the key "${shorten(key)}" stands twice${inside(this.place)}` };
    frame?.keys?.add(key);
    const member = this.cursor.member(frame?.demand ?? [], key, this.place);
    if ("fault" in member) return member;
    this.demand = member.demand;
    this.expecting = ":";
    return "open";
  }

  private inNumber(character: string): Step {
    const next = nextNumberState(this.number, character);
    if (next !== null) {
      this.number = next;
      this.token += character;
      return this.token.length > NUMBER_LENGTH_MAX ? { fault: "a number has too many digits" } : "open";
    }
    if (!isFinishedNumber(this.number) || /[\w.+-]/.test(character)) return { fault: NOT_JSON };
    const ended = this.finishScalar(JSON.parse(this.token));
    if (ended === "done") return "before";
    return ended === "open" ? this.step(character) : ended;
  }

  private inWord(character: string): Step {
    this.token += character;
    if (!this.word.startsWith(this.token)) return { fault: NOT_JSON };
    return this.token === this.word ? this.finishScalar(JSON.parse(this.token)) : "open";
  }
}
