/** The server that `bench` measures: the one that runs where the configuration says, or one in this process. */
import { randomBytes } from "node:crypto";
import { createApp } from "../app.ts";
import type { ServerAddress } from "../bench/ask.ts";
import type { Environment } from "../config/environment.ts";
import { LiveSettings } from "../config/live-settings.ts";
import type { LoadedConfig } from "../config/load.ts";
import { createLog } from "../telemetry/log.ts";

/** How long a running server may take to say that it is there. */
const ANSWER_MS_MAX = 2000;
/** A server that listens on every address is asked on this one. */
const LOOPBACK = "127.0.0.1";

/** A server to measure, for as long as it is needed. */
export interface BenchServer extends AsyncDisposable {
  readonly address: ServerAddress;
  /** It was there before. */
  readonly running: boolean;
}

/**
 * The running server, else one of its own on a free port of this machine, which only this process can use. Where `port` is 0 nobody can
 * know where a server runs, so that it is always one of its own.
 * Throws AppError config_invalid for a configuration that cannot be served.
 */
export async function openBenchServer(loaded: LoadedConfig, environment: Environment): Promise<BenchServer> {
  const { host, port, api_key } = loaded.config.server;
  const name = host === "0.0.0.0" || host === "::" ? LOOPBACK : host;
  const url = `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
  if (port !== 0 && (await isThere(url))) {
    return { address: { url, key: api_key }, running: true, [Symbol.asyncDispose]: async () => {} };
  }
  return startBenchServer(loaded, environment);
}

async function isThere(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    return ((await response.json()) as { status?: unknown }).status === "ok";
  } catch {
    return false;
  }
}

async function startBenchServer(loaded: LoadedConfig, environment: Environment): Promise<BenchServer> {
  const key = randomBytes(24).toString("hex");
  const server = { ...loaded.config.server, host: LOOPBACK, port: 0, api_key: key, rate_limit_per_minute: 0 };
  const own: LoadedConfig = { ...loaded, config: { ...loaded.config, server } };
  const log = createLog({ level: () => "warn", format: server.log_format, write: (line) => console.error(line) });
  const app = await createApp({ loaded: own, settings: new LiveSettings(own), environment, log });
  const listener = app.listen({ hostname: LOOPBACK, port: 0 });
  return {
    address: { url: listener.url.origin, key },
    running: false,
    [Symbol.asyncDispose]: async () => {
      await listener.stop(true);
      await app.close();
    },
  };
}
