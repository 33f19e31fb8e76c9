/** The `pull` command: gets a model, shows how far it is, and can be stopped and run again. */
import { installedRkllmVersion } from "../app.ts";
import { readBoardSoc } from "../catalog/board-soc.ts";
import { pull, type PullOptions, type PullProgress, type PullResult } from "../catalog/pull.ts";
import type { ServerConfig } from "../config/server-schema.ts";
import { formatBytes } from "../core/byte-size.ts";
import { AppError } from "../core/errors.ts";
import { serverPlace } from "./client/place.ts";
import { connect } from "./client/connect.ts";
import type { StatusLine } from "./client/replies.ts";
import type { CommandContext } from "./command-context.ts";
import { EXIT_STATUS_INTERRUPTED } from "./interruptible.ts";
import { formatDuration, Progress } from "./progress.ts";
import { printLines, screenOf, showLines } from "./status-lines.ts";
import { shownText, type Terminal } from "./terminal.ts";

/** Flags of the command itself. */
interface PullFlags {
  /** SHA-256 that the weights have to have. */
  readonly sha256?: string;
  /** Name for the model. */
  readonly name?: string;
  /** Repository of the original model, for tokenizer and template. */
  readonly tokenizer?: string;
  /** Present where the output is to be lines of JSON. */
  readonly json?: string;
}

const STOPPED = "Stopped. What has been downloaded is kept: run the same command again to go on.";
/** Below this a wait is not worth a line of its own. */
const WAIT_SHOWN_MS_MIN = 500;

/**
 * Pulls a model into the models folder of this machine, or where the server is elsewhere has that one do it.
 * @returns the exit status: 0; 130 after Ctrl-C, with what was downloaded kept; with --json 1 for what went wrong. Throws AppError otherwise.
 */
export async function pullCommand(context: CommandContext): Promise<number> {
  const {
    words: [model = ""],
    loaded,
    out,
    err,
  } = context;
  const { json, ...rest } = context.flags as PullFlags;
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    if (!serverPlace(loaded).isHere) {
      refuseFlags(Object.keys(rest));
      return await pullElsewhere(context, json !== undefined, stop.signal);
    }
    const pulling = (report: Pick<PullOptions, "onProgress" | "onStatus">) =>
      pullConfigured(model, loaded.config.server, { ...rest, ...report, signal: stop.signal });
    return await (json === undefined ? pullForPeople(pulling, err, stop.signal) : pullAsJson(pulling, out, stop.signal));
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

function refuseFlags([flag]: readonly string[]): void {
  if (flag === undefined) return;
  throw new AppError("config_invalid", `--${flag} works on the machine that downloads alone: run the command there, or leave it out.`);
}

async function pullElsewhere(
  { words, loaded, environment, out, err }: CommandContext,
  json: boolean,
  signal: AbortSignal,
): Promise<number> {
  await using connection = await connect(loaded, environment);
  const lines = connection.client.stream<StatusLine>("/api/pull", { model: words[0] }, signal);
  try {
    await (json ? printLines(lines, out) : showLines(lines, err));
    return 0;
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    err.write(`${STOPPED}\n`);
    return EXIT_STATUS_INTERRUPTED;
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

async function pullForPeople(pulling: Pulling, err: Terminal, signal: AbortSignal): Promise<number> {
  const progress = new Progress(screenOf(err));
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
async function pullAsJson(pulling: Pulling, out: Terminal, signal: AbortSignal): Promise<number> {
  const write = (line: object): void => out.write(`${JSON.stringify(line)}\n`);
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
      return progress.start(shownText(event.file), event.resumedBytes, event.totalBytes);
    case "bytes":
      return progress.update(event.receivedBytes, event.totalBytes);
    case "retry": {
      const wait = event.waitMs < WAIT_SHOWN_MS_MIN ? "" : ` in ${formatDuration(event.waitMs / 1000)}`;
      return progress.line(`${shownText(event.file)}: ${event.reason}; trying again${wait}`);
    }
    case "note":
      return progress.line(shownText(event.text));
  }
}

function summary({ name, path, bytes, alreadyPresent, sidecars }: PullResult): string {
  const what = alreadyPresent ? `${name} is there already` : `Pulled ${name}`;
  const beside = sidecars.length === 0 ? "" : `, with ${sidecars.join(", ")}`;
  return `${what}: ${path} (${formatBytes(bytes)}${beside})`;
}
