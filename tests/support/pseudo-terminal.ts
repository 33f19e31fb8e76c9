/** The program on a terminal, as a person has it: keys go in, a screen comes out. */
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../../src/main.ts");

export interface TerminalOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default 80. */
  readonly columns?: number;
}

/** A running program with a terminal of its own. `await using` ends it. */
export class PseudoTerminal implements AsyncDisposable {
  /** Everything it has written, escape codes and all. */
  output = "";
  readonly #child: ReturnType<typeof Bun.spawn>;
  readonly #terminal: Bun.Terminal;
  #seen = 0;
  #changed = Promise.withResolvers<"changed">();

  /** Starts `rockchip-llama <words>` from the sources. */
  constructor(words: readonly string[], { cwd, env = {}, columns = 80 }: TerminalOptions) {
    const decoder = new TextDecoder();
    this.#terminal = new Bun.Terminal({
      cols: columns,
      rows: 24,
      data: (_terminal, bytes) => {
        this.output += decoder.decode(bytes, { stream: true });
        this.#changed.resolve("changed");
        this.#changed = Promise.withResolvers<"changed">();
      },
    });
    this.#child = Bun.spawn([process.execPath, MAIN, ...words], {
      cwd,
      // Of whoever runs the tests.
      env: { ...process.env, TERM: "xterm-256color", NO_COLOR: "", OLLAMA_HOST: "", ...env },
      terminal: this.#terminal,
    });
  }

  /** Its exit code, once it has ended. */
  get exited(): Promise<number> {
    return this.#child.exited;
  }

  /** Presses keys. */
  type(keys: string): void {
    this.#terminal.write(keys);
  }

  /**
   * Waits for a text behind what was waited for before; escape codes and carriage returns do not count.
   * @returns all that came up to its end. Rejects when the program ends without it.
   */
  async until(text: string): Promise<string> {
    const ended = this.exited.then(() => "ended" as const);
    for (;;) {
      const changed = this.#changed.promise;
      const found = this.#find(text);
      if (found !== null) return found;
      if ((await Promise.race([changed, ended])) === "changed") continue;
      const last = this.#find(text);
      if (last !== null) return last;
      throw new Error(`The program ended before it wrote ${JSON.stringify(text)}:\n${this.#text().slice(this.#seen)}`);
    }
  }

  #find(text: string): string | null {
    const all = this.#text();
    const at = all.indexOf(text, this.#seen);
    if (at === -1) return null;
    const part = all.slice(this.#seen, at + text.length);
    this.#seen = at + text.length;
    return part;
  }

  #text(): string {
    return Bun.stripANSI(this.output).replaceAll("\r", "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
    this.#terminal.close();
  }
}
