/** What a command is given. */
import type { Environment } from "../config/environment.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Terminal } from "./terminal.ts";

/** One call of a command. */
export interface CommandContext {
  /** Its arguments. */
  readonly words: readonly string[];
  /** Its own flags without their dashes; switches with the value "". */
  readonly flags: Readonly<Record<string, string>>;
  readonly loaded: LoadedConfig;
  readonly environment: Environment;
  /** The standard output: what was asked for. */
  readonly out: Terminal;
  /** The standard error: what happens meanwhile. */
  readonly err: Terminal;
}
