/** The straight line of one request for answers inside the API: engine, then a streamed or a whole reply. */
import { AppError } from "../core/errors.ts";
import { type GenerationRequest, SAMPLING_NAMES } from "../core/generation.ts";
import type { Queued } from "../engine/embed.ts";
import type { Generation } from "../engine/engine.ts";
import { collectAnswer } from "./collected-answer.ts";
import type { CollectedAnswer } from "./collected-answer.ts";
import { holdConnection } from "./connection.ts";
import type { HeldConnection } from "./connection.ts";
import type { ApiContext, RequestScope } from "./context.ts";
import type { Exchange } from "./dialect.ts";
import { logFailure } from "./failure-log.ts";
import { logPrompt } from "./prompt-log.ts";
import { streamResponse } from "./stream-response.ts";
import { TICK, within } from "./within.ts";

/** Names the fields of a request that had no effect, so that nobody wonders why a seed changes nothing. */
const IGNORED_HEADER = "x-rockchip-llama-ignored";
const NOTE_HEADER = "x-rockchip-llama-note";
/** Requests ahead when this one came, and how long it has waited for its turn, or is likely to, ms. */
const POSITION_HEADER = "x-rockchip-llama-queue-position";
const WAIT_HEADER = "x-rockchip-llama-queue-wait-ms";

/** Runs one request. Throws AppError for everything that can still be an HTTP status. */
export async function answer(context: ApiContext, scope: RequestScope, exchange: Exchange): Promise<Response> {
  const [{ model, input }] = exchange.requests;
  logPrompt(context, scope, model, input);
  scope.tools = input.kind === "chat" ? input.tools.length : 0;
  const held = holdConnection(context, scope);
  try {
    return await (exchange.stream ? streamed(context, scope, exchange, held) : whole(context, scope, exchange, held));
  } catch (thrown) {
    const hasGone = held.signal.aborted;
    // Whatever was admitted meanwhile gives its place back.
    held.abort(AppError.from(thrown));
    held.release();
    throw hasGone ? new AppError("cancelled", "The client closed the connection.", { cause: thrown }) : thrown;
  }
}

async function whole(context: ApiContext, scope: RequestScope, exchange: Exchange, held: HeldConnection): Promise<Response> {
  const [first, ...others] = exchange.requests;
  const generate = async (request: GenerationRequest) => context.engine.generate({ ...request, ...senderOf(scope) }, held.signal);
  const generation = await generate(first);
  const answers: [CollectedAnswer, ...CollectedAnswer[]] = [await collectAnswer(generation)];
  // Not at once: one slot runs them one by one all the same, and each finds the prompt of the one before it in the cache.
  for (const request of others) answers.push(await collectAnswer(await generate(request)));
  const body = exchange.whole(generation.model, answers);
  held.release();
  const processingMs = Math.round(context.nowMs() - scope.startedMs);
  return Response.json(body, {
    headers: {
      "openai-processing-ms": String(processingMs),
      "cache-control": "no-store",
      ...ignoredHeader(exchange, generation),
      ...queueHeaders(generation.queuePosition, answers[0].timings.queueMs),
    },
  });
}

/**
 * Waits up to `headerWaitMs` for the engine to take or refuse the first request, so that a refusal is a real HTTP status, and then opens the
 * stream, which holds the connection until its own end.
 */
async function streamed(context: ApiContext, scope: RequestScope, exchange: Exchange, held: HeldConnection): Promise<Response> {
  const [first, ...others] = exchange.requests;
  const sender = senderOf(scope);
  const generate = async (request: GenerationRequest) => context.engine.generate({ ...request, ...sender }, held.signal);
  const admission = generate(first);
  // The stream looks at it later; a refusal after the client has gone would otherwise be an unhandled rejection.
  admission.catch(() => undefined);
  // Asked for at once with the admission: both look through the models folders, and do it together.
  const named = context.engine.model(first.model, sender.arrivedMs);
  named.catch(() => undefined);
  const waited = await within(admission, context.times.headerWaitMs);
  const admitted = waited === TICK ? null : waited;
  const model = admitted?.model ?? (await named);
  return streamResponse({
    admissions: [() => admission, ...others.map((request) => async () => generate(request))],
    held,
    framing: exchange.framing,
    encoder: exchange.streamEncoder(model, admitted?.promptTokens ?? null),
    times: context.times,
    headers: {
      ...ignoredHeader(exchange, admitted),
      ...(admitted === null ? {} : queueHeaders(admitted.queuePosition, admitted.queueWaitMs)),
    },
    onError: (error) => {
      const reply = exchange.encodeError(error, scope);
      logFailure(context, scope, reply.status, error);
      return reply.body;
    },
  });
}

/** Who asks, and since when. */
function senderOf({ client, record }: RequestScope): { readonly client: string; readonly arrivedMs: number } {
  return { client, arrivedMs: record.startedMs };
}

/** How many were ahead of a request, and how long it waited or is likely to, ms; null where that cannot be told. */
function queueHeaders(position: number, waitMs: number | null): Record<string, string> {
  return { [POSITION_HEADER]: String(position), ...(waitMs === null ? {} : { [WAIT_HEADER]: String(Math.round(waitMs)) }) };
}

/** What a reply with vectors or scores tells beside them. @param noted fields of the request that change nothing */
export function vectorHeaders({ queuePosition, queueMs }: Queued, note: string, noted: readonly string[]): Record<string, string> {
  return { ...queueHeaders(queuePosition, queueMs), ...noteHeaders(note), ...ignoredHeaders(noted) };
}

/** The header that says what nothing else in a reply shows; none for "". */
function noteHeaders(note: string): Record<string, string> {
  return note === "" ? {} : { [NOTE_HEADER]: note };
}

function ignoredHeader(exchange: Exchange, generation: Generation | null): Record<string, string> {
  const names = [...exchange.ignored, ...(generation?.samplingIgnored ?? []).map((name) => SAMPLING_NAMES[name])];
  return { ...ignoredHeaders(names), ...noteHeaders(exchange.note?.() ?? "") };
}

/** The header that names fields which were sent in vain; none where there are none. */
export function ignoredHeaders(names: readonly string[]): Record<string, string> {
  return names.length === 0 ? {} : { [IGNORED_HEADER]: names.join(", ") };
}
