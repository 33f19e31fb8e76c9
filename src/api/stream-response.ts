/** A streamed answer as an HTTP response: pulled by the client's reading, kept alive while the model is silent, ended in exactly one way. */
import { Alarm } from "../core/alarm.ts";
import { AppError, assert } from "../core/errors.ts";
import type { GenerationEvent } from "../core/generation.ts";
import type { Generation } from "../engine/engine.ts";
import type { HeldConnection } from "./connection.ts";
import type { ApiTimes } from "./context.ts";
import type { Framing, JsonObject, StreamEncoder } from "./dialect.ts";
import { Patience, TICK } from "./within.ts";

/** What a stream is made from. */
export interface StreamParts {
  /** Asks the engine for each answer, in turn; it may still be loading the model. */
  readonly admissions: readonly (() => Promise<Generation>)[];
  readonly held: HeldConnection;
  readonly framing: Framing;
  readonly encoder: StreamEncoder;
  readonly times: ApiTimes;
  /** Headers beside those of the framing. */
  readonly headers: Readonly<Record<string, string>>;
  /** The error frame's object; called at most once, and not when the client has gone. */
  onError(error: AppError): JsonObject;
}

function keepAliveFrame(framing: Framing, encoder: StreamEncoder): string | null {
  if (framing.keepAlive !== null) return framing.keepAlive;
  return encoder.idle === undefined ? null : framing.frame(encoder.idle());
}

/** Goes on with a wait that has already been too long: keep-alives until the promise has its value. */
async function* keepingAlive<T>(
  promise: Promise<T>,
  patience: Patience,
  { framing, encoder }: StreamParts,
): AsyncGenerator<string, T, void> {
  for (;;) {
    const frame = keepAliveFrame(framing, encoder);
    if (frame !== null) yield frame;
    const value = await patience.wait(promise);
    if (value !== TICK) return value;
  }
}

/** The frames of one choice, in order. */
async function* choiceFrames(parts: StreamParts, choice: number, admit: () => Promise<Generation>): AsyncGenerator<string, void, void> {
  const { framing, encoder } = parts;
  const framed = (objects: readonly JsonObject[]): string => objects.map((object) => framing.frame(object)).join("");
  const opening = framed(encoder.open(choice));
  if (opening !== "") yield opening;
  const patience = new Patience(parts.times.keepAliveCommentS * 1000);
  let events: AsyncIterator<GenerationEvent> | null = null;
  let finished = false;
  try {
    const admission = admit();
    // A stream that is left here never looks at it again.
    admission.catch(() => undefined);
    const admitted = await patience.wait(admission);
    const generation = admitted === TICK ? yield* keepingAlive(admission, patience, parts) : admitted;
    events = generation.events[Symbol.asyncIterator]();
    for (;;) {
      const next = events.next();
      const waited = await patience.wait(next);
      const step = waited === TICK ? yield* keepingAlive(next, patience, parts) : waited;
      if (step.done === true) break;
      const frame = framed(encoder.event(step.value, choice));
      if (step.value.kind === "finish") finished = true;
      if (frame !== "") yield frame;
    }
    assert(finished, "an answer ended without its finish event");
  } finally {
    patience.end();
    // Not awaited: a pending next() settles only once the engine has heard the signal.
    events?.return?.().catch(() => undefined);
  }
}

/** The frames of one reply, in order. Leaving it early aborts the work. */
async function* frames(parts: StreamParts): AsyncGenerator<string, void, void> {
  const { framing, held } = parts;
  let finished = false;
  try {
    for (const [choice, admit] of parts.admissions.entries()) yield* choiceFrames(parts, choice, admit);
    finished = true;
    if (framing.end !== "") yield framing.end;
  } catch (thrown) {
    // A frame and then the end: clients take a stream that merely stops for a complete one, so the error must be said.
    if (!held.signal.aborted) yield framing.frame(parts.onError(AppError.from(thrown)));
  } finally {
    if (!finished) held.abort(new AppError("cancelled", "The answer was left before its end."));
    held.release();
  }
}

/** Hands frames on, and cuts the connection when one is not taken in time: a stalled reader must not hold the model. */
function watchingReader(source: AsyncGenerator<string, void, void>, stallMs: number, onStall: () => void): AsyncIterable<string> {
  const alarm = new Alarm(stallMs, onStall);
  return {
    [Symbol.asyncIterator]: () => ({
      // Asked for only when the socket has taken the bytes of the one before.
      next: async () => {
        alarm.clear();
        const step = await source.next();
        if (step.done === true) alarm.end();
        else alarm.set();
        return step;
      },
      return: async () => {
        alarm.end();
        return source.return();
      },
    }),
  };
}

/** Opens the stream. Its body is pulled by the client's reading; it ends with the answer, or with an error frame. */
export function streamResponse(parts: StreamParts): Response {
  const body = watchingReader(frames(parts), parts.times.stallMs, () => parts.held.cut());
  return new Response(body, {
    headers: { ...parts.headers, "content-type": parts.framing.contentType, "cache-control": "no-cache", "x-accel-buffering": "no" },
  });
}
