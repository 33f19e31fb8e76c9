/** The `version` command. */
import { VERSION } from "../version.ts";
import type { ServerPlace } from "./client/place.ts";
import { ServerClient } from "./client/server-client.ts";
import { type Terminal, textFor } from "./terminal.ts";

/** Nobody waits longer for a version, ms. */
const ASK_MS = 1000;

/** What it tells, and where. */
interface VersionOptions {
  /** Where a server may run; null where that is not known. */
  readonly server: ServerPlace | null;
  readonly isJson: boolean;
  readonly out: Terminal;
}

/** Prints the version, and below it that of the server where it is another. @returns the exit status 0 */
export async function versionCommand({ server, isJson, out }: VersionOptions): Promise<number> {
  const running = server === null ? null : await runningVersion(server);
  if (isJson) {
    out.write(`${JSON.stringify({ version: VERSION, ...(running === null ? {} : { server_version: running }) })}\n`);
    return 0;
  }
  out.write(`${VERSION}\n`);
  if (server !== null && running !== null && running !== VERSION) {
    out.write(textFor(out, `The server at ${server.url} has the version ${running}.\n`));
  }
  return 0;
}

/** null where no server of ours answers, or it does not tell. */
async function runningVersion(server: ServerPlace): Promise<string | null> {
  try {
    const reply = await new ServerClient(server).send("/v1/health", undefined, { signal: AbortSignal.timeout(ASK_MS) });
    const { version } = (await reply.json()) as { version?: unknown };
    return typeof version === "string" ? version : null;
  } catch {
    return null;
  }
}
