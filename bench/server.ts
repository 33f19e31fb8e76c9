/** The server under measurement, started as people start it, in processes of its own. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ServerProcess, startServer } from "../tests/support/server-process.ts";
import type { Bench } from "./measurement.ts";
import { type BenchModel, modelsFolder } from "./models.ts";
import { readStamps, type Stamp } from "./stamps.ts";

/** How it is started. */
export interface BenchServerOptions {
  readonly models: readonly BenchModel[];
  readonly flags?: readonly string[];
  /** Moods of the CPU runtime: `slow-decode=5`. */
  readonly moods?: string;
  /** The runtime's calls and callbacks are stamped. */
  readonly traced?: boolean;
  /** What goes through sockets is stamped, too; it costs a little, so it is for profiles. */
  readonly stamped?: boolean;
  /** Folder of its caches; a second server with the same one finds what the first has left. */
  readonly cacheFolder?: string;
}

/** A running server. `await using` ends it. */
export interface BenchServer extends ServerProcess {
  /** Loads a model and gives the process that runs it. */
  load(this: void, model: BenchModel): Promise<number>;
  /** What the runtime did so far. Empty unless traced. */
  runtimeStamps(this: void): Stamp[];
  /** What went through sockets so far. Empty unless stamped. */
  socketStamps(this: void): Stamp[];
}

/** The server looks anew, with each request, at files that were written so shortly before; people's models have been there for longer. */
const SETTLED_MS = 2100;

let started = 0;

/** Starts a server on a free port with the given models. */
export async function startBenchServer(bench: Bench, options: BenchServerOptions): Promise<BenchServer> {
  const { models, flags = [], moods, traced = false, stamped = false } = options;
  const runtimeFile = join(bench.folder, `runtime-${++started}`);
  const socketFile = join(bench.folder, `sockets-${started}`);
  const modelsDir = await modelsFolder(bench.folder, models);
  const settled = Bun.sleep(SETTLED_MS);
  const command = [
    ...bench.program,
    "serve",
    "--port",
    "0",
    "--ollama-port",
    "off",
    "--log-level",
    "error",
    "--models-dir",
    modelsDir,
    "--default-model",
    models[0]?.id ?? "",
    "--cache-dir",
    options.cacheFolder ?? join(bench.folder, "cache"),
    ...(traced ? ["--runtime", bench.native.trace] : []),
    ...flags,
  ];
  const server = await startServer(command, {
    cwd: bench.folder,
    env: {
      RKLLM_CPU_LIBDIR: bench.native.llamaFolder,
      ...(moods === undefined ? {} : { RKLLM_CPU_MOODS: moods }),
      ...(traced ? { RKLLM_TRACE_LIBRARY: bench.native.runtime, RKLLM_TRACE_FILE: runtimeFile } : {}),
      ...(stamped ? { LD_PRELOAD: bench.native.sockets, SOCKET_STAMPS: socketFile } : {}),
    },
  });
  await settled;
  return Object.assign(server, {
    load: async (model: BenchModel) => {
      const response = await fetch(`${server.url}/v1/models/load`, { method: "POST", body: JSON.stringify({ model: model.id }) });
      const said = await response.text();
      if (!response.ok) throw new Error(`${model.id} was not loaded: ${said}`);
      const [host] = childrenOf(server.pid);
      return host ?? server.pid;
    },
    runtimeStamps: () => readStamps(runtimeFile),
    socketStamps: () => readStamps(socketFile),
  });
}

/** Processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}
