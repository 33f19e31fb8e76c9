/** How this program starts itself again. */
import { join } from "node:path";

/** The hidden subcommand of engine hosts. */
export const ENGINE_HOST_COMMAND = "engine-host";

/** The hidden subcommand of the child processes of `doctor --probe`; their folder follows. */
export const PROBE_HOST_COMMAND = "probe-host";

/** Program and arguments that start an engine host: the binary itself, or Bun with the sources. */
export function engineHostCommand(execPrefix: readonly string[]): readonly string[] {
  return [...execPrefix, ...self(), ENGINE_HOST_COMMAND];
}

/** Program and arguments that start a child of `doctor --probe`, but for its folder. */
export function probeHostCommand(execPrefix: readonly string[]): readonly string[] {
  return [...execPrefix, ...self(), PROBE_HOST_COMMAND];
}

function self(): readonly string[] {
  return Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, join(import.meta.dir, "../main.ts")];
}
