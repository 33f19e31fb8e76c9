/** A streamed answer as an HTTP response: pulled by the client's reading, kept alive while the model is silent, ended in exactly one way. */
import { AppError, assert } from "../core/errors.ts";
import type { Generation } from "../engine/engine.ts";
import type { HeldConnection } from "./connection.ts";
import type { ApiTimes } from "./context.ts";
import type { Framing, JsonObject, StreamEncoder } from "./dialect.ts";

export interface StreamParts {
  /** The engine's answer to the request; it may still be loading the model. */
  readonly admission: Promise<Generation>;
  readonly held: HeldConnection;
  readonly framing: Framing;
  readonly encoder: StreamEncoder;
  readonly times: ApiTimes;
  /** The error frame's object; called at most once, and not when the client has gone. */
  onError(error: AppError): JsonObject;
}

const TICK = Symbol("tick");

/** Resolves with the promise's value, or with TICK after some time. The timer never outlives the wait. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof TICK> {
  const tick = Promise.withResolvers<typeof TICK>();
  const timer = setTimeout(() => tick.resolve(TICK), ms);
  try {
    return await Promise.race([promise, tick.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a promise and yields keep-alives meanwhile, where the framing has one. */
async function* keepingAlive<T>(promise: Promise<T>, framing: Framing, everyMs: number): AsyncGenerator<string, T, void> {
  if (framing.keepAlive === null) return await promise;
  for (;;) {
    const value = await within(promise, everyMs);
    if (value !== TICK) return value;
    yield framing.keepAlive;
  }
}

/** The frames of one answer, in order. Leaving it early aborts the work. */
async function* frames(parts: StreamParts): AsyncGenerator<string, void, void> {
  const { framing, encoder, held } = parts;
  const everyMs = parts.times.keepAliveCommentS * 1000;
  const framed = (objects: readonly JsonObject[]): string => objects.map((object) => framing.frame(object)).join("");
  let events: AsyncIterator<unknown> | undefined;
  let finished = false;
  try {
    const opening = framed(encoder.open());
    if (opening !== "") yield opening;
    const generation = yield* keepingAlive(parts.admission, framing, everyMs);
    const iterator = generation.events[Symbol.asyncIterator]();
    events = iterator;
    for (;;) {
      const step = yield* keepingAlive(iterator.next(), framing, everyMs);
      if (step.done === true) break;
      const frame = framed(encoder.event(step.value));
      if (step.value.kind === "finish") finished = true;
      if (frame !== "") yield frame;
    }
    assert(finished, "an answer ended without its finish event");
    if (framing.end !== "") yield framing.end;
  } catch (thrown) {
    // A frame and then the end: clients take a stream that merely stops for a complete one, so the error must be said.
    if (!held.signal.aborted) yield framing.frame(parts.onError(AppError.from(thrown)));
  } finally {
    if (!finished) held.abort(new AppError("cancelled", "The answer was left before its end."));
    // Not awaited: a pending next() settles only once the engine has heard the signal.
    events?.return?.().catch(() => undefined);
    held.release();
  }
}

/** Hands frames on, and cuts the connection when one is not taken in time: a stalled reader must not hold the model. */
async function* watchingReader(source: AsyncIterable<string>, stallMs: number, onStall: () => void): AsyncGenerator<string, void, void> {
  for await (const frame of source) {
    const timer = setTimeout(onStall, stallMs);
    try {
      // Resumes only when the socket has taken the bytes.
      yield frame;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Waits up to `headerWaitMs` for the engine to take or refuse the request, so that a refusal is a real HTTP status, and then opens the stream.
 * @throws AppError when the engine refuses in time.
 */
export async function streamResponse(parts: StreamParts): Promise<Response> {
  // Looked at later, in `frames`; without this a refusal after the client has gone would be an unhandled rejection.
  parts.admission.catch(() => undefined);
  await within(parts.admission, parts.times.headerWaitMs);
  const body = watchingReader(frames(parts), parts.times.stallMs, () => parts.held.cut());
  // Bun takes an async iterable for a body and pulls it; its types do not say so.
  return new Response(body as unknown as ReadableStream, {
    headers: { "content-type": parts.framing.contentType, "cache-control": "no-cache", "x-accel-buffering": "no" },
  });
}
