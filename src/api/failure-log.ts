/** One log line for each failure that is not the client's; the status page shows it as well. */
import type { AppError } from "../core/errors.ts";
import type { ApiContext, RequestScope } from "./context.ts";

/** Writes what the client is not told: the cause and its stack. */
export function logFailure({ log, telemetry }: ApiContext, scope: RequestScope, status: number, error: AppError): void {
  telemetry.failed(scope.record, status, error);
  if (status < 500) return;
  const cause = error.cause instanceof Error ? { cause: error.cause.stack ?? error.cause.message } : {};
  log.error(error.message, { id: scope.id, code: error.code, status, ...cause });
}
