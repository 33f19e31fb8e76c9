/** The `pull` command: gets a model, shows how far it is, and can be stopped and run again. */
import { readBoardSoc } from "../catalog/board-soc.ts";
import { pull, type PullProgress, type PullResult } from "../catalog/pull.ts";
import { AppError } from "../core/errors.ts";
import { formatBytes, formatDuration, Progress, type ProgressScreen } from "./progress.ts";

/** The part of the server's configuration that matters. */
export interface PullConfig {
  /** The first one is where models go. */
  readonly models_dir: readonly string[];
  readonly huggingface_endpoint: string;
  readonly hf_token: string | null;
}

/** Flags of the command itself. */
export interface PullFlags {
  /** SHA-256 that the weights have to have. */
  readonly sha256?: string;
  /** Name for the model. */
  readonly name?: string;
  /** Repository of the original model, for tokenizer and template. */
  readonly tokenizer?: string;
}

/** As a shell reports a program that Ctrl-C ended. */
const EXIT_STATUS_INTERRUPTED = 130;
/** Below this a wait is not worth a line of its own. */
const WAIT_SHOWN_MS_MIN = 500;

/**
 * Pulls `positionals[0]`.
 * @returns the exit status: 0; 130 after Ctrl-C, with what was downloaded kept. Throws AppError for everything that went wrong.
 */
export async function pullCommand(positionals: readonly string[], config: PullConfig, flags: PullFlags = {}): Promise<number> {
  const source = positionals[0] ?? "";
  const [modelsDir] = config.models_dir;
  if (modelsDir === undefined) throw new AppError("config_invalid", "There is no models folder to pull into. Set one with --models-dir.");
  const progress = new Progress(screenOf(process.stderr));
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    const result = await pull(source, {
      modelsDir,
      endpoint: config.huggingface_endpoint,
      ...(config.hf_token === null ? {} : { token: config.hf_token }),
      ...flags,
      boardSoc: await readBoardSoc(),
      signal: stop.signal,
      onProgress: (event) => show(event, progress),
    });
    progress.end();
    console.log(summary(result));
    return 0;
  } catch (thrown) {
    progress.end();
    if (!stop.signal.aborted) throw thrown;
    console.error("Stopped. What has been downloaded is kept: run the same command again to go on.");
    return EXIT_STATUS_INTERRUPTED;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
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
