/** What turns plain text into tokens; control tokens and the order of things are the business of `prompt-tokenizer.ts`. */
import type { TokenIds } from "./token-ids.ts";

/** Where a stretch of text stands in the prompt. */
export interface TextPlace {
  /** Nothing stands before it. */
  readonly first: boolean;
  /** A control or user-defined token stands before it, or nothing. */
  readonly afterSpecial: boolean;
}

/** The tokens of plain text. */
export interface TextModel {
  /** Appends the tokens of a text, which is well-formed and not empty. */
  encode(text: string, place: TextPlace, ids: TokenIds): void;
  /** The bytes that a normal token stands for. */
  pieceBytes(id: number): Uint8Array;
}

/** Ids of the tokens `<0x00>` to `<0xFF>`, -1 where the vocabulary has none. */
export function byteTokens(find: (text: string) => number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => find(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`));
}

/** The byte of a token such as `<0x0A>`; null for any other text. */
export function byteOfToken(text: string): number | null {
  const digits = /^<0x([0-9A-F]{2})>$/.exec(text)?.[1];
  return digits === undefined ? null : Number.parseInt(digits, 16);
}

/** SentencePiece's spelling of the space. */
export const SPACE_MARK = "▁";
