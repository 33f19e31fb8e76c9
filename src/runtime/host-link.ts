/** The gateway's end of the line to one engine host, whichever way it is isolated. */
import type { SlotMemory } from "../core/runtime.ts";
import type { HostCommand, HostEvent } from "./protocol.ts";

/** One started host. */
export interface HostLink {
  send(command: HostCommand): void;
  /** Resolves once, when the host has ended, with how: "exit code 0", "signal SIGSEGV". Never rejects. */
  readonly ended: Promise<string>;
  /** Ends the host at once, whatever it is doing. */
  kill(): void;
  /** Memory of the host's process; null where it has none of its own, or is gone. */
  memory(): SlotMemory | null;
  /** The last lines the native library printed, oldest first. */
  outputTail(): readonly string[];
}

/** Starts a host; its events go to `onEvent`. Throws AppError engine_lost when it cannot be started. */
export type LaunchHost = (onEvent: (event: HostEvent) => void) => HostLink;
