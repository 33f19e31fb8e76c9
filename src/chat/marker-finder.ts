/**
 * Finds stop sequences in text that comes in pieces (Aho and Corasick's automaton): one step a character however many sequences there
 * are, and the automaton's depth is exactly how much of the text's end could still become one.
 */

/** What a piece settled. */
export interface StopMatch {
  /** Text that can no longer be part of a stop sequence, in order. */
  readonly text: string;
  /** A stop sequence was completed; it and all that follows are dropped. */
  readonly stopped: boolean;
}

interface State {
  readonly next: Map<number, State>;
  /** Length of the text this state stands for. */
  readonly depth: number;
  /** The state of the longest proper suffix that also begins a sequence; the root has none. */
  fallback: State | null;
  /** Length of the longest sequence that ends here; 0: none. */
  matched: number;
}

/** Watches one answer. The sequence completed first wins; of those completed by the same character the longest. */
export class StopMatcher {
  readonly #root: State;
  #state: State;
  /** The text's end that the state stands for. */
  #held = "";

  constructor(stops: readonly string[]) {
    this.#root = buildAutomaton(stops.filter((stop) => stop !== ""));
    this.#state = this.#root;
  }

  push(piece: string): StopMatch {
    const text = this.#held + piece;
    for (let i = this.#held.length; i < text.length; i++) {
      this.#state = step(this.#state, text.charCodeAt(i), this.#root);
      if (this.#state.matched > 0) return { text: text.slice(0, i + 1 - this.#state.matched), stopped: true };
    }
    const free = text.length - this.#state.depth;
    this.#held = text.slice(free);
    return { text: text.slice(0, free), stopped: false };
  }

  /** The held end: no sequence came of it. */
  end(): string {
    const text = this.#held;
    this.#held = "";
    this.#state = this.#root;
    return text;
  }
}

function step(from: State, code: number, root: State): State {
  for (let state: State | null = from; state !== null; state = state.fallback) {
    const next = state.next.get(code);
    if (next !== undefined) return next;
  }
  return root;
}

function buildAutomaton(stops: readonly string[]): State {
  const root: State = { next: new Map(), depth: 0, fallback: null, matched: 0 };
  for (const stop of stops) {
    let state = root;
    for (let i = 0; i < stop.length; i++) {
      const code = stop.charCodeAt(i);
      const next: State = state.next.get(code) ?? { next: new Map(), depth: i + 1, fallback: root, matched: 0 };
      state.next.set(code, next);
      state = next;
    }
    state.matched = stop.length;
  }
  // Breadth first, so that a state's fallback, which is shorter, is finished before it.
  const queue = [...root.next.values()];
  for (const state of queue) {
    for (const [code, next] of state.next) {
      next.fallback = state.fallback === null ? root : step(state.fallback, code, root);
      if (next.matched === 0) next.matched = next.fallback.matched;
      queue.push(next);
    }
  }
  return root;
}
