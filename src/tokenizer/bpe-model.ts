/** Byte-pair encoding: words, cut by patterns, are merged from their bytes or characters by rank. */
import { CHAR_TO_BYTE, spellBytes } from "./byte-level.ts";
import type { MergeTable } from "./merge-table.ts";
import { mergeSymbols, Symbols } from "./symbol-merge.ts";
import { byteOfToken, byteTokens, SPACE_MARK, type TextModel, type TextPlace } from "./text-model.ts";
import type { TokenIds } from "./token-ids.ts";
import type { TokenTable } from "./token-table.ts";

/** What differs from one BPE vocabulary to another. */
export interface BpeOptions {
  /** Tokens are bytes in GPT-2's spelling; otherwise they are text, with tokens such as `<0x0A>` for what the vocabulary lacks. */
  readonly byteLevel: boolean;
  /** A word that is a token stays whole, whatever its merges say: `none`, all words, or those of newlines only. */
  readonly wholeWords: "none" | "all" | "newlines";
  /** What stands for text that cannot be spelled; -1: nothing does. */
  readonly unknownId: number;
  /** Cuts a text into words. */
  readonly words: (text: string, place: TextPlace) => readonly string[];
}

/** A U+FEFF at the beginning is text like any other. */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const CACHED_WORDS_MAX = 8192;
const CACHED_WORD_LENGTH_MAX = 32;

/** Turns text into tokens by byte-pair encoding. */
export class BpeModel implements TextModel {
  readonly #tokens: TokenTable;
  readonly #merges: MergeTable;
  readonly #options: BpeOptions;
  /** Symbol of each byte in GPT-2's spelling, or token of each byte for text that the vocabulary lacks. */
  readonly #byteIds: Int32Array;
  readonly #symbols = new Symbols();
  readonly #cache = new Map<string, Int32Array>();
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(1024);

  constructor(tokens: TokenTable, merges: MergeTable, options: BpeOptions) {
    this.#tokens = tokens;
    this.#merges = merges;
    this.#options = options;
    this.#byteIds = options.byteLevel
      ? Int32Array.from({ length: 256 }, (_, byte) => symbolOf(merges, spellBytes(Uint8Array.of(byte))))
      : byteTokens((text) => tokens.findText(text));
  }

  encode(text: string, place: TextPlace, ids: TokenIds): void {
    for (const word of this.#options.words(text, place)) {
      const cached = this.#cache.get(word);
      if (cached === undefined) this.#encodeWord(word, ids);
      else for (const id of cached) ids.push(id);
    }
  }

  pieceBytes(id: number): Uint8Array {
    if (!this.#options.byteLevel) return textPieceBytes(this.#tokens, id);
    const text = this.#tokens.text(id);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) {
      const byte = CHAR_TO_BYTE[text.charCodeAt(i)] ?? -1;
      // Not in GPT-2's spelling: the text stands for itself.
      if (byte < 0) return this.#tokens.bytes(id).slice();
      bytes[i] = byte;
    }
    return bytes;
  }

  #encodeWord(word: string, ids: TokenIds): void {
    if (this.#buffer.length < word.length * 3) this.#buffer = new Uint8Array(word.length * 3);
    const length = new TextEncoder().encodeInto(word, this.#buffer).written;
    const bytes = this.#buffer.subarray(0, length);
    const before = ids.length;
    const whole = this.#wholeWord(word, bytes);
    if (whole >= 0) {
      ids.push(whole);
    } else {
      if (this.#options.byteLevel) this.#pushBytes(bytes);
      else this.#pushCharacters(bytes);
      mergeSymbols(this.#symbols, this.#merges);
      for (let index = 0; index >= 0; index = this.#symbols.next[index] ?? -1) this.#pushToken(index, ids);
    }
    if (word.length <= CACHED_WORD_LENGTH_MAX) {
      if (this.#cache.size >= CACHED_WORDS_MAX) this.#cache.clear();
      // A copy of the word: a substring would keep the whole text that it was cut from.
      this.#cache.set(DECODER.decode(bytes), ids.slice(before));
    } else if (this.#buffer.length > 1 << 20) {
      this.#buffer = new Uint8Array(1024);
    }
  }

  #wholeWord(word: string, bytes: Uint8Array): number {
    const { wholeWords, byteLevel } = this.#options;
    if (wholeWords === "none" || (wholeWords === "newlines" && !/^\n+$/.test(word))) return -1;
    return byteLevel ? this.#tokens.findText(spellBytes(bytes)) : this.#tokens.find(bytes, 0, bytes.length);
  }

  #pushBytes(bytes: Uint8Array): void {
    this.#symbols.reset(bytes);
    for (let at = 0; at < bytes.length; at++) this.#symbols.push(this.#byteIds[bytes[at] ?? 0] ?? -1, at, at + 1);
  }

  #pushCharacters(bytes: Uint8Array): void {
    this.#symbols.reset(bytes);
    for (let at = 0; at < bytes.length;) {
      let end = at + 1;
      while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end++;
      this.#symbols.push(this.#merges.symbol(bytes, at, end), at, end);
      at = end;
    }
  }

  #pushToken(index: number, ids: TokenIds): void {
    const id = this.#symbols.ids[index] ?? -1;
    if (id >= 0 && id < this.#tokens.size) {
      ids.push(id);
      return;
    }
    const { byteLevel, unknownId } = this.#options;
    const bytes = this.#symbols.bytes.subarray(this.#symbols.starts[index], this.#symbols.ends[index]);
    const spelled: number[] = [];
    // A vocabulary with single bytes missing: what has no token is left out, as in llama.cpp.
    for (const byte of bytes) spelled.push(this.#byteIds[byte] ?? -1);
    if (byteLevel || !spelled.includes(-1)) {
      for (const token of spelled) if (token >= 0 && token < this.#tokens.size) ids.push(token);
    } else if (unknownId >= 0) {
      ids.push(unknownId);
    }
  }
}

/** Bytes of a token that is text, with `▁` for the space, or one byte such as `<0x0A>`. */
export function textPieceBytes(tokens: TokenTable, id: number): Uint8Array {
  const text = tokens.text(id);
  const byte = byteOfToken(text);
  return byte === null ? new TextEncoder().encode(text.replaceAll(SPACE_MARK, " ")) : Uint8Array.of(byte);
}

function symbolOf(merges: MergeTable, text: string): number {
  const bytes = new TextEncoder().encode(text);
  return merges.symbol(bytes, 0, bytes.length);
}
