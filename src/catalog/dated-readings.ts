/** What was read of small files, until they change. */
import { type Sightings, traitsOf } from "./sightings.ts";

/** A file's content as it was read, and when the file was written, ms since the epoch. */
export interface Dated<T> {
  readonly value: T;
  readonly modifiedMs: number;
}

/** Reads each file once, and again when it has changed. */
export class DatedReadings<T> {
  readonly #read: (path: string) => Promise<T>;
  #known = new Map<string, Dated<T>>();
  #asked = new Map<string, Dated<T>>();

  /** @param read must not throw */
  constructor(read: (path: string) => Promise<T>) {
    this.#read = read;
  }

  /** null where there is no such file. */
  async get(path: string, sightings: Sightings): Promise<Dated<T> | null> {
    const status = await sightings.look(path);
    if (status === null) return null;
    const key = `${path}\0${traitsOf(status)}`;
    const dated = this.#asked.get(key) ?? this.#known.get(key) ?? { value: await this.#read(path), modifiedMs: Math.trunc(status.mtimeMs) };
    this.#asked.set(key, dated);
    return dated;
  }

  /** Forgets what was not asked for since the last time. */
  sweep(): void {
    this.#known = this.#asked;
    this.#asked = new Map();
  }
}
