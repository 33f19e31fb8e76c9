/** Where the server is that a command talks to, as the configuration has it. */
import { networkInterfaces } from "node:os";
import type { LoadedConfig } from "../../config/load.ts";
import { AppError } from "../../core/errors.ts";

/** A server's address. */
export interface ServerPlace {
  /** Without a slash at the end. */
  readonly url: string;
  /** The API key to send; null for none. */
  readonly key: string | null;
  /** Whether it is the one of this machine: then a command can do its work without it. */
  readonly isHere: boolean;
}

/** Addresses to listen on that nobody can be reached at: the loopback address stands for them. */
const WILDCARDS: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "[::]": "::1" };

/** `server_url`, else host and port that a server with this configuration listens on. Throws AppError config_invalid. */
export function serverPlace({ config: { server } }: LoadedConfig): ServerPlace {
  const url = parsed(server.server_url ?? `http://${authority(server.host)}:${server.port}`);
  const reachable = WILDCARDS[url.hostname];
  if (reachable !== undefined) url.hostname = authority(reachable);
  // Who names a server wants that one, wherever it is.
  const isHere = server.server_url === null && isThisMachine(url.hostname.replace(/^\[|\]$/g, ""));
  return { url: url.href.replace(/\/+$/, ""), key: server.api_key, isHere };
}

/** An IPv6 address stands in brackets there. */
function authority(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function parsed(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new AppError("config_invalid", `${text} is no address of a server. Mend --host, --port or --server-url.`);
  return url;
}

function isThisMachine(host: string): boolean {
  if (host === "localhost" || host === "::1" || host.startsWith("127.")) return true;
  return Object.values(networkInterfaces()).some((addresses = []) => addresses.some(({ address }) => address === host));
}
