/**
 * The texts of a vocabulary, and the way from a text to its token. Texts stay UTF-8 bytes in one block with a hash table of ids over them:
 * 150,000 tokens take some 5 MB this way, where strings in a Map take four times as much.
 */

/** What a token is for; the numbers are those of GGUF's `tokenizer.ggml.token_type`. */
export const TOKEN_KIND = { normal: 1, unknown: 2, control: 3, user: 4, unused: 5, byte: 6 } as const;

/** Texts as UTF-8 in one block: text `i` is at `starts[i]` up to `starts[i + 1] - gap`. */
export interface TokenTexts {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly gap: number;
}

/** A U+FEFF at the beginning is text like any other. */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const HASH_SEED = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/** All tokens of a vocabulary, by id and by text. */
export class TokenTable {
  /** Number of tokens. */
  readonly size: number;
  /** Longest text, bytes. */
  readonly textBytesMax: number;
  /** `TOKEN_KIND` of each token. May be changed until the first search. */
  readonly kinds: Uint8Array;
  readonly #texts: TokenTexts;
  /** Id + 1, or 0 where free. */
  readonly #slots: Int32Array;

  constructor(texts: TokenTexts, kinds: Uint8Array) {
    this.#texts = texts;
    this.size = texts.count;
    this.kinds = kinds;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(16, texts.count * 2))));
    let textBytesMax = 0;
    for (let id = 0; id < texts.count; id++) {
      const start = this.#start(id);
      const end = this.#end(id);
      textBytesMax = Math.max(textBytesMax, end - start);
      if (end > start) this.#insert(id, hashOf(texts.bytes, start, end));
    }
    this.textBytesMax = textBytesMax;
  }

  /** A token's text as it stands in the vocabulary. */
  bytes(id: number): Uint8Array {
    return this.#texts.bytes.subarray(this.#start(id), this.#end(id));
  }

  text(id: number): string {
    return DECODER.decode(this.bytes(id));
  }

  /** The token of a text, -1 where there is none. Control tokens are not found: text never becomes one. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (end - start > this.textBytesMax) return -1;
    const id = this.#search(bytes, start, end, hashOf(bytes, start, end));
    return id >= 0 && this.kinds[id] === TOKEN_KIND.control ? -1 : id;
  }

  /** Whether a text is that of a control token. */
  isControl(bytes: Uint8Array, start: number, end: number): boolean {
    const id = this.#search(bytes, start, end, hashOf(bytes, start, end));
    return id >= 0 && this.kinds[id] === TOKEN_KIND.control;
  }

  /** Like `find`, of a string. */
  findText(text: string): number {
    const bytes = new TextEncoder().encode(text);
    return this.find(bytes, 0, bytes.length);
  }

  /** The token of a text, control tokens too. */
  findAny(text: string): number {
    const bytes = new TextEncoder().encode(text);
    return this.#search(bytes, 0, bytes.length, hashOf(bytes, 0, bytes.length));
  }

  /** Tells of every token that is a beginning of the given bytes, shortest first; control tokens are left out. */
  prefixes(bytes: Uint8Array, start: number, end: number, found: (id: number, end: number) => void): void {
    let hash = HASH_SEED;
    const last = Math.min(end, start + this.textBytesMax);
    for (let at = start; at < last; at++) {
      hash = Math.imul(hash ^ (bytes[at] ?? 0), HASH_PRIME);
      // Inside a character.
      if (((bytes[at + 1] ?? 0) & 0xc0) === 0x80 && at + 1 < end) continue;
      const id = this.#search(bytes, start, at + 1, hash);
      if (id >= 0 && this.kinds[id] !== TOKEN_KIND.control) found(id, at + 1);
    }
  }

  #start(id: number): number {
    return this.#texts.starts[id] ?? 0;
  }

  #end(id: number): number {
    return (this.#texts.starts[id + 1] ?? 0) - this.#texts.gap;
  }

  #insert(id: number, hash: number): void {
    const { bytes } = this.#texts;
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const other = (this.#slots[slot] ?? 0) - 1;
      // The later of two equal tokens counts, as in llama.cpp.
      if (other < 0 || this.#equals(other, bytes, this.#start(id), this.#end(id))) {
        this.#slots[slot] = id + 1;
        return;
      }
    }
  }

  #search(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = (this.#slots[slot] ?? 0) - 1;
      if (id < 0 || this.#equals(id, bytes, start, end)) return id;
    }
  }

  #equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.#start(id);
    if (this.#end(id) - own !== end - start) return false;
    for (let i = end - start - 1; i >= 0; i--) if (this.#texts.bytes[own + i] !== bytes[start + i]) return false;
    return true;
  }
}

/** Packs strings into one block. */
export function packTexts(texts: readonly string[]): TokenTexts {
  const encoder = new TextEncoder();
  let bytes = new Uint8Array(Math.max(1024, texts.length * 8));
  const starts = new Uint32Array(texts.length + 1);
  let length = 0;
  for (const [index, text] of texts.entries()) {
    if (bytes.length - length < text.length * 3) {
      const larger = new Uint8Array(bytes.length * 2 + text.length * 3);
      larger.set(bytes);
      bytes = larger;
    }
    starts[index] = length;
    length += encoder.encodeInto(text, bytes.subarray(length)).written;
  }
  starts[texts.length] = length;
  return { count: texts.length, bytes: bytes.slice(0, length), starts, gap: 0 };
}

/** FNV-1a, 32 bits. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_SEED;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), HASH_PRIME);
  return hash;
}
