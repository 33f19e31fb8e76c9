/**
 * The merging at the heart of BPE and of SentencePiece as llama.cpp does it: of all neighbours that may be merged the best pair is,
 * again and again, until none is left. Neighbours are a linked list and candidates a heap, so n symbols take n log n steps.
 */

/** Which neighbours may be merged, and how urgently. */
export interface MergeRules {
  /** A number for the merge of two neighbouring symbols, -1 where they stay apart. */
  find(symbols: Symbols, left: number, right: number): number;
  /** The smallest goes first; of equal ones the leftmost. */
  priority(merge: number): number;
  /** The symbol's id after the merge. */
  result(merge: number): number;
}

/** Longer lists than this are not kept for the next text. */
const KEPT_SYMBOLS_MAX = 1 << 14;

/** A text in pieces: stretches of `bytes`, each with an id (-1: none), linked in order. */
export class Symbols {
  bytes: Uint8Array = new Uint8Array(0);
  count = 0;
  ids: Int32Array = new Int32Array(64);
  starts: Int32Array = new Int32Array(64);
  ends: Int32Array = new Int32Array(64);
  /** Index of the following symbol, -1 at the end. */
  next: Int32Array = new Int32Array(64);
  /** Index of the one before, -1 at the start; -2 where the symbol was merged into another. */
  previous: Int32Array = new Int32Array(64);

  /** Starts over with the symbols of `bytes`. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.count = 0;
    if (this.ids.length > KEPT_SYMBOLS_MAX) this.#resize(64);
  }

  push(id: number, start: number, end: number): void {
    if (this.count === this.ids.length) this.#resize(this.count * 2);
    const index = this.count++;
    this.ids[index] = id;
    this.starts[index] = start;
    this.ends[index] = end;
    this.previous[index] = index - 1;
    this.next[index] = -1;
    if (index > 0) this.next[index - 1] = index;
  }

  #resize(capacity: number): void {
    this.ids = resized(this.ids, capacity);
    this.starts = resized(this.starts, capacity);
    this.ends = resized(this.ends, capacity);
    this.next = resized(this.next, capacity);
    this.previous = resized(this.previous, capacity);
  }
}

/** Merges what the rules allow. What is left starts with symbol 0 and goes on by `next`. */
export function mergeSymbols(symbols: Symbols, rules: MergeRules): void {
  const heap = new MergeHeap();
  const consider = (left: number, right: number): void => {
    if (left < 0 || right < 0) return;
    const merge = rules.find(symbols, left, right);
    if (merge >= 0) heap.push(rules.priority(merge), left, symbols.ends[right] ?? 0, merge);
  };
  for (let index = 1; index < symbols.count; index++) consider(index - 1, index);
  while (heap.pop()) {
    const { left } = heap;
    const right = symbols.next[left] ?? -1;
    // Outdated: one of the two has been merged with another since.
    if (symbols.previous[left] === -2 || right < 0 || symbols.ends[right] !== heap.end) continue;
    const after = symbols.next[right] ?? -1;
    symbols.ids[left] = rules.result(heap.merge);
    symbols.ends[left] = heap.end;
    symbols.next[left] = after;
    symbols.previous[right] = -2;
    if (after >= 0) symbols.previous[after] = left;
    consider(symbols.previous[left] ?? -1, left);
    consider(left, after);
  }
}

/** A binary heap of merges; `pop` leaves the best one in the fields. */
class MergeHeap {
  left = 0;
  end = 0;
  merge = 0;
  #count = 0;
  #priorities = new Float64Array(64);
  /** Left, end and merge of each entry. */
  #entries = new Int32Array(64 * 3);

  push(priority: number, left: number, end: number, merge: number): void {
    if (this.#count === this.#priorities.length) {
      this.#priorities = resized(this.#priorities, this.#count * 2);
      this.#entries = resized(this.#entries, this.#count * 6);
    }
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(priority, left, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, priority, left, end, merge);
  }

  /** False when nothing is left. */
  pop(): boolean {
    if (this.#count === 0) return false;
    this.left = this.#entries[0] ?? 0;
    this.end = this.#entries[1] ?? 0;
    this.merge = this.#entries[2] ?? 0;
    const last = --this.#count;
    const priority = this.#priorities[last] ?? 0;
    const left = this.#entries[last * 3] ?? 0;
    const end = this.#entries[last * 3 + 1] ?? 0;
    const merge = this.#entries[last * 3 + 2] ?? 0;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#before(this.#priorities[child + 1] ?? 0, this.#entries[child * 3 + 3] ?? 0, child)) child++;
      if (!this.#after(priority, left, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, priority, left, end, merge);
    return true;
  }

  #before(priority: number, left: number, entry: number): boolean {
    const other = this.#priorities[entry] ?? 0;
    return priority < other || (priority === other && left < (this.#entries[entry * 3] ?? 0));
  }

  #after(priority: number, left: number, entry: number): boolean {
    const other = this.#priorities[entry] ?? 0;
    return priority > other || (priority === other && left > (this.#entries[entry * 3] ?? 0));
  }

  #move(from: number, to: number): void {
    this.#priorities[to] = this.#priorities[from] ?? 0;
    this.#entries.copyWithin(to * 3, from * 3, from * 3 + 3);
  }

  #put(at: number, priority: number, left: number, end: number, merge: number): void {
    this.#priorities[at] = priority;
    this.#entries[at * 3] = left;
    this.#entries[at * 3 + 1] = end;
    this.#entries[at * 3 + 2] = merge;
  }
}

function resized<T extends Int32Array | Float64Array>(old: T, length: number): T {
  const copy = (old instanceof Int32Array ? new Int32Array(length) : new Float64Array(length)) as T;
  copy.set(old.length > length ? old.subarray(0, length) : old);
  return copy;
}
