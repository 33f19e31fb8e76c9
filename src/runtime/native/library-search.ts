/** Finds the runtime libraries of this machine: several versions may lie side by side, each opens the models that it is good for. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../../core/errors.ts";
import { compareToolkits } from "../../core/toolkit-version.ts";
import { describeLibrary, type RuntimeLibrary } from "./library.ts";

/** File name of Rockchip's library, and of the CPU runtime where it is built as a drop-in for it. */
const LIBRARY_FILE_NAME = "librkllmrt.so";
/** `librkllmrt-1.2.3.so`, `librkllmrt_v1.3.0.so`, `librkllmrt.so.1.3.0` */
const VERSIONED_FILE = /^librkllmrt(?:[-_.]v?\d[\w.-]*\.so|\.so\.\d[\w.-]*)$/;
/** `1.2.3`, `v1.3.0`, `release-v1.2.3` */
const VERSION_FOLDER = /(?:^|[-_v])\d+\.\d+\.\d+$/;

/** Where to look. Plain values, so that the decision depends on nothing else. */
export interface LibrarySearch {
  /** Files, and folders that hold some; when given, nothing else is looked at. */
  readonly named?: readonly string[] | null | undefined;
  /** Folders looked at in this order otherwise: `librarySearchFolders`. */
  readonly folders: readonly string[];
  /** Version to assume whatever the file says; where several files are found, of those that tell none that is known. */
  readonly versionOverride?: string | null | undefined;
  /** `process.arch` of the process that will load it. */
  readonly arch: string;
}

/** What was found. */
export interface FoundLibraries {
  /** The newest first; at least one. */
  readonly libraries: readonly RuntimeLibrary[];
  /** Why the others cannot be used. */
  readonly faults: readonly AppError[];
}

/**
 * Folders where a runtime library is commonly put: the system's, the one of the executable, the project's `external/`.
 * @param executable path of the running program.
 * @param projectFolder the checkout; absent in a compiled binary.
 */
export function librarySearchFolders(place: {
  readonly arch: string;
  readonly executable: string;
  readonly projectFolder?: string | undefined;
}): string[] {
  const multiarch = place.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const folders = ["/usr/lib", `/usr/lib/${multiarch}`, "/usr/local/lib", dirname(place.executable)];
  if (place.projectFolder !== undefined) folders.push(join(place.projectFolder, "external"));
  return folders;
}

/** The files that are looked at, in this order; in each folder librkllmrt.so, there or not, and the versioned ones that are there. */
export function libraryCandidates({ named, folders }: Pick<LibrarySearch, "named" | "folders">): string[] {
  const paths = named?.flatMap((path) => (isFolder(path) ? inFolder(path) : [resolve(path)])) ?? folders.flatMap(inFolder);
  return [...new Set(paths)];
}

/**
 * The libraries that can be used. Of those found in the usual places, one of each version: the first.
 * @throws AppError runtime_library_missing when there is none, or none that is for this machine; the message names every place that was
 * looked at and where to get the library.
 * @throws AppError runtime_version_unknown as `describeLibrary` does.
 */
export function findRuntimeLibraries(search: LibrarySearch): FoundLibraries {
  const candidates = libraryCandidates(search);
  const isNamed = search.named !== null && search.named !== undefined;
  const present = distinctFiles(candidates.filter(isFile));
  const libraries: RuntimeLibrary[] = [];
  const faults: AppError[] =
    isNamed && present.length > 0 ? (search.named ?? []).filter((path) => !isFile(path) && !isFolder(path)).map(notThere) : [];
  for (const path of present) {
    try {
      const library = present.length > 1 ? describeAmongOthers(path, search) : describeLibrary(path, search);
      const isKnown = libraries.some(({ version, formats }) => version === library.version && formats[0] === library.formats[0]);
      if (isNamed || !isKnown) libraries.push(library);
    } catch (thrown) {
      faults.push(AppError.from(thrown));
    }
  }
  if (libraries.length > 0) return { libraries: libraries.toSorted((a, b) => compareToolkits(b.version, a.version)), faults };
  throw faults[0] ?? missing(candidates, search.arch);
}

/** An override is meant for the library that does not tell; it must not make one version of all. */
function describeAmongOthers(path: string, { arch, versionOverride }: LibrarySearch): RuntimeLibrary {
  try {
    return describeLibrary(path, { arch });
  } catch (thrown) {
    const isUnknown = AppError.from(thrown).code === "runtime_version_unknown";
    if (!isUnknown || versionOverride === null || versionOverride === undefined) throw thrown;
    return describeLibrary(path, { arch, versionOverride });
  }
}

function missing(candidates: readonly string[], arch: string): AppError {
  const fix =
    arch === "arm64"
      ? "Download it from https://github.com/airockchip/rknn-llm (rkllm-runtime/Linux/librkllm_api/aarch64) into /usr/lib, " +
        "or name the file with --runtime, and restart the server; `rockchip-llama doctor` prints the commands."
      : "Rockchip publishes it for 64-bit ARM only: .rkllm models need a Rockchip board, .gguf models run here without it.";
  return new AppError("runtime_library_missing", `Rockchip's runtime library was not found. Looked at: ${candidates.join(", ")}. ${fix}`);
}

function notThere(path: string): AppError {
  return new AppError("runtime_library_missing", `There is no runtime library at ${path}.`);
}

function inFolder(folder: string): string[] {
  const names = namesIn(folder).toSorted();
  const versioned = names.filter((name) => VERSIONED_FILE.test(name)).map((name) => resolve(folder, name));
  const below = names.filter((name) => VERSION_FOLDER.test(name)).map((name) => resolve(folder, name, LIBRARY_FILE_NAME));
  return [resolve(folder, LIBRARY_FILE_NAME), ...versioned, ...below.filter(isFile)];
}

/** Links to a file that is there as well are that file. */
function distinctFiles(paths: readonly string[]): string[] {
  const seen = new Set<string>();
  return paths.filter((path) => {
    const real = realpathSync(path);
    return !seen.has(real) && seen.add(real);
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
