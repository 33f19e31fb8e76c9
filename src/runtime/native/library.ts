/** Decides what a runtime library is and which binary interface it has, before anything of it is called. */
import { AppError } from "../../core/errors.ts";
import type { ModelFormat } from "../../core/model.ts";
import { findAbi, VERSION_HINT, type AbiId } from "./abi.ts";
import { readLibraryFacts } from "./library-file.ts";

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

/** How a library file is read. */
export interface LibraryReading {
  /** `process.arch` of the process that will load it. */
  readonly arch: string;
  /** Version to assume whatever the file says. */
  readonly versionOverride?: string | null | undefined;
}

/**
 * Reads what a library file is.
 * @throws AppError runtime_library_missing when it is no library for `arch`.
 * @throws AppError runtime_version_unknown when its version, or the override, is none whose interface is known.
 */
export function describeLibrary(path: string, options: LibraryReading): RuntimeLibrary {
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
