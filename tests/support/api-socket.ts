/** The API on a real socket with a scripted engine behind it, for what only a socket has: disconnects, stalled readers, host names. */
import { createServer } from "../../src/api/server.ts";
import type { ServerOptions } from "../../src/api/context.ts";
import { assert } from "../../src/core/errors.ts";
import { scriptedEngine, serverOptions } from "./scripted-engine.ts";
import type { RecordedLog, Script, ScriptedEngine } from "./scripted-engine.ts";

/** A listening server; disposing of it ends it and cuts what is still open. */
export interface ListeningApi extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly engine: ScriptedEngine;
  readonly lines: readonly RecordedLog[];
}

export function listen(script: Script, change: Partial<ServerOptions> = {}): ListeningApi {
  const engine = scriptedEngine(script);
  const lines: RecordedLog[] = [];
  const app = createServer(serverOptions(engine, change, lines));
  app.listen({ hostname: "127.0.0.1", port: 0 });
  const port = app.server?.port;
  assert(port !== undefined, "the server listens on a port");
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    engine,
    lines,
    [Symbol.asyncDispose]: async () => {
      await app.stop(true);
    },
  };
}

/** Resolves when a signal fires. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
