/** Opens a model with the first of several libraries that takes it: nothing but trying tells for certain which does. */
import { AppError } from "../core/errors.ts";
import type { LibrarySpec } from "./protocol.ts";

/** Failures that another version may not have; too little memory is not one of them, and neither is a client that has gone. */
const OF_THE_LIBRARY: ReadonlySet<string> = new Set([
  "model_load_failed",
  "engine_lost",
  "runtime_library_missing",
  "runtime_version_unknown",
]);

/** What came of it. */
export interface OpenedWith<T> {
  readonly opened: T;
  readonly library: LibrarySpec;
  /** Those that were tried before. */
  readonly refused: readonly LibraryFailure[];
}

/** A library that did not open a model. */
export interface LibraryFailure {
  readonly library: LibrarySpec;
  readonly error: AppError;
}

/**
 * @param open with one of the libraries
 * @param signal nobody wants the model any more: nothing else is tried
 * @param onRefused is told of each that did not open the model where another is tried in its place
 * @throws AppError what the only library said; of several, model_load_failed (or what all of them failed with) and what each said
 */
export async function openWithFirst<T>(
  modelId: string,
  libraries: readonly LibrarySpec[],
  open: (library: LibrarySpec) => Promise<T>,
  signal: AbortSignal,
  onRefused: (library: LibrarySpec, error: AppError) => void,
): Promise<OpenedWith<T>> {
  const failures: LibraryFailure[] = [];
  for (const library of libraries) {
    try {
      return { opened: await open(library), library, refused: failures };
    } catch (thrown) {
      const error = AppError.from(thrown);
      if (libraries.length === 1 || signal.aborted || !OF_THE_LIBRARY.has(error.code)) throw error;
      failures.push({ library, error });
      if (failures.length < libraries.length) onRefused(library, error);
    }
  }
  const [first] = failures;
  const code = failures.every(({ error }) => error.code === first?.error.code) ? first?.error.code : "model_load_failed";
  const said = failures.map(({ library, error }) => `${libraryName(library)}: ${error.message}`);
  throw new AppError(code ?? "model_load_failed", `None of ${failures.length} libraries opened ${modelId}. ${said.join("; ")}`);
}

/** As logs and errors name it: `1.2.3 (/usr/lib/librkllmrt.so)`. */
export function libraryName(library: LibrarySpec): string {
  return library.kind === "file" ? `${library.version} (${library.path})` : `the built-in CPU runtime ${library.version}`;
}
