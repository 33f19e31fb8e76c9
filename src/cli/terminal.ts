/** Where text goes that people read: a terminal, with its width and colours, or a pipe, which gets plain text. */
import type { Environment } from "../config/environment.ts";

/** A place to write to. */
export interface Terminal {
  /** false for a pipe or a file. */
  readonly isTerminal: boolean;
  /** Whether escape codes that change how text looks are wanted. */
  readonly hasColours: boolean;
  /** Columns now; null where it is no terminal, or one whose cursor cannot be moved. */
  columns(): number | null;
  /** Writes text as it is. */
  write(text: string): void;
}

/** Columns of a terminal that does not tell. */
const COLUMNS = 80;

/** A stream of this process. NO_COLOR with any value turns colours off (no-color.org). */
export function terminalOf(stream: NodeJS.WriteStream, environment: Environment): Terminal {
  const isTerminal = stream.isTTY;
  const obeysCodes = isTerminal && environment["TERM"] !== "dumb";
  return {
    isTerminal,
    hasColours: obeysCodes && (environment["NO_COLOR"] ?? "") === "",
    columns: () => (obeysCodes ? stream.columns || COLUMNS : null),
    write: (text) => void stream.write(text),
  };
}

/** Control characters but for newline and tab, and those that turn the direction of writing around. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Text that comes from elsewhere, without what a terminal would obey. */
export function shownText(text: string): string {
  return text.replace(CONTROLS, "");
}

/** What comes from elsewhere, for this place: programs get it as it is. */
export function textFor({ isTerminal }: Terminal, text: string): string {
  return isTerminal ? shownText(text) : text;
}

/** Greyed text; the same text where there are no colours. */
export function dimmed({ hasColours }: Terminal, text: string): string {
  return hasColours ? `\u001b[90m${text}\u001b[0m` : text;
}
