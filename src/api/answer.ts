/** The straight line of one generation request inside the API: engine, then a streamed or a whole reply. */
import { AppError } from "../core/errors.ts";
import { collectAnswer } from "./collected-answer.ts";
import { holdConnection } from "./connection.ts";
import type { ApiContext, RequestScope } from "./context.ts";
import type { Exchange } from "./dialect.ts";
import { logFailure } from "./failure-log.ts";
import { streamResponse } from "./stream-response.ts";

/** Names the fields of a request that had no effect, so that nobody wonders why a seed changes nothing. */
const IGNORED_HEADER = "x-rockchip-llama-ignored";

/** Runs one request. Throws AppError for everything that can still be an HTTP status. */
export async function answer(context: ApiContext, scope: RequestScope, exchange: Exchange): Promise<Response> {
  const held = holdConnection(context, scope);
  try {
    const model = await context.engine.model(exchange.request.model);
    const admission = context.engine.generate(exchange.request, held.signal);
    const response = exchange.stream
      ? await streamResponse({
          admission,
          held,
          framing: exchange.framing,
          encoder: exchange.streamEncoder(model),
          times: context.times,
          onError: (error) => {
            const reply = exchange.encodeError(error, scope);
            logFailure(context.log, scope, reply.status, error);
            return reply.body;
          },
        })
      : Response.json(exchange.whole(model, await collectAnswer((await admission).events)), {
          headers: { "openai-processing-ms": String(Math.round(context.nowMs() - scope.startedMs)), "cache-control": "no-store" },
        });
    if (exchange.ignored.length > 0) response.headers.set(IGNORED_HEADER, exchange.ignored.join(", "));
    // A stream holds the connection until its own end.
    if (!exchange.stream) held.release();
    return response;
  } catch (thrown) {
    held.release();
    throw held.signal.aborted ? new AppError("cancelled", "The client closed the connection.", { cause: thrown }) : thrown;
  }
}
