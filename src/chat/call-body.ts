/** Finds where a call's body ends while it comes in, one step a character: at a closing text, or where its brackets balance. */
import { MarkerFinder } from "./marker-finder.ts";
import type { BodyBounds } from "./tool-syntax/syntax.ts";

/** A body's end. */
export interface BodyEnd {
  /** The position behind the last character that belongs to it. */
  readonly at: number;
  /** The closing text; "" where a bracket ended it. */
  readonly close: string;
}

const BACKSLASH = code("\\");
const OPENING = new Set("{[(".split("").map(code));
const CLOSING = new Set("}])".split("").map(code));
const QUOTES = new Set([code('"'), code("'")]);
/** What may follow a string's closing quote: a quote before anything else is part of the text. */
const AFTER_STRING = new Set(",:}])<`".split("").map(code));
/** What may stand before a string: an apostrophe behind a letter opens none. */
const BEFORE_STRING = new Set("{[(,:=".split("").map(code));

/** One body. */
export class CallBody {
  readonly #close: readonly string[];
  readonly #balanced: boolean;
  #quoted: boolean;
  readonly #finder: MarkerFinder;
  #depth = 0;
  /** The quote of the string it is in; 0: in none. */
  #quote = 0;
  #escaped = false;
  /** The last character was the string's quote, and what follows tells whether it ended it. */
  #quoteSeen = false;
  /** The last character that was not blank, outside strings; 0: none yet. */
  #previous = 0;

  constructor({ close, balanced, quoted }: BodyBounds) {
    this.#close = close;
    this.#balanced = balanced;
    this.#quoted = quoted;
    // A string has no raw line break, so a closing text on a line of its own shows a string that lost its end.
    this.#finder = new MarkerFinder([...close, ...close.map((text) => `\n${text}`)]);
  }

  /** Reads on from a position; null: the body goes on behind the text's end. */
  read(text: string, from: number): BodyEnd | null {
    for (let i = from; i < text.length; i++) {
      const character = text.charCodeAt(i);
      const found = this.#finder.step(character);
      const balances = this.#take(character);
      if (found !== null && (this.#quote === 0 || found.index >= this.#close.length)) {
        return { at: i + 1, close: this.#close[found.index % this.#close.length] ?? "" };
      }
      if (balances && this.#balanced) return { at: i + 1, close: "" };
    }
    return null;
  }

  /** Takes one character; true when it closes the outermost bracket. */
  #take(character: number): boolean {
    if (this.#quote !== 0) {
      if (!this.#endsString(character)) return false;
      this.#quote = 0;
    }
    if (isBlank(character)) return false;
    const first = this.#previous === 0;
    const previous = this.#previous;
    this.#previous = character;
    if (first && character === code("<")) this.#quoted = false;
    if (this.#quoted && this.#depth > 0 && QUOTES.has(character) && (character === code('"') || BEFORE_STRING.has(previous))) {
      this.#quote = character;
      return false;
    }
    // In front of a call's brackets, square ones are part of its header.
    if (OPENING.has(character) && (this.#depth > 0 || first || character !== code("["))) this.#depth++;
    else if (CLOSING.has(character) && this.#depth > 0) return --this.#depth === 0;
    return false;
  }

  /** Whether the string it is in ended before this character. */
  #endsString(character: number): boolean {
    if (this.#quoteSeen && !isBlank(character)) {
      this.#quoteSeen = false;
      if (AFTER_STRING.has(character)) return true;
    }
    if (this.#escaped) this.#escaped = false;
    else if (character === BACKSLASH) this.#escaped = true;
    else if (character === this.#quote) this.#quoteSeen = true;
    return false;
  }
}

function code(character: string): number {
  return character.charCodeAt(0);
}

function isBlank(character: number): boolean {
  return character <= 32;
}
