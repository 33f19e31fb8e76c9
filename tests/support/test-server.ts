/** A whole server on a tiny model, in a process of its own, and what tests ask of it. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type ServerProcess, startServer } from "./server-process.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { type TinyGgufOptions, writeTinyGguf } from "./tiny-gguf.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");

/** A second thread only waits on a machine that runs tests beside it. */
const ONE_THREAD = ["--cpu-count", "1"];

export interface TestServerOptions {
  /** Moods of the CPU runtime, e.g. "slow-decode=50,foreign-thread". */
  readonly moods?: string;
  /** Flags of `serve` beside port and models folder. */
  readonly flags?: readonly string[];
  /** Models by file name; default one `tiny.gguf`. */
  readonly models?: Readonly<Record<string, TinyGgufOptions>>;
  /** Added to the environment of the test. */
  readonly env?: Readonly<Record<string, string>>;
  /** The models folder of a server before this one, as it was left. */
  readonly modelsDir?: string;
}

/** A server and the folder of its models, both gone at the end. */
export interface TestServer extends AsyncDisposable {
  readonly server: ServerProcess;
  readonly url: string;
  readonly modelsDir: string;
  post(path: string, body: unknown, signal?: AbortSignal): Promise<Response>;
  /** What health says of the one loaded model. */
  modelStatus(): Promise<{ running: boolean; queued: number }>;
  /** Process ids of the engine hosts, oldest first. */
  hostPids(): number[];
}

/** Starts one. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const modelsDir = options.modelsDir ?? temporaryFolder();
  const models = options.modelsDir === undefined ? (options.models ?? { "tiny.gguf": {} }) : {};
  for (const [file, model] of Object.entries(models)) writeTinyGguf(join(modelsDir, file), model);
  const command = [
    process.execPath,
    MAIN,
    "serve",
    "--port",
    "0",
    "--models-dir",
    modelsDir,
    "--no-builtin-model",
    "--cache-dir",
    temporaryFolder(),
    ...ONE_THREAD,
    ...(options.flags ?? []),
  ];
  const server = await startServer(command, {
    cwd: modelsDir,
    env: { RKLLM_CPU_SEED: "1", RKLLM_CPU_MOODS: options.moods ?? "", ...options.env },
  });
  return {
    server,
    url: server.url,
    modelsDir,
    post: async (path, body, signal) =>
      fetch(server.url + path, { method: "POST", body: JSON.stringify(body), ...(signal === undefined ? {} : { signal }) }),
    modelStatus: async () => {
      const health = (await (await fetch(`${server.url}/v1/health`)).json()) as { models: { running: boolean; queued: number }[] };
      return health.models[0] ?? { running: false, queued: 0 };
    },
    hostPids: () => childrenOf(server.pid).filter((pid) => commandLine(pid).includes("engine-host")),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
    },
  };
}

/** The `data:` payloads of an SSE reply, as they come. `[DONE]` and comments are left out. */
export async function* sseChunks(response: Response): AsyncGenerator<Record<string, unknown>, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body!) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6)) as Record<string, unknown>;
    }
  }
}

/** The text that a chat chunk adds; "" where it adds none. */
export function deltaText(chunk: Record<string, unknown>): string {
  const choices = chunk["choices"] as { delta?: { content?: string } }[] | undefined;
  return choices?.[0]?.delta?.content ?? "";
}

/** Resolves when a process that is nobody's child here has ended; there is no event for that, so it is asked for. */
export async function processGone(pid: number): Promise<void> {
  for (;;) {
    const state = stateOf(pid);
    if (state === null || state === "Z") return;
    await Bun.sleep(5);
  }
}

/** Processes that a process has started, dead ones that it has not asked after included; oldest first. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number)
    .sort((a, b) => a - b);
}

/** Fields of /proc/<pid>/stat behind the command's name, which may hold anything. */
function statFields(pid: number | string): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

const stateOf = (pid: number) => statFields(pid)?.[0] ?? null;
const parentOf = (pid: string) => Number(statFields(pid)?.[1] ?? -1);

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
