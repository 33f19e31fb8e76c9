/** Reaches a server for a command: the one that is running, else one in this process. */
import type { Environment } from "../../config/environment.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { AppError } from "../../core/errors.ts";
import { type ServerPlace, serverPlace } from "./place.ts";
import { ServerClient } from "./server-client.ts";

/** A server to talk to. `await using` ends one that was started for it. */
export interface Connection extends AsyncDisposable {
  readonly client: ServerClient;
  /** Whether it is in this process: what is loaded goes with it. */
  readonly isOwn: boolean;
}

/** How long a server may take to say that it is there, ms: one on another machine may be behind a slow network. */
const PROBE_MS = { here: 3000, elsewhere: 10_000 };

/**
 * The running server, or where that is on this machine and does not run, one of this process.
 * Throws AppError not_found, unauthorized, and what keeps a server from starting.
 */
export async function connect(loaded: LoadedConfig, environment: Environment): Promise<Connection> {
  const place = serverPlace(loaded);
  const running = await probe(place);
  if (running === null) return connected(place);
  if (!place.isHere) throw running;
  // Most of the program: not to be loaded where a server runs.
  const { startOwnServer } = await import("./own-server.ts");
  const own = await startOwnServer(loaded, environment);
  return { client: new ServerClient(own.place), isOwn: true, [Symbol.asyncDispose]: async () => own.close() };
}

/** The running server. Throws AppError not_found with how to start one, unauthorized. */
export async function connectToRunning(loaded: LoadedConfig): Promise<Connection> {
  const place = serverPlace(loaded);
  const fault = await probe(place);
  if (fault === null) return connected(place);
  // Something else may have the port.
  if (!place.isHere || fault.cause === undefined) throw fault;
  throw new AppError("not_found", `No server is running at ${place.url}. Start one with: rockchip-llama serve`, { cause: fault });
}

function connected(place: ServerPlace): Connection {
  return { client: new ServerClient(place), isOwn: false, [Symbol.asyncDispose]: async () => {} };
}

/** null where a server answers, else why none does. Throws AppError unauthorized for one that knows us not. */
async function probe(place: ServerPlace): Promise<AppError | null> {
  const client = new ServerClient(place);
  const signal = AbortSignal.timeout(place.isHere ? PROBE_MS.here : PROBE_MS.elsewhere);
  try {
    const reply = (await (await client.send("/api/version", undefined, { signal })).json()) as { version?: unknown };
    return typeof reply.version === "string" ? null : strange(place);
  } catch (thrown) {
    if (signal.aborted) return new AppError("not_found", `${place.url} does not answer.`, { cause: thrown });
    if (!(thrown instanceof AppError)) return strange(place);
    if (thrown.code === "unauthorized" || thrown.code === "forbidden") throw thrown;
    return thrown.cause === undefined ? strange(place) : withAdvice(thrown);
  }
}

function strange({ url }: ServerPlace): AppError {
  return new AppError("not_found", `What answers at ${url} is no server of this kind. --port and --host, or --server-url, name another.`);
}

function withAdvice(fault: AppError): AppError {
  return new AppError(
    fault.code,
    `${fault.message} Start the server there with \`rockchip-llama serve\`, or name another with --server-url.`,
    {
      cause: fault,
    },
  );
}
