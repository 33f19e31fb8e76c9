/** From the command line to the command. */
import { environment, withoutSecrets } from "../config/environment.ts";
import { loadConfig } from "../config/load.ts";
import { AppError } from "../core/errors.ts";
import { VERSION } from "../version.ts";
import { type Arguments, EXIT_STATUS_USAGE, parseArguments } from "./arguments.ts";
import { helpText } from "./help.ts";

/**
 * Runs a command to its end.
 * @param argv what follows the program's name
 * @returns the exit status: 0, 1 for what failed, 2 for a wrong call or configuration
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  try {
    return await dispatch(parseArguments(argv));
  } catch (thrown) {
    console.error(failureText(thrown));
    return AppError.from(thrown).code === "config_invalid" ? EXIT_STATUS_USAGE : 1;
  }
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

async function dispatch(given: Arguments): Promise<number> {
  switch (given.command) {
    case "help":
      console.log(helpText(given.positionals[0], process.stdout.columns));
      return 0;
    case "version":
      console.log(VERSION);
      return 0;
    case "serve": {
      const { serve } = await import("./serve.ts");
      return serve(configuration(given), withoutSecrets(environment()));
    }
    case "pull": {
      const { pullCommand } = await import("./pull.ts");
      return pullCommand(given.positionals, configuration(given).config.server, given.flags);
    }
    case "list": {
      const { listCommand } = await import("./list.ts");
      return listCommand(configuration(given).config.server);
    }
    case "keys": {
      const { keysCommand } = await import("./keys.ts");
      return keysCommand(given.positionals, configuration(given).config.server);
    }
    case "doctor": {
      const { doctorCommand } = await import("./doctor.ts");
      return doctorCommand(configuration(given), environment(), given.flags);
    }
    case "bench": {
      const { benchCommand } = await import("./bench.ts");
      return benchCommand(given.positionals, configuration(given), withoutSecrets(environment()), given.flags);
    }
    case "engine-host":
      throw new AppError("config_invalid", "engine-host is started by the server itself");
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
