/**
 * A host inside the gateway (`--isolation thread`): the same code with the Worker alone. Less memory and no second process, but a
 * crash of the library is a crash of the server, and its output goes where the server's goes.
 */
import { EngineHost } from "./host.ts";
import type { LaunchHost } from "./host-link.ts";
import type { HostCommand } from "./protocol.ts";

/** Launches hosts in this process. */
export const launchHostThread: LaunchHost = (onEvent) => {
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  let open = true;
  const host = new EngineHost((event) => {
    // Never inside the caller's own call: a message arrives later here too, as it does from a process.
    queueMicrotask(() => {
      if (!open) return;
      onEvent(event);
      if (event.kind === "closed") stop("close");
    });
  });
  const stop = (reason: string) => {
    open = false;
    end(reason);
  };
  return {
    send: (command: HostCommand) => queueMicrotask(() => void host.receive(command)),
    ended,
    // Native code cannot be stopped from outside without ending the process: its thread and memory stay until it returns, if it does.
    kill: () => {
      void host.receive({ kind: "close" });
      stop("given up: its thread cannot be ended");
    },
    memory: () => null,
    outputTail: () => [],
  };
};
