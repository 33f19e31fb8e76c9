/** The tie between a client's connection and the work done for it. */
import { AppError } from "../core/errors.ts";
import type { ApiContext, RequestScope } from "./context.ts";

/** Seconds after which a connection whose reader has stalled is cut; the smallest value the server knows. */
const CUT_AFTER_S = 1;

/** A connection that is kept open while an answer is made, however long that takes. */
export interface HeldConnection {
  /** Fires at once when the client goes, and when `abort` is called. */
  readonly signal: AbortSignal;
  /** Ends the work. Harmless after its end. */
  abort(reason: AppError): void;
  /** Ends the work and closes the connection soon after: its reader takes nothing any more. */
  cut(): void;
  /** Gives the connection back its ordinary idle timeout. Safe to call twice. */
  release(): void;
}

/** How many there are for whom the idle timeout of a connection is off. */
const suspensions = new WeakMap<Request, number>();

/**
 * Turns the idle timeout of a connection off, until what is returned is called: the last of several turns it on again, with as many seconds as it
 * says. Safe to call twice.
 */
export function suspendIdleTimeout(context: ApiContext, connection: Request): (seconds?: number) => void {
  const change = (by: number): number => {
    const count = (suspensions.get(connection) ?? 0) + by;
    suspensions.set(connection, count);
    return count;
  };
  const setTimeoutS = (seconds: number): void => {
    context.server()?.timeout(connection, seconds);
  };
  let over = false;
  change(1);
  setTimeoutS(0);
  return (seconds = context.times.idleTimeoutS) => {
    if (over) return;
    over = true;
    if (change(-1) === 0) setTimeoutS(seconds);
  };
}

/**
 * Holds the connection of a request. The idle timeout is off until `release`: prefill and long tool calls are silent for minutes,
 * and a reader that stalls is found by the stream itself. The timeout sticks to the connection, so it has to be set back.
 */
export function holdConnection(context: ApiContext, scope: RequestScope): HeldConnection {
  const work = new AbortController();
  const client = scope.connection.signal;
  const restoreTimeout = suspendIdleTimeout(context, scope.connection);
  const end = scope.end.hold();
  const release = (seconds?: number): void => {
    restoreTimeout(seconds);
    end();
  };
  const onGone = (): void => work.abort(new AppError("cancelled", "The client closed the connection."));
  if (client.aborted) onGone();
  else client.addEventListener("abort", onGone, { once: true });

  return {
    signal: work.signal,
    abort: (reason) => work.abort(reason),
    cut: () => {
      work.abort(new AppError("cancelled", "The client stopped reading its answer."));
      release(CUT_AFTER_S);
    },
    release: () => release(),
  };
}
