/** The child process's side of the line: what the hidden subcommand `engine-host` runs. */
import { EngineHost } from "./host.ts";
import { type HostCommand, TOKEN_LINE_FILE } from "./protocol.ts";

/** Serves one gateway until it closes the line. Returns at once; the process lives as long as the line does. */
export function runEngineHost(): void {
  const gateway = process.ppid;
  // A terminal's Ctrl-C reaches the host as well; only the gateway decides when it ends.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {});
  process.on("disconnect", () => process.exit(0));
  const host = new EngineHost((event) => process.send?.(event), { gateway, tokenLine: TOKEN_LINE_FILE });
  process.on("message", (command: HostCommand) => void host.receive(command));
}
