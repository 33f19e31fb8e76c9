/** Breaks lines between words while their letters are still coming: a word that turns out too long is taken back and written again below. */

/** Wraps one text. Everything it returns is to be written at once, on a terminal whose cursor nobody else moves. */
export class WordWrap {
  readonly #columns: () => number;
  /** Where the cursor is. */
  #column = 0;
  #word = "";
  #wordWidth = 0;

  /** @param columns those of the terminal, asked for each letter: windows change */
  constructor(columns: () => number) {
    this.#columns = columns;
  }

  /** The next piece of the text, as it is to be written. */
  push(text: string): string {
    let written = "";
    for (const character of text) written += this.#put(character);
    return written;
  }

  #put(character: string): string {
    if (character === "\n") return this.#breakLine();
    const isSpace = character === " " || character === "\t";
    const width = character === "\t" ? 8 - (this.#column % 8) : Bun.stringWidth(character);
    // The last column stays free: terminals differ in where the cursor is behind it.
    const columnsMax = Math.max(this.#columns() - 1, 1);
    if (this.#column + width <= columnsMax) {
      this.#advance(character, width, isSpace);
      return character;
    }
    if (isSpace) return this.#breakLine();
    if (this.#word === "" || this.#column === this.#wordWidth || this.#wordWidth + width > columnsMax) {
      return this.#breakLine() + this.#put(character);
    }
    const moved = this.#word;
    const takeBack = `\u001b[${this.#wordWidth}D\u001b[K`;
    return takeBack + this.#breakLine() + this.push(moved + character);
  }

  #advance(character: string, width: number, isSpace: boolean): void {
    this.#column += width;
    // Scripts without spaces, whose letters are wide, may be broken anywhere.
    const endsWord = isSpace || width > 1;
    this.#word = endsWord ? "" : this.#word + character;
    this.#wordWidth = endsWord ? 0 : this.#wordWidth + width;
  }

  #breakLine(): string {
    this.#column = 0;
    this.#word = "";
    this.#wordWidth = 0;
    return "\n";
  }
}
