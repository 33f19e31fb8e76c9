/** Shows how far a download is: a line that redraws itself on a terminal, plain lines everywhere else. */

import { formatBytes } from "../core/byte-size.ts";

/** Where the lines go. */
export interface ProgressScreen {
  /** Columns of the terminal; null where it is none. */
  readonly columns: number | null;
  write(text: string): void;
  /** Milliseconds of any steady clock. */
  now(): number;
}

/** Redraws a second on a terminal, at most. */
const REDRAWS_PER_SECOND = 10;
/** Plain lines come at every tenth of the file, and at most this often where its size is not known. */
const PLAIN_INTERVAL_MS = 10_000;
/** The rate is that of about the last this many milliseconds. */
const RATE_WINDOW_MS = 5000;
const BAR_WIDTH_MAX = 40;

/** The progress of one file after another. */
export class Progress {
  readonly #screen: ProgressScreen;
  #file = "";
  #drawn = false;
  #lastMs = Number.NEGATIVE_INFINITY;
  #tenth = 0;
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  constructor(screen: ProgressScreen) {
    this.#screen = screen;
  }

  /** A file begins, or goes on at `bytes` after a broken connection. */
  start(file: string, bytes: number, totalBytes: number | null): void {
    this.#samples = [{ atMs: this.#screen.now(), bytes }];
    this.#tenth = tenthOf(bytes, totalBytes);
    if (file === this.#file) return;
    this.#file = file;
    const from = bytes > 0 ? `, going on at ${formatBytes(bytes)}` : "";
    this.line(`${file}${totalBytes === null ? "" : ` (${formatBytes(totalBytes)})`}${from}`);
  }

  /** More of the file has come. */
  update(bytes: number, totalBytes: number | null): void {
    const atMs = this.#screen.now();
    const done = bytes === totalBytes;
    const tenth = tenthOf(bytes, totalBytes);
    const due =
      this.#screen.columns !== null
        ? atMs - this.#lastMs >= 1000 / REDRAWS_PER_SECOND
        : totalBytes === null
          ? atMs - this.#lastMs >= PLAIN_INTERVAL_MS
          : tenth > this.#tenth;
    if (!due && !done) return;
    this.#lastMs = atMs;
    this.#tenth = tenth;
    this.#samples = [
      ...this.#samples.filter((sample) => atMs - sample.atMs <= RATE_WINDOW_MS || sample === this.#samples.at(-1)),
      { atMs, bytes },
    ];
    const text = progressLine({ bytes, totalBytes, bytesPerSecond: this.#rate() }, this.#screen.columns);
    if (this.#screen.columns === null) this.#screen.write(`${text}\n`);
    else this.#screen.write(`\r\x1b[K${text}`);
    this.#drawn = this.#screen.columns !== null;
  }

  /** Writes a line of its own, below what has been drawn. */
  line(text: string): void {
    this.end();
    this.#screen.write(`${text}\n`);
  }

  /** Leaves the line that was being redrawn. */
  end(): void {
    if (this.#drawn) this.#screen.write("\n");
    this.#drawn = false;
  }

  #rate(): number | null {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return null;
    return ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs);
  }
}

/** One state as text, no longer than the columns. */
export function progressLine(
  state: { readonly bytes: number; readonly totalBytes: number | null; readonly bytesPerSecond: number | null },
  columns: number | null,
): string {
  const { bytes, totalBytes, bytesPerSecond } = state;
  const rate = bytesPerSecond === null || bytesPerSecond <= 0 ? [] : [`${formatBytes(bytesPerSecond)}/s`];
  if (totalBytes === null) return [formatBytes(bytes), ...rate].join("  ");
  const share = totalBytes === 0 ? 1 : Math.min(bytes / totalBytes, 1);
  const left = rate.length === 0 || share === 1 ? [] : [`${formatDuration((totalBytes - bytes) / (bytesPerSecond ?? 1))} left`];
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const text = [percent, `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`, ...rate, ...left].join("  ");
  if (columns === null) return text.trimStart();
  const width = Math.min(columns - text.length - 5, BAR_WIDTH_MAX);
  if (width < 5) return text.slice(0, Math.max(columns - 1, 0));
  const filled = Math.floor(share * width);
  return `[${"#".repeat(filled)}${" ".repeat(width - filled)}] ${text}`;
}

/** `45 s`, `3 min 20 s`, `1 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(Math.round(seconds), 0);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function tenthOf(bytes: number, totalBytes: number | null): number {
  return totalBytes === null || totalBytes === 0 ? 0 : Math.floor((bytes * 10) / totalBytes);
}
