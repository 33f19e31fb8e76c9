/** A terminal that keeps what is written to it. */
import type { Terminal } from "../../../src/cli/terminal.ts";

/** The terminal, and everything it was given so far. */
export function recordingTerminal({ isTerminal, columns = 80 }: { isTerminal: boolean; columns?: number }): {
  readonly terminal: Terminal;
  text(this: void): string;
} {
  let written = "";
  const terminal: Terminal = {
    isTerminal,
    hasColours: isTerminal,
    columns: () => (isTerminal ? columns : null),
    write: (text) => {
      written += text;
    },
  };
  return { terminal, text: () => written };
}
