/** Reads lines that a person edits on a terminal, with node:readline, and keeps its hands off the screen while an answer is written. */
import { createInterface, emitKeypressEvents, type Interface } from "node:readline";
import { Writable } from "node:stream";
import type { ChatHistory } from "./history.ts";

/** What a person did. */
export type Input =
  | { readonly kind: "line"; readonly text: string }
  /** Ctrl-C. */
  | { readonly kind: "interrupt"; readonly wasEmpty: boolean }
  /** Ctrl-D, or the terminal has gone. */
  | { readonly kind: "end" };

/** What is read from and written to. */
export interface LineReaderOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly history: ChatHistory;
  /** Greyed, where nothing has been typed yet; "" for none. */
  readonly placeholder: string;
}

const PASTE_ON = "\u001b[?2004h";
const PASTE_OFF = "\u001b[?2004l";

/** A terminal that is written to only while a line is read. */
class Screen extends Writable {
  readonly isTTY = true;
  readonly #output: NodeJS.WriteStream;
  isOn = false;

  constructor(output: NodeJS.WriteStream) {
    super({ decodeStrings: false });
    this.#output = output;
    output.on("resize", this.#resized);
  }

  readonly #resized = (): void => void this.emit("resize");

  get columns(): number {
    return this.#output.columns || 80;
  }

  override _write(text: string, _encoding: string, done: () => void): void {
    if (this.isOn) this.#output.write(text);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#output.off("resize", this.#resized);
    done(error);
  }
}

/** Lines one after another. What is typed during an answer waits for its turn. */
export class LineReader {
  readonly #options: LineReaderOptions;
  readonly #screen: Screen;
  readonly #lines: Interface;
  readonly #waiting: Input[] = [];
  #take: ((input: Input) => void) | null = null;
  /** Lines of a text that is being pasted: their ends send nothing. */
  #pasted: string[] = [];
  #isPasting = false;
  #hasPlaceholder = false;
  /** Called for Ctrl-C while no line is read. */
  onInterrupt: (() => void) | null = null;

  constructor(options: LineReaderOptions) {
    this.#options = options;
    const { input, output, history } = options;
    this.#screen = new Screen(output);
    emitKeypressEvents(input);
    // Before readline's own listener: it finds the line as it would be without us.
    input.on("keypress", this.#keyPressed);
    this.#lines = createInterface({ input, output: this.#screen, terminal: true, history: history.read(), historySize: 1000 });
    this.#lines.on("line", (text) => this.#lineCame(text));
    this.#lines.on("SIGINT", () => this.#interrupted());
    // After Ctrl-Z readline reads no more until it is told to.
    this.#lines.on("SIGCONT", () => this.#lines.prompt(true));
    this.#lines.on("close", () => this.#give({ kind: "end" }));
    this.#lines.on("history", (lines) => {
      if (history.isOn) history.add(lines[0] ?? "");
      else lines.shift();
    });
    output.write(PASTE_ON);
  }

  /** The next line, behind a prompt. */
  async read(prompt: string): Promise<Input> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      if (waiting.kind === "line") this.#options.output.write(`${prompt}${waiting.text}\n`);
      return waiting;
    }
    this.#screen.isOn = true;
    this.#lines.setPrompt(prompt);
    // Rows that were edited while nothing was shown are not on the screen.
    Object.assign(this.#lines, { prevRows: 0 });
    this.#lines.prompt(true);
    this.#showPlaceholder();
    return new Promise((resolve) => {
      this.#take = resolve;
    });
  }

  /** Gives the terminal back. Safe to call twice. */
  close(): void {
    if (this.#screen.destroyed) return;
    this.#options.input.off("keypress", this.#keyPressed);
    this.#screen.isOn = false;
    this.#lines.close();
    this.#screen.destroy();
    this.#options.output.write(PASTE_OFF);
  }

  readonly #keyPressed = (_text: string | undefined, key: { readonly name?: string } | undefined): void => {
    if (this.#hasPlaceholder) this.#options.output.write("\u001b[K");
    this.#hasPlaceholder = false;
    if (key?.name === "paste-start") this.#isPasting = true;
    if (key?.name === "paste-end") this.#isPasting = false;
  };

  #showPlaceholder(): void {
    const { placeholder, output } = this.#options;
    if (placeholder === "" || this.#lines.line !== "" || this.#pasted.length > 0) return;
    output.write(`\u001b[90m${placeholder}\u001b[0m\u001b[${Bun.stringWidth(placeholder)}D`);
    this.#hasPlaceholder = true;
  }

  #lineCame(text: string): void {
    if (this.#isPasting) {
      this.#pasted.push(text);
      return;
    }
    const whole = [...this.#pasted, text].join("\n");
    this.#pasted = [];
    this.#give({ kind: "line", text: whole });
  }

  #interrupted(): void {
    if (this.#take === null) {
      this.#waiting.length = 0;
      this.onInterrupt?.();
      return;
    }
    const wasEmpty = this.#lines.line === "" && this.#pasted.length === 0;
    this.#pasted = [];
    this.#isPasting = false;
    Object.assign(this.#lines, { line: "", cursor: 0 });
    this.#give({ kind: "interrupt", wasEmpty });
  }

  #give(input: Input): void {
    const take = this.#take;
    this.#take = null;
    if (take === null) {
      this.#waiting.push(input);
      return;
    }
    this.#screen.isOn = false;
    take(input);
  }
}
