/** One log line for each failure that is not the client's. */
import type { AppError } from "../core/errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { RequestScope } from "./context.ts";

/** Writes what the client is not told: the cause and its stack. */
export function logFailure(log: Log, scope: RequestScope, status: number, error: AppError): void {
  if (status < 500) return;
  const cause = error.cause instanceof Error ? { cause: error.cause.stack ?? error.cause.message } : {};
  log.error(error.message, { id: scope.id, code: error.code, status, ...cause });
}
