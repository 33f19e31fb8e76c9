/** A streamed answer as an HTTP response: pulled by the client's reading, kept alive while the model is silent, ended in exactly one way. */
import { AppError, assert } from "../core/errors.ts";
import type { Generation } from "../engine/engine.ts";
import type { HeldConnection } from "./connection.ts";
import type { ApiTimes } from "./context.ts";
import type { Framing, JsonObject, StreamEncoder } from "./dialect.ts";
import { TICK, within } from "./within.ts";

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

/** Waits for a promise and yields keep-alives meanwhile, where there are any. */
async function* keepingAlive<T>(promise: Promise<T>, keepAlive: () => string | null, everyMs: number): AsyncGenerator<string, T, void> {
  for (;;) {
    const value = await within(promise, everyMs);
    if (value !== TICK) return value;
    const frame = keepAlive();
    if (frame !== null) yield frame;
  }
}

function keepAliveFrame(framing: Framing, encoder: StreamEncoder): string | null {
  if (framing.keepAlive !== null) return framing.keepAlive;
  return encoder.idle === undefined ? null : framing.frame(encoder.idle());
}

/** The frames of one choice, in order. */
async function* choiceFrames(parts: StreamParts, choice: number, admit: () => Promise<Generation>): AsyncGenerator<string, void, void> {
  const { framing, encoder } = parts;
  const everyMs = parts.times.keepAliveCommentS * 1000;
  const framed = (objects: readonly JsonObject[]): string => objects.map((object) => framing.frame(object)).join("");
  const keepAlive = () => keepAliveFrame(framing, encoder);
  const opening = framed(encoder.open(choice));
  if (opening !== "") yield opening;
  const admission = admit();
  // A stream that is left here never looks at it again.
  admission.catch(() => undefined);
  const events = (yield* keepingAlive(admission, keepAlive, everyMs)).events[Symbol.asyncIterator]();
  let finished = false;
  try {
    for (;;) {
      const step = yield* keepingAlive(events.next(), keepAlive, everyMs);
      if (step.done === true) break;
      const frame = framed(encoder.event(step.value, choice));
      if (step.value.kind === "finish") finished = true;
      if (frame !== "") yield frame;
    }
    assert(finished, "an answer ended without its finish event");
  } finally {
    // Not awaited: a pending next() settles only once the engine has heard the signal.
    events.return?.().catch(() => undefined);
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

/** Opens the stream. Its body is pulled by the client's reading; it ends with the answer, or with an error frame. */
export function streamResponse(parts: StreamParts): Response {
  const body = watchingReader(frames(parts), parts.times.stallMs, () => parts.held.cut());
  return new Response(body, {
    headers: { ...parts.headers, "content-type": parts.framing.contentType, "cache-control": "no-cache", "x-accel-buffering": "no" },
  });
}
