/** Writes an answer while it comes: thoughts dim between two lines that say so, words wrapped on a terminal, a pipe as it is. */
import { dimmed, type Terminal, textFor } from "../terminal.ts";
import { WordWrap } from "./word-wrap.ts";

/** How it is to look. */
export interface AnswerLook {
  readonly wordWrap: boolean;
  readonly hideThinking: boolean;
}

/** Writes one answer. */
export class AnswerWriter {
  readonly #out: Terminal;
  readonly #look: AnswerLook;
  readonly #wrap: WordWrap | null;
  #state: "nothing" | "thinking" | "speaking" = "nothing";
  #endsLine = true;

  constructor(out: Terminal, look: AnswerLook) {
    this.#out = out;
    this.#look = look;
    this.#wrap = look.wordWrap && out.columns() !== null ? new WordWrap(() => out.columns() ?? Infinity) : null;
  }

  /** A piece of what the model thinks. */
  think(text: string): void {
    if (this.#look.hideThinking || text === "") return;
    if (this.#state !== "thinking") {
      this.#out.write(`${dimmed(this.#out, "Thinking...")}\n`);
      this.#state = "thinking";
    }
    this.#put(text, true);
  }

  /** A piece of what it says. */
  speak(text: string): void {
    if (text === "") return;
    if (this.#state === "thinking") this.#endThinking();
    this.#state = "speaking";
    this.#put(text, false);
  }

  /** It ends here, also where it was cut off. */
  end(): void {
    if (this.#state === "thinking") this.#endThinking();
    if (!this.#endsLine) this.#out.write("\n");
    this.#endsLine = true;
  }

  #endThinking(): void {
    this.#out.write(`${this.#endsLine ? "" : "\n"}${dimmed(this.#out, "...done thinking.")}\n\n`);
    this.#wrap?.push("\n");
    this.#endsLine = true;
    this.#state = "nothing";
  }

  #put(text: string, isDim: boolean): void {
    const shown = textFor(this.#out, text);
    if (shown === "") return;
    const wrapped = this.#wrap?.push(shown) ?? shown;
    this.#out.write(isDim ? dimmed(this.#out, wrapped) : wrapped);
    this.#endsLine = shown.endsWith("\n");
  }
}
