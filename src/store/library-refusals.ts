/**
 * Which runtime libraries did not open which model although another one did, so that the next start does not try them first. It holds for these
 * very files: when the weights or the library change, the library gets another chance.
 */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";

const DatedFileSchema = Type.Object({ path: Type.String(), bytes: Type.Number(), modifiedMs: Type.Number() });
const FailedSchema = Type.Composite([DatedFileSchema, Type.Object({ failedMs: Type.Optional(Type.Number()) })]);
const RefusalsSchema = Type.Array(Type.Object({ model: DatedFileSchema, libraries: Type.Array(FailedSchema) }));
type DatedFile = Static<typeof DatedFileSchema>;
type Refusal = Static<typeof RefusalsSchema>[number];

/** How long a failure is remembered that may pass. */
const PASSING_MS = 24 * 3_600_000;

/** A library that did not open a model, and whether that may have been for the moment only: then it gets another chance after a day. */
export interface LibraryRefusal {
  readonly path: string;
  readonly mayPass: boolean;
}

/** Models of which something is remembered. */
const MODELS_MAX = 1000;

/** Weights at one moment. */
export type DatedModel = Readonly<DatedFile>;

/** What is remembered; over a file that can be lost without harm, and need not be writable. */
export class LibraryRefusals {
  readonly #path: string;
  readonly #nowMs: () => number;
  #known: readonly Refusal[] | null = null;

  /**
   * @param path of the file; nothing is read until something is asked
   * @param nowMs the clock, ms since the epoch; tests pass their own
   */
  constructor(path: string, nowMs: () => number = Date.now) {
    this.#path = path;
    this.#nowMs = nowMs;
  }

  /** Paths of the libraries that refused the model and have not changed since. */
  of(model: DatedModel): readonly string[] {
    return this.#standing(model).map(({ path }) => path);
  }

  /**
   * Remembers the libraries that refused a model which another one opened, beside those that were known to; that one is none of them.
   * Never throws.
   */
  note(model: DatedModel, refused: readonly LibraryRefusal[], opened: readonly string[]): void {
    const before = this.#standing(model);
    const again = new Set(refused.map((library) => library.path));
    const failedMs = this.#nowMs();
    const failed = refused.flatMap((library) => {
      const file = dated(library.path);
      return file === null ? [] : [library.mayPass ? { ...file, failedMs } : file];
    });
    const libraries = [...before.filter((library) => !again.has(library.path)), ...failed].filter(
      (library) => !opened.includes(library.path),
    );
    const others = this.#all().filter((each) => each.model.path !== model.path);
    if (Bun.deepEquals(libraries, before) && others.length + Math.sign(before.length) === this.#all().length) return;
    const { path, bytes, modifiedMs } = model;
    const own = libraries.length === 0 ? [] : [{ model: { path, bytes, modifiedMs }, libraries }];
    this.#known = [...others, ...own].slice(-MODELS_MAX);
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(`${this.#path}.tmp`, JSON.stringify(this.#known));
      renameSync(`${this.#path}.tmp`, this.#path);
    } catch {
      // It holds until the program ends.
    }
  }

  #standing(model: DatedModel): Refusal["libraries"] {
    const refusal = this.#all().find((each) => isSame(each.model, model));
    return (refusal?.libraries ?? []).filter((library) => isSame(library, dated(library.path)) && !this.#hasPassed(library));
  }

  /** One of the future was noted before a clock was set. */
  #hasPassed({ failedMs }: Refusal["libraries"][number]): boolean {
    return failedMs !== undefined && Math.abs(this.#nowMs() - failedMs) >= PASSING_MS;
  }

  #all(): readonly Refusal[] {
    return (this.#known ??= read(this.#path));
  }
}

function read(path: string): readonly Refusal[] {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, "utf8"));
    return Value.Check(RefusalsSchema, parsed) ? parsed : [];
  } catch {
    return [];
  }
}

function dated(path: string): DatedFile | null {
  try {
    const { size, mtimeMs } = statSync(path);
    return { path, bytes: size, modifiedMs: mtimeMs };
  } catch {
    return null;
  }
}

function isSame(one: DatedModel, other: DatedModel | null): boolean {
  return other !== null && one.path === other.path && one.bytes === other.bytes && one.modifiedMs === other.modifiedMs;
}
