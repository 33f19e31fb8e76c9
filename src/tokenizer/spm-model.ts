/**
 * SentencePiece's BPE as Llama 2 uses it and llama.cpp computes it: any two neighbours whose joined text is a token may be merged,
 * the token with the highest score first; characters without a token are spelled in bytes.
 */
import { textPieceBytes } from "./bpe-model.ts";
import { mergeSymbols, Symbols, type MergeRules } from "./symbol-merge.ts";
import { byteTokens, SPACE_MARK, type TextModel, type TextPlace } from "./text-model.ts";
import type { TokenIds } from "./token-ids.ts";
import type { TokenTable } from "./token-table.ts";

/** What differs from one SentencePiece vocabulary to another. */
export interface SpmOptions {
  readonly scores: Float32Array;
  /** A space goes before text that follows a special token or nothing. */
  readonly addSpacePrefix: boolean;
  /** What stands for bytes without a token; -1: nothing does. */
  readonly unknownId: number;
}

/** Turns text into tokens by merging what scores best. */
export class SpmModel implements TextModel, MergeRules {
  readonly #tokens: TokenTable;
  readonly #options: SpmOptions;
  readonly #byteIds: Int32Array;
  readonly #symbols = new Symbols();

  constructor(tokens: TokenTable, options: SpmOptions) {
    this.#tokens = tokens;
    this.#options = options;
    this.#byteIds = byteTokens((text) => tokens.findText(text));
    for (let byte = 0; byte < 0x80; byte++) {
      if ((this.#byteIds[byte] ?? -1) < 0) this.#byteIds[byte] = tokens.findText(String.fromCharCode(byte));
    }
  }

  encode(text: string, place: TextPlace, ids: TokenIds): void {
    const prefix = this.#options.addSpacePrefix && place.afterSpecial ? SPACE_MARK : "";
    const bytes = new TextEncoder().encode(prefix + text.replaceAll(" ", SPACE_MARK));
    this.#symbols.reset(bytes);
    for (let at = 0; at < bytes.length;) {
      let end = at + 1;
      while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end++;
      this.#symbols.push(-1, at, end);
      at = end;
    }
    mergeSymbols(this.#symbols, this);
    for (let index = 0; index >= 0; index = this.#symbols.next[index] ?? -1) this.#pushToken(index, ids);
  }

  pieceBytes(id: number): Uint8Array {
    return textPieceBytes(this.#tokens, id);
  }

  find(symbols: Symbols, left: number, right: number): number {
    return this.#tokens.find(symbols.bytes, symbols.starts[left] ?? 0, symbols.ends[right] ?? 0);
  }

  priority(merge: number): number {
    return -(this.#options.scores[merge] ?? 0);
  }

  result(merge: number): number {
    return merge;
  }

  #pushToken(index: number, ids: TokenIds): void {
    const { bytes, ids: symbolIds, starts, ends } = this.#symbols;
    const start = starts[index] ?? 0;
    const end = ends[index] ?? 0;
    const merged = symbolIds[index] ?? -1;
    const id = merged >= 0 ? merged : this.#tokens.find(bytes, start, end);
    if (id >= 0) {
      ids.push(id);
      return;
    }
    for (let at = start; at < end; at++) {
      const byteId = this.#byteIds[bytes[at] ?? 0] ?? -1;
      if (byteId >= 0) ids.push(byteId);
      else if (this.#options.unknownId >= 0) ids.push(this.#options.unknownId);
    }
  }
}
