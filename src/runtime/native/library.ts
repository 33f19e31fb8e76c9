/** Finds the RKLLM runtime library and decides, before anything of it is called, which binary interface it has. */
import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../../core/errors.ts";
import type { ModelFormat } from "../../core/model.ts";
import { findAbi, VERSION_HINT, type AbiId } from "./abi.ts";
import { readLibraryFacts } from "./library-file.ts";

/** File name of Rockchip's library, and of the CPU runtime where it is built as a drop-in for it. */
const LIBRARY_FILE_NAME = "librkllmrt.so";

/** A library that may be loaded. */
export interface RuntimeLibrary {
  /** Absolute: dlopen would look for a bare file name elsewhere. */
  readonly path: string;
  /** As the file says it, or the override. */
  readonly version: string;
  readonly abi: AbiId;
  /** Formats of the model files it opens. */
  readonly formats: readonly ModelFormat[];
}

/** Where to look. Plain values, so that the decision depends on nothing else. */
export interface LibrarySearch {
  /** A file, or a folder that holds librkllmrt.so; when given, nothing else is looked at. */
  readonly explicitPath?: string | null | undefined;
  /** Folders looked at in this order otherwise: `librarySearchFolders`. */
  readonly folders: readonly string[];
  /** Version to assume whatever the file says. */
  readonly versionOverride?: string | null | undefined;
  /** `process.arch` of the process that will load it. */
  readonly arch: string;
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

/** The files that are looked at, in this order: the explicit one alone, or one in each folder. */
export function libraryCandidates({ explicitPath, folders }: Pick<LibrarySearch, "explicitPath" | "folders">): string[] {
  if (explicitPath === null || explicitPath === undefined) return folders.map(inFolder);
  return [isFolder(explicitPath) ? inFolder(explicitPath) : resolve(explicitPath)];
}

/**
 * The library to use: the explicit one, else the first that exists.
 * @throws AppError runtime_library_missing when there is none, or the one found is not for this machine; the message names every place
 * that was looked at and where to get the library.
 * @throws AppError runtime_version_unknown as `describeLibrary` does.
 */
export function findRuntimeLibrary(search: LibrarySearch): RuntimeLibrary {
  const candidates = libraryCandidates(search);
  const path = candidates.find(isFile);
  if (path === undefined) throw missing(candidates, search.arch);
  return describeLibrary(path, search);
}

/**
 * Reads what a library file is.
 * @throws AppError runtime_library_missing when it is no library for `arch`.
 * @throws AppError runtime_version_unknown when its version, or the override, is none whose interface is known.
 */
export function describeLibrary(path: string, options: Pick<LibrarySearch, "arch" | "versionOverride">): RuntimeLibrary {
  const facts = readLibraryFacts(path, options.arch);
  const override = options.versionOverride ?? null;
  const version = override ?? facts.version;
  if (version === null) {
    throw new AppError("runtime_version_unknown", `The runtime library ${path} does not say which version it is. ${VERSION_HINT}`);
  }
  const abi = findAbi(version);
  if (abi === undefined) {
    const source = override === null ? `of the runtime library ${path}` : "set for the runtime library";
    throw new AppError("runtime_version_unknown", `The version "${version}" ${source} is not known. ${VERSION_HINT}`);
  }
  return { path, version, abi: abi.id, formats: [facts.cpuRuntime ? "gguf" : "rkllm"] };
}

function missing(candidates: readonly string[], arch: string): AppError {
  const fix =
    arch === "arm64"
      ? "Download it from https://github.com/airockchip/rknn-llm (rkllm-runtime/Linux/librkllm_api/aarch64) into /usr/lib, " +
        "or name the file with --runtime; docs/runtime.md has the steps."
      : "Rockchip publishes it for 64-bit ARM only: .rkllm models need a Rockchip board, .gguf models run here without it.";
  return new AppError("runtime_library_missing", `Rockchip's runtime library was not found. Looked at: ${candidates.join(", ")}. ${fix}`);
}

function inFolder(folder: string): string {
  return resolve(folder, LIBRARY_FILE_NAME);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
