/** A working directory of its own for each test, so that no file of this machine has a say. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Environment } from "../../../src/config/environment.ts";
import { type LoadedConfig, loadConfig } from "../../../src/config/load.ts";
import { AppError } from "../../../src/core/errors.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A working directory with these files; config/server.json is there in any case and keeps /etc out. */
function workingDirectory(files: Readonly<Record<string, unknown>> = {}): string {
  const cwd = temporaryFolder();
  for (const [path, content] of Object.entries({ "config/server.json": {}, ...files })) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
  return cwd;
}

export interface Given {
  readonly argv?: readonly string[];
  readonly env?: Environment;
  readonly files?: Readonly<Record<string, unknown>>;
  readonly configDir?: string;
}

/** Loads in a new working directory; HOME is /home/user. */
export function load(given: Given): LoadedConfig & { readonly cwd: string } {
  const cwd = workingDirectory(given.files);
  const { argv = [], env = {}, configDir } = given;
  return { cwd, ...loadConfig({ argv, env: { HOME: "/home/user", ...env }, cwd, ...(configDir === undefined ? {} : { configDir }) }) };
}

/** The lines of the error that stops the start; paths are relative to the working directory. */
export function refusal(given: Given): readonly string[] {
  const cwd = workingDirectory(given.files);
  const { argv = [], env = {}, configDir } = given;
  try {
    loadConfig({ argv, env, cwd, ...(configDir === undefined ? {} : { configDir }) });
  } catch (thrown) {
    const error = AppError.from(thrown);
    return [error.code, ...error.message.replaceAll(`${cwd}/`, "").split("\n")];
  }
  return ["loaded"];
}
