/** Shows what the server tells while it pulls or makes a model. */
import type { StatusLine } from "./client/replies.ts";
import { Progress, type ProgressScreen } from "./progress.ts";
import { shownText, type Terminal } from "./terminal.ts";

/** Prints the lines as they are, for programs. */
export async function printLines(lines: AsyncIterable<StatusLine>, out: Terminal): Promise<void> {
  for await (const line of lines) out.write(`${JSON.stringify(line)}\n`);
}

/** Shows the lines to people: bars for what has a size, each other status once. */
export async function showLines(lines: AsyncIterable<StatusLine>, err: Terminal): Promise<void> {
  const progress = new Progress(screenOf(err));
  let last = "";
  try {
    for await (const { status = "", total, completed } of lines) {
      const shown = shownText(status);
      if (total !== undefined) {
        if (shown !== last) progress.start(shown, completed ?? 0, total);
        progress.update(completed ?? 0, total);
      } else if (shown !== last) progress.line(shown);
      last = shown;
    }
  } finally {
    progress.end();
  }
}

/** A terminal as progress needs it. */
export function screenOf(terminal: Terminal): ProgressScreen {
  return { columns: terminal.columns(), write: terminal.write, now: () => performance.now() };
}
