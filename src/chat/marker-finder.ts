/**
 * Finds texts in a text that comes in pieces (Aho and Corasick's automaton): one step a character however many there are to be found,
 * and the automaton's depth is exactly how much of the text's end could still become one.
 */

/** A text that was completed. */
export interface FoundMarker {
  /** Its place in the list of markers. */
  readonly index: number;
  readonly length: number;
  /** The position behind it. */
  readonly end: number;
}

interface State {
  readonly next: Map<number, State>;
  /** Length of the text this state stands for. */
  readonly depth: number;
  /** The state of the longest proper suffix that also begins a marker; the root has none. */
  fallback: State | null;
  /** The longest marker that ends here; -1: none. */
  index: number;
  length: number;
}

/** Watches one text. The marker completed first wins; of those completed by the same character the longest, of equal ones the first. */
export class MarkerFinder {
  readonly #root: State;
  #state: State;

  /** @param markers Empty ones are never found. */
  constructor(markers: readonly string[]) {
    this.#root = buildAutomaton(markers);
    this.#state = this.#root;
  }

  /** Steps through a piece from a position on, up to the first marker that it completes; null: to its end. */
  find(piece: string, from: number): FoundMarker | null {
    for (let i = from; i < piece.length; i++) {
      const found = this.step(piece.charCodeAt(i));
      if (found !== null) return { index: found.index, length: found.length, end: i + 1 };
    }
    return null;
  }

  /** Takes one character; the marker that it completes, if any. */
  step(code: number): { readonly index: number; readonly length: number } | null {
    this.#state = step(this.#state, code, this.#root);
    return this.#state.index === -1 ? null : this.#state;
  }

  /** How many of the last characters may still become a marker. */
  get pending(): number {
    return this.#state.depth;
  }
}

function step(from: State, code: number, root: State): State {
  for (let state: State | null = from; state !== null; state = state.fallback) {
    const next = state.next.get(code);
    if (next !== undefined) return next;
  }
  return root;
}

function buildAutomaton(markers: readonly string[]): State {
  const root: State = { next: new Map(), depth: 0, fallback: null, index: -1, length: 0 };
  for (const [index, marker] of markers.entries()) {
    if (marker === "") continue;
    let state = root;
    for (let i = 0; i < marker.length; i++) {
      const code = marker.charCodeAt(i);
      const next: State = state.next.get(code) ?? { next: new Map(), depth: i + 1, fallback: root, index: -1, length: 0 };
      state.next.set(code, next);
      state = next;
    }
    if (state.index === -1) Object.assign(state, { index, length: marker.length });
  }
  // Breadth first, so that a state's fallback, which is shorter, is finished before it.
  const queue = [...root.next.values()];
  for (const state of queue) {
    for (const [code, next] of state.next) {
      next.fallback = state.fallback === null ? root : step(state.fallback, code, root);
      if (next.index === -1) Object.assign(next, { index: next.fallback.index, length: next.fallback.length });
      queue.push(next);
    }
  }
  return root;
}
