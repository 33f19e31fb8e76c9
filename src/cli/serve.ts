/** The `serve` command: listens until it is told to stop. */
import type { Server } from "bun";
import { type App, createApp, openConfiguredKeys } from "../app.ts";
import type { Environment } from "../config/environment.ts";
import { LiveSettings } from "../config/live-settings.ts";
import type { LoadedConfig } from "../config/load.ts";
import { secondPort } from "../config/second-port.ts";
import type { ServerConfig } from "../config/server-schema.ts";
import { supervision, withoutSupervision } from "../config/systemd-variables.ts";
import { AppError } from "../core/errors.ts";
import { openReports } from "../systemd.ts";
import { createLog, type Log } from "../telemetry/log.ts";

/** How long clients may take to read the last frame of an answer that was ended, ms. */
const LAST_WORDS_MS = 1000;

/** Resolves with the exit status after SIGTERM or SIGINT. Throws AppError config_invalid when it cannot listen. */
export async function serve(loaded: LoadedConfig, environment: Environment): Promise<number> {
  const { server } = loaded.config;
  const settings = new LiveSettings(loaded);
  const log = createLog({ level: () => settings.server.log_level, format: server.log_format, write: (line) => console.error(line) });
  // From the first moment on: a service manager may change its mind while the server starts.
  const toldToStop = stopSignal();
  const reports = openReports(supervision(environment, process.pid), log);
  const app = await createApp({ loaded, settings, environment: withoutSupervision(environment), log });
  const { engine, close } = app;
  const listeners = listenAll(app, loaded, log);
  const addresses = listeners.map(({ url }) => url.href.replace(/\/$/, ""));
  console.log(await greeting(addresses, engine, needsKey(server)));
  reports.ready(`Listening on ${addresses.join(" and ")}`);
  void app.preload();
  const signal = await toldToStop;
  log.info("stopping", { signal });
  reports.stopping();
  app.leave();
  if (server.drain_delay_s > 0) await Promise.race([Bun.sleep(server.drain_delay_s * 1000), stopSignal()]);
  // No new connections, and nothing new on those there are; what runs goes on until it is done, the time is up, or somebody insists.
  app.drain();
  const drained = Promise.all(listeners.map(async (listener) => listener.stop()));
  await Promise.race([drained, Bun.sleep(server.shutdown_timeout_s * 1000), stopSignal()]);
  // What still runs is told why it ends, as long as its client listens. Who insists once more waits for no model to close.
  const closed = close().then(async () => Promise.race([drained, Bun.sleep(LAST_WORDS_MS)]));
  await Promise.race([closed, stopSignal()]);
  return 0;
}

/** Listens on the port, and beside it where Ollama's clients look; that one may be taken, by Ollama for one. Throws AppError config_invalid. */
function listenAll(app: App, loaded: LoadedConfig, log: Log): Server<unknown>[] {
  const { host, port } = loaded.config.server;
  const listeners: Server<unknown>[] = [];
  try {
    listeners.push(app.listen({ hostname: host, port }));
  } catch (cause) {
    throw new AppError("config_invalid", `Cannot listen on ${host}:${port}: ${listenFault(cause, { host, port, flag: "--port" })}`, {
      cause,
    });
  }
  const second = secondPort(loaded);
  if (second === null) return listeners;
  try {
    listeners.push(app.listen({ hostname: host, port: second }));
  } catch (cause) {
    const fault = listenFault(cause, { host, port: second, flag: "--ollama-port" });
    log.warn(`not listening on ${host}:${second} for Ollama's clients: ${fault} --ollama-port off does without`);
  }
  return listeners;
}

/** Why an address cannot be listened on, and what to do. */
export function listenFault(
  cause: unknown,
  { host, port, flag }: { readonly host: string; readonly port: number; readonly flag: string },
): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return `the port is in use. Choose another with ${flag}, or stop the program that has it.`;
  if (code === "EACCES") return `port ${port} is not open to this user. Choose one above 1023 with ${flag}.`;
  if (code === "EADDRNOTAVAIL") return `${host} is not an address of this machine. Choose another with --host.`;
  if (code === "EINVAL" || code === "ENOTFOUND" || code === "ERR_INVALID_ARG_TYPE")
    return `${host} is no address. Choose another with --host.`;
  return `${message}.`;
}

/** Whether there are API keys at the start. */
function needsKey(server: ServerConfig): boolean {
  return server.api_key !== null || openConfiguredKeys(server).list().length > 0;
}

/** One line: where, what, and how to try it. */
async function greeting([address = "", second]: readonly string[], engine: App["engine"], keyed: boolean): Promise<string> {
  const places = second === undefined ? address : `${address} and, for Ollama's clients, ${second}`;
  const curl = `curl ${address}/v1/chat/completions${keyed ? ' -H "Authorization: Bearer <key>"' : ""} -d`;
  const models = await engine.models();
  const usable = models.filter((model) => model.unrunnableReason === undefined);
  if (usable.length === 0) {
    const found = models.length === 0 ? "no models found" : `models found: ${models.length}, none of which can run here (see \`list\`)`;
    return `Listening on ${places}; ${found}; get one with: rockchip-llama pull qwen3:0.6b`;
  }
  const names = usable.map((model) => model.id);
  const example = JSON.stringify({ model: names[0], messages: [{ role: "user", content: "Hello" }] });
  if (usable.every((model) => model.builtin === true)) {
    return (
      `Listening on ${places} with ${names[0] ?? ""}, a small demonstration model; get a real one with: ` +
      `rockchip-llama pull qwen3:0.6b; try: ${curl} '${example}'`
    );
  }
  const shown = names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
  return `Listening on ${places}; models: ${shown}; try: ${curl} '${example}'`;
}

async function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve("SIGTERM"));
    process.once("SIGINT", () => resolve("SIGINT"));
  });
}
