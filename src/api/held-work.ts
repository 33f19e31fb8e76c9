/** Work for a request that answers in one piece and may be silent for long: a model may have to be loaded for it. */
import { AppError } from "../core/errors.ts";
import { holdConnection } from "./connection.ts";
import type { ApiContext, RequestScope } from "./context.ts";

/** Does the work while the connection is held; its signal fires when the client goes. Throws what the work throws, and AppError cancelled. */
export async function heldWork(
  context: ApiContext,
  scope: RequestScope,
  work: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const held = holdConnection(context, scope);
  try {
    return await work(held.signal);
  } catch (thrown) {
    throw held.signal.aborted ? new AppError("cancelled", "The client closed the connection.", { cause: thrown }) : thrown;
  } finally {
    held.release();
  }
}
