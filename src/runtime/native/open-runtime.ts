/** Opens the library behind the ABI and hands out the addresses of its functions, so that every thread can link to them. */
import { cc, linkSymbols, type Pointer } from "bun:ffi";
import { basename } from "node:path";
import { AppError } from "../../core/errors.ts";
import type { LibrarySpec } from "../protocol.ts";
import { abiForVersion, RKLLM_FUNCTIONS } from "./abi.ts";
import type { NativeAssets } from "./assets.ts";
import type { Bridge, SymbolLookup } from "./bridge.ts";
import { nativeString } from "./struct-writer.ts";

/** Addresses of a library's functions by name. */
export type FunctionAddresses = Readonly<Record<string, number>>;

/**
 * Opens a library, compiling it first where it is our own.
 * @throws AppError runtime_library_missing when it cannot be loaded, model_load_failed when it lacks a function of the ABI
 */
export function openRuntime(library: LibrarySpec, assets: NativeAssets, bridge: Bridge): FunctionAddresses {
  const lookUp = library.kind === "file" ? bridge.openLibrary(library.path) : compileCpuRuntime(library.version, assets);
  const functions: Record<string, number> = {};
  for (const name of Object.keys(RKLLM_FUNCTIONS)) {
    const address = lookUp(name);
    if (address === 0) {
      const where = library.kind === "file" ? library.path : "the CPU runtime";
      throw new AppError("model_load_failed", `${where} has no function ${name}: it is not an RKLLM runtime of version ${library.version}`);
    }
    functions[name] = address;
  }
  return functions;
}

/** rkllm_abort on one handle. It may be called from any thread, also while rkllm_run blocks another. */
export function linkAbort(functions: FunctionAddresses, handle: number): () => void {
  const { symbols } = linkSymbols({ rkllm_abort: { ...RKLLM_FUNCTIONS.rkllm_abort, ptr: functions["rkllm_abort"]! as Pointer } });
  return () => void symbols.rkllm_abort(handle as Pointer);
}

const CPU_RUNTIME_SYMBOLS = {
  rkllm_cpu_load: { args: ["ptr", "ptr"], returns: "i32" },
  rkllm_cpu_error: { args: [], returns: "cstring" },
  rkllm_cpu_symbol: { args: ["ptr"], returns: "ptr" },
} as const;

/** One compiled CPU runtime per version and process: compiling again would load everything twice. */
const compiledRuntimes = new Map<string, SymbolLookup>();
const keptAlive: unknown[] = [];

function compileCpuRuntime(version: string, assets: NativeAssets): SymbolLookup {
  const known = compiledRuntimes.get(version);
  if (known !== undefined) return known;
  const source = assets.cpuRuntimeSource;
  const flags = ["-nostdlib", `-DRKLLM_ABI=${abiForVersion(version).headerMacro}`];
  const library = cc({ source, flags, symbols: CPU_RUNTIME_SYMBOLS });
  keptAlive.push(library);
  const folder = nativeString(assets.llamaDir);
  const file = nativeString(basename(assets.llamaFile));
  if (library.symbols.rkllm_cpu_load(folder.address, file.address) !== 0) {
    throw new AppError("runtime_library_missing", `The CPU runtime cannot start: ${String(library.symbols.rkllm_cpu_error())}`);
  }
  const lookUp: SymbolLookup = (name) => Number(library.symbols.rkllm_cpu_symbol(nativeString(name).address) ?? 0);
  compiledRuntimes.set(version, lookUp);
  return lookUp;
}
