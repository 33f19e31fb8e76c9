/** The server in this process, for the time of one command: so that a command needs no other, and there is one way to do a thing. */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../app.ts";
import { type Environment, withoutSecrets } from "../../config/environment.ts";
import { LiveSettings } from "../../config/live-settings.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { createLog, type Log } from "../../telemetry/log.ts";
import type { ServerPlace } from "./place.ts";

/** A server of this process. */
export interface OwnServer {
  readonly place: ServerPlace;
  /** Closes its models, and it. */
  close(): Promise<void>;
}

/** Starts it on a free port of the loopback address, with a key that nobody else knows. */
export async function startOwnServer(loaded: LoadedConfig, environment: Environment): Promise<OwnServer> {
  const key = randomUUID();
  const own = ownConfiguration(loaded, key);
  const settings = new LiveSettings(own);
  const app = await createApp({ loaded: own, settings, environment: withoutSecrets(environment), log: quietLog(own) });
  const listener = app.listen({ hostname: "127.0.0.1", port: 0 });
  return {
    place: { url: listener.url.href.replace(/\/$/, ""), key, isHere: true },
    close: async () => {
      await app.close();
      void listener.stop(true);
    },
  };
}

/** The same models and limits; but nobody else is served, nothing is remembered, and nothing is loaded that was not asked for. */
function ownConfiguration(loaded: LoadedConfig, key: string): LoadedConfig {
  const { server } = loaded.config;
  const alone = {
    ...server,
    host: "127.0.0.1",
    api_key: key,
    // A file that does not exist has no keys; one of the owner's that cannot be read is no reason to stop.
    keys_file: join(tmpdir(), `no-keys-${key}.json`),
    allow: [],
    insecure: false,
    rate_limit_per_minute: 0,
    preload: [],
    responses_max: 0,
    prompt_cache: "off" as const,
    idle_timeout_s: 0,
  };
  return { ...loaded, config: { ...loaded.config, server: alone } };
}

/** The command says itself what went wrong; but where the reply only points to the log, the log has to be seen. */
function quietLog({ config: { server } }: LoadedConfig): Log {
  const isDebug = server.log_level === "debug";
  const log = createLog({ level: () => server.log_level, format: server.log_format, write: (line) => console.error(line) });
  if (isDebug) return log;
  const nothing = (): void => {};
  return {
    error: (message, facts) => (facts?.["code"] === "internal" ? log.error(message, facts) : undefined),
    warn: nothing,
    info: nothing,
    debug: nothing,
  };
}
