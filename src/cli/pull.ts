/** The `pull` command: gets a model, shows how far it is, and can be stopped and run again. */
import { installedRkllmVersion } from "../app.ts";
import { readBoardSoc } from "../catalog/board-soc.ts";
import { pull, type PullOptions, type PullProgress, type PullResult } from "../catalog/pull.ts";
import type { ServerConfig } from "../config/server-schema.ts";
import { formatBytes } from "../core/byte-size.ts";
import { AppError } from "../core/errors.ts";
import { formatDuration, Progress, type ProgressScreen } from "./progress.ts";

/** Flags of the command itself. */
export interface PullFlags {
  /** SHA-256 that the weights have to have. */
  readonly sha256?: string;
  /** Name for the model. */
  readonly name?: string;
  /** Repository of the original model, for tokenizer and template. */
  readonly tokenizer?: string;
  /** Present where the output is to be lines of JSON. */
  readonly json?: string;
}

/** As a shell reports a program that Ctrl-C ended. */
const EXIT_STATUS_INTERRUPTED = 130;
const STOPPED = "Stopped. What has been downloaded is kept: run the same command again to go on.";
/** Below this a wait is not worth a line of its own. */
const WAIT_SHOWN_MS_MIN = 500;

/**
 * Pulls `positionals[0]`.
 * @returns the exit status: 0; 130 after Ctrl-C, with what was downloaded kept; with --json 1 for what went wrong. Throws AppError otherwise.
 */
export async function pullCommand(positionals: readonly string[], config: ServerConfig, flags: PullFlags = {}): Promise<number> {
  const { json, ...rest } = flags;
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    const pulling = (report: Pick<PullOptions, "onProgress" | "onStatus">) =>
      pullConfigured(positionals[0] ?? "", config, { ...rest, ...report, signal: stop.signal });
    return await (json === undefined ? pullForPeople(pulling, stop.signal) : pullAsJson(pulling, stop.signal));
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

/** A pull that only lacks somebody to tell. */
type Pulling = (report: Pick<PullOptions, "onProgress" | "onStatus">) => Promise<PullResult>;

async function pullConfigured(
  source: string,
  config: ServerConfig,
  options: Pick<PullOptions, "onProgress" | "onStatus" | "signal"> & Omit<PullFlags, "json">,
): Promise<PullResult> {
  const [modelsDir] = config.models_dir;
  if (modelsDir === undefined) throw new AppError("config_invalid", "There is no models folder to pull into. Set one with --models-dir.");
  const runtimeVersion = installedRkllmVersion(config);
  return pull(source, {
    modelsDir,
    endpoint: config.huggingface_endpoint,
    ...(config.hf_token === null ? {} : { token: config.hf_token }),
    ...options,
    boardSoc: await readBoardSoc(),
    ...(runtimeVersion === undefined ? {} : { runtimeVersion }),
  });
}

async function pullForPeople(pulling: Pulling, signal: AbortSignal): Promise<number> {
  const progress = new Progress(screenOf(process.stderr));
  try {
    const result = await pulling({ onProgress: (event) => show(event, progress) });
    progress.end();
    console.log(summary(result));
    return 0;
  } catch (thrown) {
    progress.end();
    if (!signal.aborted) throw thrown;
    console.error(STOPPED);
    return EXIT_STATUS_INTERRUPTED;
  }
}

/** For programs: everything on standard output, the error too. */
async function pullAsJson(pulling: Pulling, signal: AbortSignal): Promise<number> {
  const write = (line: object): void => console.log(JSON.stringify(line));
  try {
    await pulling({ onProgress: () => undefined, onStatus: write });
    return 0;
  } catch (thrown) {
    const error = AppError.from(thrown);
    if (error.code === "internal") throw thrown;
    write({ error: signal.aborted ? STOPPED : error.message });
    return signal.aborted ? EXIT_STATUS_INTERRUPTED : 1;
  }
}

function show(event: PullProgress, progress: Progress): void {
  switch (event.kind) {
    case "start":
      return progress.start(event.file, event.resumedBytes, event.totalBytes);
    case "bytes":
      return progress.update(event.receivedBytes, event.totalBytes);
    case "retry": {
      const wait = event.waitMs < WAIT_SHOWN_MS_MIN ? "" : ` in ${formatDuration(event.waitMs / 1000)}`;
      return progress.line(`${event.file}: ${event.reason}; trying again${wait}`);
    }
    case "note":
      return progress.line(event.text);
  }
}

function summary({ name, path, bytes, alreadyPresent, sidecars }: PullResult): string {
  const what = alreadyPresent ? `${name} is there already` : `Pulled ${name}`;
  const beside = sidecars.length === 0 ? "" : `, with ${sidecars.join(", ")}`;
  return `${what}: ${path} (${formatBytes(bytes)}${beside})`;
}

function screenOf(stream: NodeJS.WriteStream): ProgressScreen {
  return {
    columns: stream.isTTY ? stream.columns || 80 : null,
    write: (text) => void stream.write(text),
    now: () => performance.now(),
  };
}
