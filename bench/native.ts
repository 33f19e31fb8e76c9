/** The C programs of the benchmark and the CPU runtime as a library, built with the machine's C compiler. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { buildCpuRuntime, findCompiler } from "../external/rkllm-cpu/build.ts";

const ROOT = join(import.meta.dir, "..");
const SOURCES = join(import.meta.dir, "native");
const FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"];

/** Paths of what was built. */
export interface NativePrograms {
  /** HTTP client that stamps every byte. */
  readonly client: string;
  /** The loop without a server. */
  readonly bareLoop: string;
  /** librkllmrt.so that stamps every call and callback, then passes it on. */
  readonly trace: string;
  /** To be preloaded: stamps what goes through sockets. */
  readonly sockets: string;
  /** The CPU runtime as librkllmrt.so. */
  readonly runtime: string;
  /** Folder of llama.cpp's libraries, for RKLLM_CPU_LIBDIR. */
  readonly llamaFolder: string;
}

/** Builds all of it into a folder. Throws with the compiler's output, or where there is no compiler. */
export async function buildNativePrograms(folder: string): Promise<NativePrograms> {
  const compiler = findCompiler(undefined);
  if (compiler === null) throw new Error("The benchmark needs a C compiler: apt-get install gcc libc6-dev");
  await mkdir(folder, { recursive: true });
  const build = (source: string, target: string, ...flags: string[]): string => {
    const output = join(folder, target);
    const { exitCode, stderr } = Bun.spawnSync([compiler, ...FLAGS, ...flags, "-o", output, join(SOURCES, source), "-ldl"], {
      stderr: "pipe",
    });
    if (exitCode !== 0) throw new Error(`${compiler} could not build ${source}:\n${stderr.toString()}`);
    return output;
  };
  const shared = ["-shared", "-fPIC"];
  return {
    client: build("client.c", "client"),
    bareLoop: build("bare-loop.c", "bare-loop"),
    trace: build("trace.c", "librkllmrt-trace.so", ...shared, "-DTRACE_CPU_RUNTIME"),
    sockets: build("sockets.c", "sockets.so", ...shared),
    runtime: buildCpuRuntime({ version: "1.3.0", folder: join(folder, "runtime") }),
    llamaFolder: join(ROOT, `node_modules/@node-llama-cpp/linux-${process.arch}/bins/linux-${process.arch}`),
  };
}
