/** The program: argv to a command, its exit status out. */
import { ENGINE_HOST_COMMAND, PROBE_HOST_COMMAND } from "./runtime/self-command.ts";
import { asksForServer, startAgain } from "./start-again.ts";

// Engine hosts load nothing of the server: they start in its way, once per model and after every crash.
if (process.argv[2] === ENGINE_HOST_COMMAND) {
  const { runEngineHost } = await import("./runtime/host-main.ts");
  runEngineHost();
} else if (process.argv[2] === PROBE_HOST_COMMAND) {
  const { runProbeChild } = await import("./runtime/probe/probe-child.ts");
  await runProbeChild(process.argv[3] ?? "");
} else {
  if (asksForServer(process.argv.slice(2))) startAgain();
  const { runCommand } = await import("./cli/run-command.ts");
  // Not only the exit code: a timer or a socket that is left over must not keep a finished command alive.
  process.exit(await runCommand(process.argv.slice(2)));
}
