/** SentencePiece's unigram model: of all ways to spell a word in tokens, the one whose scores add up highest (Viterbi). */
import { textPieceBytes } from "./bpe-model.ts";
import { byteTokens, type TextModel, type TextPlace } from "./text-model.ts";
import type { TokenIds } from "./token-ids.ts";
import type { TokenTable } from "./token-table.ts";

/** What differs from one unigram vocabulary to another. */
export interface UnigramOptions {
  readonly scores: Float64Array;
  readonly unknownId: number;
  /** Unknown characters are spelled in tokens such as `<0x0A>`. */
  readonly byteFallback: boolean;
  readonly words: (text: string, place: TextPlace) => readonly string[];
}

/** How much worse an unknown character is than the worst token. */
const UNKNOWN_PENALTY = 10;
const UNKNOWN = -1;

/** Turns text into the likeliest tokens. */
export class UnigramModel implements TextModel {
  readonly #tokens: TokenTable;
  readonly #options: UnigramOptions;
  readonly #byteIds: Int32Array | null;
  readonly #unknownScore: number;

  constructor(tokens: TokenTable, options: UnigramOptions) {
    this.#tokens = tokens;
    this.#options = options;
    const byteIds = options.byteFallback ? byteTokens((text) => tokens.findText(text)) : null;
    this.#byteIds = byteIds?.includes(-1) === false ? byteIds : null;
    this.#unknownScore = options.scores.reduce((worst, score) => Math.min(worst, score), 0) - UNKNOWN_PENALTY;
  }

  encode(text: string, place: TextPlace, ids: TokenIds): void {
    for (const word of this.#options.words(text, place)) this.#encodeWord(new TextEncoder().encode(word), ids);
  }

  pieceBytes(id: number): Uint8Array {
    return textPieceBytes(this.#tokens, id);
  }

  #encodeWord(bytes: Uint8Array, ids: TokenIds): void {
    const { scores } = this.#options;
    const best = new Float64Array(bytes.length + 1).fill(Number.NEGATIVE_INFINITY);
    /** Where the last token of the best spelling up to here begins, and which token it is. */
    const from = new Int32Array(bytes.length + 1);
    const token = new Int32Array(bytes.length + 1);
    best[0] = 0;
    for (let at = 0; at < bytes.length;) {
      let next = at + 1;
      while (next < bytes.length && ((bytes[next] ?? 0) & 0xc0) === 0x80) next++;
      const soFar = best[at] ?? 0;
      let isKnown = false;
      this.#tokens.prefixes(bytes, at, bytes.length, (id, end) => {
        if (end === next) isKnown = true;
        const score = soFar + (scores[id] ?? 0);
        if (score <= (best[end] ?? 0)) return;
        best[end] = score;
        from[end] = at;
        token[end] = id;
      });
      if (!isKnown && soFar + this.#unknownScore > (best[next] ?? 0)) {
        best[next] = soFar + this.#unknownScore;
        from[next] = at;
        token[next] = UNKNOWN;
      }
      at = next;
    }
    this.#pushPath(bytes, from, token, ids);
  }

  #pushPath(bytes: Uint8Array, from: Int32Array, token: Int32Array, ids: TokenIds): void {
    const ends: number[] = [];
    for (let end = bytes.length; end > 0; end = from[end] ?? 0) ends.push(end);
    let wasUnknown = false;
    for (const end of ends.reverse()) {
      const id = token[end] ?? UNKNOWN;
      if (id !== UNKNOWN) {
        ids.push(id);
      } else if (this.#byteIds !== null) {
        for (const byte of bytes.subarray(from[end], end)) ids.push(this.#byteIds[byte] ?? 0);
      } else if (!wasUnknown) {
        // Neighbouring unknown characters are one token.
        ids.push(this.#options.unknownId);
      }
      wasUnknown = id === UNKNOWN;
    }
  }
}
