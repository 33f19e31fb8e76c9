/** From the command line to the command. */
import { environment, withoutSecrets } from "../config/environment.ts";
import { loadConfig } from "../config/load.ts";
import { AppError } from "../core/errors.ts";
import { type Arguments, EXIT_STATUS_USAGE, parseArguments } from "./arguments.ts";
import { type ServerPlace, serverPlace } from "./client/place.ts";
import type { CommandContext } from "./command-context.ts";
import { helpText } from "./help.ts";
import { terminalOf, textFor } from "./terminal.ts";

/**
 * Runs a command to its end.
 * @param argv what follows the program's name
 * @returns the exit status: 0, 1 for what failed, 2 for a wrong call or configuration, 130 for what Ctrl-C ended
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  endWithReader();
  let isJson = false;
  try {
    const given = parseArguments(argv);
    isJson = "json" in (given.flags ?? {});
    return await RUNNERS[given.command](given);
  } catch (thrown) {
    const { code, message } = AppError.from(thrown);
    if (isJson && code !== "internal") console.log(JSON.stringify({ error: message }));
    else console.error(textFor(terminalOf(process.stderr, environment()), failureText(thrown)));
    return code === "config_invalid" ? EXIT_STATUS_USAGE : 1;
  } finally {
    await Promise.all([process.stdout, process.stderr].map(written));
  }
}

/** Who reads the output has enough, `head` for one: that is no fault. */
function endWithReader(): void {
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") process.exit(0);
  });
}

/** Pipes take their time, and what is still on the way is lost when the process ends. */
async function written(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength > 0) await new Promise((resolve) => void stream.write("", resolve));
}

/** What a person is told of a failure: a sentence, or for a fault of the program itself all that is known of it. */
export function failureText(thrown: unknown): string {
  const error = AppError.from(thrown);
  if (error.code !== "internal") return error.message;
  const { syscall, code, message } = thrown as NodeJS.ErrnoException;
  // A folder that is not there, a disk that is full: nothing that a stack explains.
  if (syscall !== undefined && code !== undefined) return `The system refused: ${message.replace(`${code}: `, "")} (${code}).`;
  return Bun.inspect(thrown);
}

type Runner = (given: Arguments) => Promise<number>;

/** A command that wants no more than its context. */
function withContext(load: () => Promise<(context: CommandContext) => Promise<number>>): Runner {
  return async (given) => (await load())(contextOf(given));
}

/** Each loads only what it needs: a program of this size takes its time. */
const RUNNERS: Readonly<Record<Arguments["command"], Runner>> = {
  serve: async (given) => (await import("./serve.ts")).serve(configuration(given), withoutSecrets(environment())),
  run: withContext(async () => (await import("./run.ts")).runModelCommand),
  pull: withContext(async () => (await import("./pull.ts")).pullCommand),
  list: withContext(async () => (await import("./list.ts")).listCommand),
  ps: withContext(async () => (await import("./ps.ts")).psCommand),
  show: withContext(async () => (await import("./show.ts")).showCommand),
  stop: withContext(async () => (await import("./stop.ts")).stopCommand),
  rm: withContext(async () => (await import("./rm.ts")).rmCommand),
  cp: withContext(async () => (await import("./cp.ts")).cpCommand),
  create: withContext(async () => (await import("./create.ts")).createCommand),
  push: withContext(async () => (await import("./push.ts")).pushCommand),
  keys: async (given) =>
    (await import("./keys.ts")).keysCommand(given.positionals, configuration(given).config.server, "json" in (given.flags ?? {})),
  doctor: async (given) => {
    const flags = given.flags ?? {};
    if (flags["probe"] !== undefined)
      return (await import("./probe.ts")).probeCommand(configuration(given), withoutSecrets(environment()), flags);
    if (flags["report"] !== undefined) throw new AppError("config_invalid", "--report goes with --probe <model>.");
    return (await import("./doctor.ts")).doctorCommand(configuration(given), environment(), flags);
  },
  bench: withContext(async () => (await import("./bench.ts")).benchCommand),
  completions: async ({ positionals: [shell = ""] }) => {
    process.stdout.write((await import("./completions.ts")).completionScript(shell));
    return 0;
  },
  version: async (given) => {
    const { versionCommand } = await import("./version.ts");
    const out = terminalOf(process.stdout, environment());
    return versionCommand({ server: placeOf(given), isJson: "json" in (given.flags ?? {}), out });
  },
  help: async ({ positionals: [topic] }) => {
    console.log(helpText(topic, process.stdout.columns));
    return 0;
  },
  "engine-host": startedByItself,
  "probe-host": startedByItself,
};

async function startedByItself({ command }: Arguments): Promise<number> {
  throw new AppError("config_invalid", `${command} is started by the program itself`);
}

function contextOf(given: Arguments): CommandContext {
  const variables = environment();
  return {
    words: given.positionals,
    flags: given.flags ?? {},
    loaded: configuration(given),
    environment: variables,
    out: terminalOf(process.stdout, variables),
    err: terminalOf(process.stderr, variables),
  };
}

/** The server's place; null where the configuration is faulty, which is no reason not to tell a version. */
function placeOf(given: Arguments): ServerPlace | null {
  try {
    return serverPlace(configuration(given));
  } catch {
    return null;
  }
}

function configuration(given: Arguments) {
  return loadConfig({
    argv: given.configArgv,
    env: environment(),
    cwd: process.cwd(),
    ...(given.configDir === undefined ? {} : { configDir: given.configDir }),
  });
}
