/** The lines that were typed in chats, in a file that only their owner may read. */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** As many are kept. */
const LINES_MAX = 1000;
/** The file grows to so many before it is cut. */
const FILE_LINES_MAX = 2 * LINES_MAX;

/** A history that outlives the program. A file that cannot be read or written is never a reason not to chat. */
export class ChatHistory {
  readonly #path: string;
  /** Whether lines are kept from now on. */
  isOn = true;

  constructor(path: string) {
    this.#path = path;
  }

  /** The lines, the newest first. */
  read(): string[] {
    const lines = this.#lines();
    if (lines.length > FILE_LINES_MAX) this.#try(() => writeFileSync(this.#path, `${lines.slice(-LINES_MAX).join("\n")}\n`));
    return lines.slice(-LINES_MAX).toReversed();
  }

  /** Keeps a line, if lines are kept. */
  add(line: string): void {
    if (!this.isOn || line.trim() === "") return;
    this.#try(() => {
      mkdirSync(dirname(this.#path), { recursive: true });
      appendFileSync(this.#path, `${line}\n`, { mode: 0o600 });
      chmodSync(this.#path, 0o600);
    });
  }

  #lines(): string[] {
    try {
      return readFileSync(this.#path, "utf8")
        .split("\n")
        .filter((line) => line !== "");
    } catch {
      return [];
    }
  }

  #try(write: () => void): void {
    try {
      write();
    } catch {
      // A full disk or a read-only home: the lines of this chat are still there.
      this.isOn = false;
    }
  }
}
