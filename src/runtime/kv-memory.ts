/**
 * What the host remembers of the sequences that went through its model: what each lane's KV cache is likely to hold, and the exact token ids of
 * recent conversations. The library never tells either, and correctness rests on neither.
 */
import type { Adapter } from "../core/model.ts";
import { commonPrefix, type Lane } from "./lane-choice.ts";

/** Conversations whose ids are kept: four bytes for each token, to spare whole prefills. */
const SEQUENCES_MAX = 256;

/** Tokens of all of them together. */
export const REMEMBERED_TOKENS_MAX = 250_000;

/** A prompt and what was sampled behind it. */
export class Sequence {
  readonly promptTokens: number;
  private ids: Int32Array;
  private length: number;

  constructor(prompt: Int32Array) {
    this.promptTokens = prompt.length;
    this.ids = prompt;
    this.length = prompt.length;
  }

  /** A token that was sampled. */
  push(id: number): void {
    if (this.length === this.ids.length) {
      const larger = new Int32Array(this.length * 2 + 64);
      larger.set(this.ids);
      this.ids = larger;
    }
    this.ids[this.length++] = id;
  }

  /** Something was sampled behind the prompt: so all of the prompt was computed. */
  get hasGrown(): boolean {
    return this.length > this.promptTokens;
  }

  /** So many are in it. */
  get tokens(): number {
    return this.length;
  }

  /** How many tokens a prompt begins with as this does, if those are more than `most`; 0 otherwise. The one behind them tells most others apart. */
  sharedBeyond(most: number, prompt: Int32Array): number {
    return most < this.length && this.ids[most] === prompt[most] ? commonPrefix(this.view(), prompt) : 0;
  }

  /** Whether another prompt begins with all of this one. The last token tells most others apart. */
  isBegunBy(prompt: Int32Array): boolean {
    const last = this.promptTokens - 1;
    return prompt[last] === this.ids[last] && commonPrefix(this.ids, prompt) >= this.promptTokens;
  }

  /** Token ids; a view that later tokens do not change. */
  view(): Int32Array {
    return this.ids.subarray(0, this.length);
  }
}

/** The lanes of one handle, and recent sequences. */
export class KvMemory {
  private readonly lanesHeld: { sequence: Sequence | null; usedAt: number }[];
  /** All lanes were computed with it. */
  private adapter: Adapter | undefined = undefined;
  private recent: Sequence[] = [];
  private uses = 0;

  /** @param earlier sequences of hosts before this one, the one that was used last at the end */
  constructor(lanes: number, earlier: readonly Int32Array[] = []) {
    this.recent = earlier.map((ids) => new Sequence(ids));
    this.lanesHeld = Array.from({ length: lanes }, () => ({ sequence: null, usedAt: 0 }));
  }

  /** A run is to have this adapter, or none: where that is another than before, the KV cache is emptied for it (SessionAdapters). */
  use(adapter: Adapter | undefined): void {
    if (keyOf(adapter) !== keyOf(this.adapter)) this.forget();
    this.adapter = adapter;
  }

  lanes(): readonly Lane[] {
    return this.lanesHeld.map(({ sequence, usedAt }) => ({ held: sequence?.view() ?? NOTHING, usedAt }));
  }

  /** What the first lane holds, and with which adapter; null where nobody knows. */
  firstLane(): { readonly sequence: Sequence; readonly adapter: Adapter | undefined } | null {
    const [lane] = this.lanesHeld;
    return lane === undefined || lane.sequence === null ? null : { sequence: lane.sequence, adapter: this.adapter };
  }

  /** A prompt begins to run in a lane. @returns the sequence, for the tokens that will be sampled */
  begin(lane: number, prompt: Int32Array): Sequence {
    const sequence = new Sequence(prompt);
    this.lanesHeld[lane] = { sequence, usedAt: ++this.uses };
    // The next turn of a conversation takes the place of the one before it.
    this.recent = this.recent.filter((other) => !other.isBegunBy(prompt));
    this.recent.push(sequence);
    let tokens = this.recent.reduce((sum, other) => sum + other.tokens, 0);
    while (this.recent.length > SEQUENCES_MAX || (tokens > REMEMBERED_TOKENS_MAX && this.recent.length > 1))
      tokens -= this.recent.shift()?.tokens ?? 0;
    return sequence;
  }

  /** Nothing is known any more of what a lane holds; without one, of what all of them do. */
  forget(lane?: number): void {
    for (const [index, held] of this.lanesHeld.entries()) if (lane === undefined || lane === index) held.sequence = null;
  }

  /** The recent sequence that a prompt shares most tokens with. */
  nearest(prompt: Int32Array): Int32Array {
    let best: Sequence | null = null;
    let most = 0;
    for (const sequence of this.recent) {
      const shared = sequence.sharedBeyond(most, prompt);
      if (shared > most) [best, most] = [sequence, shared];
    }
    return best?.view() ?? NOTHING;
  }
}

const NOTHING = new Int32Array(0);

/** What makes the weights of a run others than those of another. */
function keyOf(adapter: Adapter | undefined): string {
  return adapter === undefined ? "" : JSON.stringify([adapter.path, adapter.scale, adapter.edition]);
}
