/** Tells systemd how the server is, where that started it as a service of `Type=notify`. Anywhere else nothing is said. */
import type { Supervision } from "./config/systemd-variables.ts";
import { AppError } from "./core/errors.ts";
import { openDatagram, type SendDatagram } from "./runtime/native/datagram.ts";
import type { Log } from "./telemetry/log.ts";

/** What the server says of itself. */
export interface Reports {
  /** It listens; the text stands in `systemctl status`. From now on it says regularly that it is alive, if that is asked for. */
  ready(this: void, status: string): void;
  /** It ends. */
  stopping(this: void): void;
}

/** More than the two that sd_watchdog_enabled(3) asks for, so that one word may come late. */
const WORDS_PER_WATCHDOG = 3;

/**
 * Reports on the socket that systemd named. One that takes nothing is a line in the log and no more: systemd itself ends a
 * service that it does not hear of.
 */
export function openReports(supervision: Supervision | null, log: Log): Reports {
  if (supervision === null) return { ready: () => {}, stopping: () => {} };
  const { socket, watchdogMs } = supervision;
  const send = openSocket(socket, log);
  const say = (words: string): void => {
    if (!send(words)) log.warn("systemd was not told", { words, socket });
  };
  return {
    ready: (status) => {
      say(`READY=1\nSTATUS=${status.replaceAll("\n", " ")}`);
      // The timer belongs to the event loop: one that hangs says nothing, which is what the watchdog is for.
      if (watchdogMs !== null) setInterval(() => void send("WATCHDOG=1"), watchdogMs / WORDS_PER_WATCHDOG).unref();
    },
    stopping: () => say("STOPPING=1"),
  };
}

function openSocket(socket: string, log: Log): SendDatagram {
  try {
    return openDatagram(socket);
  } catch (thrown) {
    log.warn("systemd cannot be told anything", { error: AppError.from(thrown).message });
    return () => true;
  }
}
