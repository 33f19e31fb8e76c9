/** A pull as Ollama streams it: one object for each line of `POST /api/pull` and of `pull --json`. */
import type { PullProgress } from "./pull.ts";

/** One line. With `digest` it belongs to the bar of that file; the last line of a pull that went well has the status "success". */
export interface PullStatus {
  readonly status: string;
  /** `sha256:` and 64 hex digits, of the file; absent where it is not known beforehand. */
  readonly digest?: string;
  /** Bytes. */
  readonly total?: number;
  readonly completed?: number;
}

/** Lines for one file, about: a client needs none for each packet. */
const STEPS = 200;

/** Turns what happens during a pull into lines. */
export class PullStatusLines {
  readonly #emit: (line: PullStatus) => void;
  #file = "";
  #line: PullStatus = { status: "" };
  #completed = 0;

  constructor(emit: (line: PullStatus) => void) {
    this.#emit = emit;
  }

  /** A step of the whole: "pulling manifest", "writing manifest", "success". */
  step(status: string): void {
    this.#emit({ status });
  }

  /** Weights that are there already: one line that is whole from the start. */
  present(file: string, bytes: number, sha256: string | null): void {
    this.#emit({ ...headOf(file, sha256), total: bytes, completed: bytes });
  }

  event(event: PullProgress): void {
    switch (event.kind) {
      case "start":
        this.#file = event.file;
        this.#completed = event.resumedBytes;
        this.#line = { ...headOf(event.file, event.sha256 ?? null), ...(event.totalBytes === null ? {} : { total: event.totalBytes }) };
        return this.#emit(event.resumedBytes === 0 ? this.#line : { ...this.#line, completed: event.resumedBytes });
      case "bytes": {
        if (event.file !== this.#file) return;
        const step = (event.totalBytes ?? 0) / STEPS;
        if (event.receivedBytes - this.#completed < step && event.receivedBytes !== event.totalBytes) return;
        this.#completed = event.receivedBytes;
        return this.#emit({ ...this.#line, completed: event.receivedBytes });
      }
      case "retry":
        return this.#emit({ status: `${event.file}: ${event.reason}; trying again in ${Math.ceil(event.waitMs / 1000)} s` });
      case "note":
        return this.#emit({ status: event.text });
    }
  }
}

function headOf(file: string, sha256: string | null): PullStatus {
  return sha256 === null ? { status: `pulling ${file}` } : { status: `pulling ${sha256.slice(0, 12)}`, digest: `sha256:${sha256}` };
}
