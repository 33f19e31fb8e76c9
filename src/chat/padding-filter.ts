/** Drops `[PAD123]`: what models whose vocabulary was padded for the NPU print for an unused token id. */

const PADDING_START = "[PAD";
/** No vocabulary has ids longer than this; a longer number is the model's own text. */
const PADDING_DIGITS_MAX = 7;

/** Filters one answer's text, piece by piece. */
export class PaddingFilter {
  /** The text's end, as long as it may still become a padding token. */
  #held = "";

  /** The text without padding tokens, as far as it is settled. */
  push(piece: string): string {
    let settled = "";
    let from = 0;
    for (let i = 0; i < piece.length; i++) {
      const character = piece.charAt(i);
      if (this.#held === "") {
        if (character !== "[") continue;
        settled += piece.slice(from, i);
        this.#held = character;
      } else if (continuesPadding(this.#held, character)) {
        this.#held = character === "]" ? "" : this.#held + character;
      } else {
        // Not a padding token after all; the character may begin one.
        settled += this.#held;
        this.#held = character === "[" ? character : "";
        if (character !== "[") settled += character;
      }
      from = i + 1;
    }
    return settled + piece.slice(from);
  }

  /** The held end: it did not become a padding token. */
  end(): string {
    const text = this.#held;
    this.#held = "";
    return text;
  }
}

function continuesPadding(held: string, character: string): boolean {
  if (held.length < PADDING_START.length) return character === PADDING_START.charAt(held.length);
  const digits = held.length - PADDING_START.length;
  if (character === "]") return digits > 0;
  return character >= "0" && character <= "9" && digits < PADDING_DIGITS_MAX;
}
