/** Puts a text together that stands between `"""` on several lines. */

const QUOTES = '"""';
/** What may stand in front of the opening quotes: the one command that takes a long text. */
const OPENING = /^(\/set\s+system\s+)?"""/;

/** Collects lines until a text is complete. */
export class MultiLine {
  #lines: string[] | null = null;

  /** Whether more lines belong to the text. */
  get isOpen(): boolean {
    return this.#lines !== null;
  }

  /** Forgets what has been collected. */
  cancel(): void {
    this.#lines = null;
  }

  /** The next line. @returns the text that it completes, without the quotes; null where more have to come */
  push(line: string): string | null {
    if (this.#lines === null) {
      const [opening, command = ""] = OPENING.exec(line) ?? [];
      if (opening === undefined) return line;
      this.#lines = [];
      return this.#add(command + line.slice(opening.length));
    }
    return this.#add(line);
  }

  #add(line: string): string | null {
    const lines = this.#lines ?? [];
    const text = line.trimEnd();
    if (!text.endsWith(QUOTES)) {
      lines.push(line);
      return null;
    }
    this.#lines = null;
    return [...lines, text.slice(0, -QUOTES.length)].join("\n").replace(/^\n/, "");
  }
}
