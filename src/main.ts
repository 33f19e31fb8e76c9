/** The program: argv to a command, its exit status out. */
import { startAgain } from "./config/bun-variables.ts";
import { ENGINE_HOST_COMMAND, PROBE_HOST_COMMAND } from "./runtime/self-command.ts";

const [command] = process.argv.slice(2);

// Engine hosts load nothing of the server: they start in its way, once per model and after every crash.
if (command === ENGINE_HOST_COMMAND) {
  const { runEngineHost } = await import("./runtime/host-main.ts");
  runEngineHost();
} else if (command === PROBE_HOST_COMMAND) {
  const { runProbeChild } = await import("./runtime/probe/probe-child.ts");
  await runProbeChild(process.argv[3] ?? "");
} else {
  // Where no command is named the server is meant, or its help, which can bear it.
  if (command === undefined || command === "serve" || command.startsWith("-")) startAgain();
  const { runCommand } = await import("./cli/run-command.ts");
  // Not only the exit code: a timer or a socket that is left over must not keep a finished command alive.
  process.exit(await runCommand(process.argv.slice(2)));
}
