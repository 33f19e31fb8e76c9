/**
 * What a runtime library says about itself, read from its bytes. It is not loaded for this: loading runs its initialisers, and a library for
 * another processor could not be loaded at all.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { AppError } from "../../core/errors.ts";

/** Facts of one library file. */
export interface LibraryFacts {
  /** The version text, a leading "v" removed and a suffix kept ("1.2.1b1"); null when the file names none. */
  readonly version: string | null;
  /** It is this project's CPU runtime, which opens .gguf files; otherwise it is taken for Rockchip's, which opens .rkllm files. */
  readonly cpuRuntime: boolean;
}

/** Text that stands before the version in every known build; found by looking for strings in the file. */
const VERSION_PREFIX = "RKLLM SDK (version: ";
/** Text that only this project's CPU runtime contains. */
const CPU_RUNTIME_MARKER = "RKLLM CPU runtime";

const ELF_HEADER_BYTES = 20;
const ELF_MAGIC = "\x7fELF";
const ELF_CLASS_64 = 2;

/** e_machine of the processors a librkllmrt.so or a mistaken download may be for. */
const MACHINE_NAMES: Readonly<Record<number, string>> = {
  3: "32-bit x86",
  40: "32-bit ARM (armhf)",
  62: "x86-64",
  183: "64-bit ARM (aarch64)",
};

/** e_machine that a process of this architecture (`process.arch`) can load. */
const MACHINE_OF_ARCH: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/**
 * Reads the facts of a library.
 * @param arch the processor it has to run on, as `process.arch` names it.
 * @throws AppError runtime_library_missing when the file cannot be read, is no shared library, or is one for another processor.
 */
export function readLibraryFacts(path: string, arch: string): LibraryFacts {
  try {
    checkMachine(path, arch);
    return scanTexts(readFileSync(path));
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("runtime_library_missing", `The runtime library ${path} cannot be read: ${reason}.`, { cause: error });
  }
}

function checkMachine(path: string, arch: string): void {
  const header = readHeader(path);
  if (header.length < ELF_HEADER_BYTES || header.toString("latin1", 0, ELF_MAGIC.length) !== ELF_MAGIC) {
    throw new AppError(
      "runtime_library_missing",
      `${path} is not a Linux shared library. If it was downloaded from a web page, it may be the page: download the raw file again.`,
    );
  }
  const machine = header.readUInt16LE(18);
  if (header[4] === ELF_CLASS_64 && machine === MACHINE_OF_ARCH[arch]) return;
  const built = MACHINE_NAMES[machine] ?? `an unknown processor (ELF machine ${machine})`;
  const needed = MACHINE_NAMES[MACHINE_OF_ARCH[arch] ?? 0] ?? arch;
  throw new AppError("runtime_library_missing", `The runtime library ${path} is built for ${built}, but this process needs ${needed}.`);
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(ELF_HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    return header.subarray(0, readSync(file, header, 0, ELF_HEADER_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

/** The prefix may also stand in a format string ("version: %s"), so every occurrence is tried. */
function scanTexts(bytes: Buffer): LibraryFacts {
  let version: string | null = null;
  for (let at = bytes.indexOf(VERSION_PREFIX); at >= 0 && version === null; at = bytes.indexOf(VERSION_PREFIX, at + 1)) {
    const start = at + VERSION_PREFIX.length;
    version = /^v?(\d+\.\d+\.\d+[0-9A-Za-z.-]*)/.exec(bytes.toString("latin1", start, start + 64))?.[1] ?? null;
  }
  return { version, cpuRuntime: bytes.includes(CPU_RUNTIME_MARKER) };
}
