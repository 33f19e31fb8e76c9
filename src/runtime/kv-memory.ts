/**
 * What the host remembers of the sequences that went through its model: what each lane's KV cache is likely to hold, and the exact token ids of
 * recent conversations. The library never tells either, and correctness rests on neither.
 */
import type { Adapter } from "../core/model.ts";
import { commonPrefix, type Lane } from "./lane-choice.ts";

/** Conversations whose ids are kept: some bytes for each token, to spare whole prefills. */
const SEQUENCES_MAX = 32;

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

  /** Token ids; a view that later tokens do not change. */
  view(): Int32Array {
    return this.ids.subarray(0, this.length);
  }
}

/** The lanes of one handle, and recent sequences. */
export class KvMemory {
  private readonly lanesHeld: { sequence: Sequence | null; key: string; adapter: Adapter | undefined; usedAt: number }[];
  private recent: Sequence[] = [];
  private uses = 0;

  constructor(lanes: number) {
    this.lanesHeld = Array.from({ length: lanes }, () => ({ sequence: null, key: "", adapter: undefined, usedAt: 0 }));
  }

  /** The lanes, as far as they were computed with this adapter ("" for none): others are worth nothing to it. */
  lanes(key: string): readonly Lane[] {
    return this.lanesHeld.map(({ sequence, key: used, usedAt }) => ({
      held: sequence === null || used !== key ? NOTHING : sequence.view(),
      usedAt,
    }));
  }

  /** What the first lane holds, and with which adapter; null where nobody knows. */
  firstLane(): { readonly sequence: Sequence; readonly adapter: Adapter | undefined } | null {
    const [lane] = this.lanesHeld;
    return lane === undefined || lane.sequence === null ? null : { sequence: lane.sequence, adapter: lane.adapter };
  }

  /** A prompt begins to run in a lane. @param key tells the adapter from all others. @returns the sequence, for the tokens that will be sampled */
  begin(lane: number, prompt: Int32Array, key: string, adapter: Adapter | undefined): Sequence {
    const sequence = new Sequence(prompt);
    this.lanesHeld[lane] = { sequence, key, adapter, usedAt: ++this.uses };
    // The next turn of a conversation takes the place of the one before it.
    this.recent = this.recent.filter((other) => commonPrefix(other.view(), prompt) < other.promptTokens);
    this.recent.push(sequence);
    if (this.recent.length > SEQUENCES_MAX) this.recent.shift();
    return sequence;
  }

  /** Nothing is known of the KV cache any more. */
  forget(): void {
    for (const lane of this.lanesHeld) lane.sequence = null;
  }

  /** The recent sequence that a prompt shares most tokens with. */
  nearest(prompt: Int32Array): Int32Array {
    let best: Int32Array = NOTHING;
    let most = 0;
    for (const sequence of this.recent) {
      const ids = sequence.view();
      const common = commonPrefix(ids, prompt);
      if (common <= most) continue;
      most = common;
      best = ids;
    }
    return best;
  }
}

const NOTHING = new Int32Array(0);
