/** A machine as its files show it: /proc, /sys, /dev, /etc and the rest below one folder, which tests build for themselves. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync, type Stats, statfsSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Whether this process may read and write what lies at a path, links and access lists included. */
function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** Reads a machine's files; nothing throws. Paths are absolute, as the machine itself names them. */
export class Root {
  readonly #folder: string;
  readonly #isOpen: (path: string) => boolean;

  /** @param openTo Decides about access in place of the system, by the machine's own path: the superuser's tests may open everything. */
  constructor(folder = "/", openTo?: (path: string) => boolean) {
    this.#folder = folder;
    this.#isOpen = openTo ?? ((path) => isOpen(this.at(path)));
  }

  /** Where a path of the machine lies. */
  at(path: string): string {
    return join(this.#folder, path);
  }

  exists(path: string): boolean {
    return existsSync(this.at(path));
  }

  /** A file's text without white space around it; null where it cannot be read. */
  text(path: string): string | null {
    return attempt(() => readFileSync(this.at(path), "utf8").trim());
  }

  /** A file's text as a number; null where it is none. */
  number(path: string): number | null {
    const text = this.text(path);
    return text === null || !/^-?\d+$/.test(text) ? null : Number(text);
  }

  /** A file's bytes, each as one character; null where it cannot be read. */
  binary(path: string): string | null {
    return attempt(() => readFileSync(this.at(path), "latin1"));
  }

  /** Names in a folder, sorted; none where it cannot be read. */
  names(path: string): string[] {
    return attempt(() => readdirSync(this.at(path)).sort()) ?? [];
  }

  /** Why a folder's names cannot be read, as the system's code (`EACCES`); null where they can. */
  faultOf(path: string): string | null {
    try {
      readdirSync(this.at(path));
      return null;
    } catch (thrown) {
      return (thrown as NodeJS.ErrnoException).code ?? "unknown";
    }
  }

  status(path: string): Stats | null {
    return attempt(() => statSync(this.at(path)));
  }

  /** Where a path leads once all links are followed; null where it leads nowhere. */
  target(path: string): string | null {
    return attempt(() => `/${relative(realpathSync(this.#folder), realpathSync(this.at(path)))}`);
  }

  /** Whether this user may read and write it. */
  isOpen(path: string): boolean {
    return this.#isOpen(path);
  }

  /** Room on the disk of a path that exists, bytes. */
  freeBytes(path: string): number | null {
    const facts = attempt(() => statfsSync(this.at(path)));
    return facts === null ? null : facts.bavail * facts.bsize;
  }

  /** The path itself, or the nearest folder above it that exists. */
  nearest(path: string): string {
    let place = path;
    while (place !== "/" && !this.exists(place)) place = dirname(place);
    return place;
  }
}
