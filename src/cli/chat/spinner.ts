/** Shows on a terminal that something is being waited for. */
import type { Terminal } from "../terminal.ts";

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const FRAME_MS = 100;

/** Starts turning; what ended sooner than a frame is not shown. @returns what takes it away; safe to call twice */
export function startSpinner({ columns, write }: Terminal): () => void {
  if (columns() === null) return () => {};
  let frame = 0;
  const timer = setInterval(() => {
    write(`\r${FRAMES[frame++ % FRAMES.length] ?? ""} `);
  }, FRAME_MS);
  return () => {
    clearInterval(timer);
    if (frame > 0) write("\r\u001b[K");
    frame = 0;
  };
}
