/** How this program starts itself again. */
import { join } from "node:path";

/** The hidden subcommand of engine hosts. */
export const ENGINE_HOST_COMMAND = "engine-host";

/** Program and arguments that start an engine host: the binary itself, or Bun with the sources. */
export function engineHostCommand(execPrefix: readonly string[]): readonly string[] {
  const self = Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, join(import.meta.dir, "../main.ts")];
  return [...execPrefix, ...self, ENGINE_HOST_COMMAND];
}
