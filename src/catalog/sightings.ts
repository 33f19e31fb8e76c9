/** What a scan has seen of the file system, and whether it would see the same again. */
import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { isWithin } from "./within-folder.ts";

/**
 * A file that was written so shortly before it was seen may be written once more without a new time: clocks of file systems tick up to two
 * seconds apart (FAT).
 */
const SETTLED_MS = 2000;

/** Every path that was looked at, a folder before its entries are read, with what was there; of the program's own folder, what was missing. */
export class Sightings {
  readonly #seen = new Map<string, string>();
  readonly #listed = new Map<string, string>();
  readonly #nowMs: number;
  readonly #fixedDir: string | null;
  /** Nothing was written just before, and everything could be read. */
  #settled = true;

  /**
   * @param nowMs the time, ms since the epoch
   * @param fixedDir a folder of the program's own, which does not change while that runs: what is there is not looked at again. null: none
   */
  constructor(nowMs: number, fixedDir: string | null = null) {
    this.#nowMs = nowMs;
    this.#fixedDir = fixedDir;
  }

  /** null where there is nothing, or a link leads nowhere. */
  async look(path: string): Promise<Stats | null> {
    const status = await statOf(path);
    if (status !== null && this.#isFixed(path)) return status;
    const traits = traitsOf(status);
    // Who looked before has seen something else.
    if ((this.#seen.get(path) ?? traits) !== traits) this.#settled = false;
    this.#seen.set(path, traits);
    // A time to come is no better: the clock has been set back, or is another machine's.
    if (status !== null && status.ctimeMs > this.#nowMs - SETTLED_MS) this.#settled = false;
    return status;
  }

  /**
   * Notes what a folder holds: on some file systems (cloud storage over FUSE, FAT behind SMB) it shows no new time when that changes.
   * @param names in any order
   */
  listed(path: string, names: readonly string[]): void {
    if (!this.#isFixed(path)) this.#listed.set(path, joined(names));
  }

  /** What is there could not be read, which may be different the next time though nothing has changed. */
  doubt(): void {
    this.#settled = false;
  }

  /** Whether they may hold at all. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether everything is as it was. The files are asked for all at once, so this takes no longer than the slowest of them. */
  async hold(): Promise<boolean> {
    if (!this.#settled) return false;
    const same = await Promise.all([
      ...Array.from(this.#seen, async ([path, traits]) => traitsOf(await statOf(path)) === traits),
      // A folder that is gone, or may not be read any more, shows that itself.
      ...Array.from(this.#listed, async ([path, names]) => (await readdir(path).then(joined, () => names)) === names),
    ]);
    return same.every(Boolean);
  }

  #isFixed(path: string): boolean {
    return this.#fixedDir !== null && isWithin(this.#fixedDir, path);
  }
}

/** No name has a slash. */
function joined(names: readonly string[]): string {
  return names.toSorted().join("/");
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch {
    return null;
  }
}

/**
 * What a file that has changed, or taken another's place, shows. The time of the last change to the file or to what is said of it (ctime) cannot
 * be set back as the one of its content can.
 */
export function traitsOf(status: Stats | null): string {
  return status === null ? "" : `${status.dev} ${status.ino} ${status.size} ${status.mtimeMs} ${status.ctimeMs}`;
}
