/** What systemd tells a service of itself, in variables. source: sd_notify(3), sd_watchdog_enabled(3) */
import type { Environment } from "./environment.ts";

/** How a service reports to systemd. */
export interface Supervision {
  /** The socket that takes its words: a path, or a name behind `@`. */
  readonly socket: string;
  /** How long it may be silent before it is taken for hung, ms; null where nobody watches. */
  readonly watchdogMs: number | null;
}

const VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/** How the process with this id is to report; null where it was not started as a service that reports. */
export function supervision(env: Environment, pid: number): Supervision | null {
  const socket = env["NOTIFY_SOCKET"] ?? "";
  if (socket === "") return null;
  const watchdogMs = Number(env["WATCHDOG_USEC"]) / 1000;
  // The variables reach every process that inherits them; only the one that is named is watched.
  const isWatched = watchdogMs > 0 && (env["WATCHDOG_PID"] ?? String(pid)) === String(pid);
  return { socket, watchdogMs: isWatched ? watchdogMs : null };
}

/** The environment for child processes: what they say must not pass for the service's own word. */
export function withoutSupervision(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !VARIABLES.includes(name)));
}
