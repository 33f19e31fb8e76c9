/** Gathers what an answer consists of: neighbours joined, blanks at the edges dropped, surrogate pairs kept whole. */

/** What an answer consists of. */
export type OutputEvent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  /** `arguments` is JSON text of an object. */
  | { readonly kind: "tool_call"; readonly name: string; readonly arguments: string }
  /** `text` is what the model wrote, `fault` what is wrong with it, in plain English. */
  | { readonly kind: "malformed_call"; readonly text: string; readonly fault: string };

type WordKind = "text" | "reasoning";

/** Collects for one answer. While it is muted everything is thrown away: the answer's opening is read, not repeated. */
export class EventCollector {
  readonly #trimsText: boolean;
  muted = false;
  /** Something other than blanks has come out. */
  begun = false;
  #events: OutputEvent[] = [];
  #kind: WordKind = "text";
  /** The end that waits: blanks that may turn out to stand at an edge, or the first half of a surrogate pair. */
  #held = "";
  /** Something of the present thought is out. */
  #thought = false;

  /** @param options.trimsText A call may follow, and the blanks before it are to be dropped. */
  constructor(options: { readonly trimsText: boolean }) {
    this.#trimsText = options.trimsText;
  }

  words(kind: WordKind, piece: string): void {
    if (piece === "") return;
    if (kind !== this.#kind) this.border();
    this.#kind = kind;
    // Mostly nothing waits, and nothing has to.
    if (this.#held === "" && isPrintableAscii(piece.charCodeAt(piece.length - 1))) return this.#emit(piece);
    const trims = kind === "reasoning" || this.#trimsText;
    if (trims && piece.trim() === "") {
      const half = isHighSurrogate(this.#held.charCodeAt(0));
      if (half) this.#emit(this.#held);
      this.#held = half ? piece : this.#held + piece;
      return;
    }
    const whole = this.#held + piece;
    let end = trims ? whole.length - (piece.length - piece.trimEnd().length) : whole.length;
    if (end === whole.length && isHighSurrogate(whole.charCodeAt(end - 1))) end--;
    this.#held = whole.slice(end);
    this.#emit(whole.slice(0, end));
  }

  call(event: Extract<OutputEvent, { kind: "tool_call" | "malformed_call" }>): void {
    this.border();
    this.begun = true;
    if (!this.muted) this.#events.push(event);
  }

  /** Something ends here: the blanks before it are dropped. */
  border(): void {
    const held = this.#held;
    this.#held = "";
    if (held.trim() !== "") this.#emit(held);
    this.#thought = false;
  }

  /** The answer ends here: its last blanks are its own, a thought's are not. */
  end(): void {
    if (this.#kind === "reasoning") this.border();
    else this.#emit(this.#held);
    this.#held = "";
  }

  /** What there is to send. */
  take(): readonly OutputEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #emit(text: string): void {
    const out = this.#kind === "reasoning" && !this.#thought ? text.trimStart() : text;
    if (out === "") return;
    this.begun ||= out.trim() !== "";
    if (this.muted) return;
    if (this.#kind === "reasoning") this.#thought = true;
    const last = this.#events.at(-1);
    if (last?.kind === this.#kind) this.#events[this.#events.length - 1] = { kind: this.#kind, text: last.text + out };
    else this.#events.push({ kind: this.#kind, text: out });
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

/** Neither a blank nor half of anything. */
function isPrintableAscii(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}
