/** The merges of a BPE vocabulary, by the ids of the two sides; a merge's number is its rank. */
import type { MergeRules, Symbols } from "./symbol-merge.ts";
import type { TokenTable } from "./token-table.ts";

export class MergeTable implements MergeRules {
  readonly #tokens: TokenTable;
  readonly #lefts: Int32Array;
  readonly #rights: Int32Array;
  readonly #results: Int32Array;
  /** Rank + 1, or 0 where free. */
  readonly #slots: Int32Array;
  /** Pieces that occur in merges but are no tokens; their ids follow those of the vocabulary. */
  readonly #extras = new Map<string, number>();
  #joined: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  #count = 0;

  constructor(tokens: TokenTable, count: number) {
    this.#tokens = tokens;
    this.#lefts = new Int32Array(count);
    this.#rights = new Int32Array(count);
    this.#results = new Int32Array(count);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(16, count * 2))));
  }

  /** Adds the merge of the next rank: two stretches of UTF-8. Of equal merges the first counts. */
  add(bytes: Uint8Array, leftStart: number, leftEnd: number, rightStart: number, rightEnd: number): void {
    const rank = this.#count++;
    const left = this.#intern(bytes, leftStart, leftEnd);
    const right = this.#intern(bytes, rightStart, rightEnd);
    if (this.#rank(left, right) >= 0) return;
    const leftLength = leftEnd - leftStart;
    const length = leftLength + rightEnd - rightStart;
    if (length > this.#joined.length) this.#joined = new Uint8Array(length * 2);
    this.#joined.set(bytes.subarray(leftStart, leftEnd));
    this.#joined.set(bytes.subarray(rightStart, rightEnd), leftLength);
    // Text never becomes a control token, by merging neither.
    if (this.#tokens.isControl(this.#joined, 0, length)) return;
    this.#lefts[rank] = left;
    this.#rights[rank] = right;
    this.#results[rank] = this.#intern(this.#joined, 0, length);
    const mask = this.#slots.length - 1;
    let slot = hashOf(left, right) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = rank + 1;
  }

  /** The id of a piece, -1 where it is neither a token nor part of a merge. Ids from the vocabulary's size on are no tokens. */
  symbol(bytes: Uint8Array, start: number, end: number): number {
    const id = this.#tokens.find(bytes, start, end);
    if (id >= 0 || this.#extras.size === 0) return id;
    return this.#extras.get(keyOf(bytes, start, end)) ?? -1;
  }

  find(symbols: Symbols, left: number, right: number): number {
    return this.#rank(symbols.ids[left] ?? -1, symbols.ids[right] ?? -1);
  }

  priority(merge: number): number {
    return merge;
  }

  result(merge: number): number {
    return this.#results[merge] ?? -1;
  }

  #rank(left: number, right: number): number {
    if (left < 0 || right < 0) return -1;
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(left, right) & mask; ; slot = (slot + 1) & mask) {
      const rank = (this.#slots[slot] ?? 0) - 1;
      if (rank < 0 || (this.#lefts[rank] === left && this.#rights[rank] === right)) return rank;
    }
  }

  #intern(bytes: Uint8Array, start: number, end: number): number {
    const id = this.#tokens.find(bytes, start, end);
    if (id >= 0) return id;
    const key = keyOf(bytes, start, end);
    const extra = this.#extras.get(key) ?? this.#tokens.size + this.#extras.size;
    this.#extras.set(key, extra);
    return extra;
  }
}

function keyOf(bytes: Uint8Array, start: number, end: number): string {
  return new TextDecoder("latin1").decode(bytes.subarray(start, end));
}

function hashOf(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
