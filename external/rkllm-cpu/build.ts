/**
 * Builds the CPU runtime into a librkllmrt.so that any program written for the RKLLM ABI can load:
 *
 *   bun external/rkllm-cpu/build.ts [--abi 1.2.3|1.3.0] [--cc COMPILER] [--sanitize]
 *
 * Without --abi it builds both. The server itself needs none of this: it compiles the same source at start.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

/** Value of the macro RKLLM_ABI for each version that can be built. */
const ABI_MACROS: Readonly<Record<string, number>> = { "1.2.3": 123, "1.3.0": 130 };

export interface CpuRuntimeBuild {
  /** A key of ABI_MACROS. */
  readonly version: string;
  /** Where librkllmrt.so goes; default `build/<version>` beside this file. */
  readonly folder?: string;
  /** Default: the first of cc, gcc, clang. */
  readonly compiler?: string | undefined;
  /** Moods (README.md) that it is in whatever the environment says. */
  readonly moods?: string;
  /** With the address and undefined-behaviour sanitizers; the program that loads it must preload the former's library. */
  readonly sanitize?: boolean;
}

/** The path of the compiler, or null when there is none. */
export function findCompiler(wanted: string | undefined): string | null {
  const names = wanted === undefined ? ["cc", "gcc", "clang"] : [wanted];
  return names.map((name) => Bun.which(name)).find((path) => path !== null) ?? null;
}

/** Builds one library and returns its path. Throws with the compiler's output when that fails. */
export function buildCpuRuntime(build: CpuRuntimeBuild): string {
  const macro = ABI_MACROS[build.version];
  if (macro === undefined) throw new Error(`--abi must be one of ${Object.keys(ABI_MACROS).join(", ")}, not ${build.version}.`);
  const compiler = findCompiler(build.compiler);
  if (compiler === null) throw new Error(`The C compiler ${build.compiler ?? "cc"} was not found. Install gcc, or name one with --cc.`);
  const folder = build.folder ?? join(import.meta.dir, "build", build.version);
  const library = join(folder, "librkllmrt.so");
  mkdirSync(folder, { recursive: true });
  const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", `-DRKLLM_ABI=${macro}`];
  if (build.moods !== undefined) flags.push(`-DRKLLM_CPU_BUILT_MOODS=${JSON.stringify(build.moods)}`);
  if (build.sanitize === true) flags.push("-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-g");
  const source = join(import.meta.dir, "rkllm_cpu.c");
  const { exitCode, stderr } = Bun.spawnSync({
    cmd: [compiler, ...flags, "-o", library, source, "-ldl", "-lpthread"],
    stdout: "inherit",
    stderr: "pipe",
  });
  if (exitCode !== 0) throw new Error(`${compiler} could not build the CPU runtime:\n${stderr.toString()}`);
  return library;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { abi: { type: "string" }, cc: { type: "string" }, sanitize: { type: "boolean", default: false } },
  });
  const versions = values.abi === undefined ? Object.keys(ABI_MACROS) : [values.abi];
  for (const version of versions) console.log(buildCpuRuntime({ version, compiler: values.cc, sanitize: values.sanitize }));
}
