/**
 * How long a body may be, and how long it may take. Bun's limit of length is for all routes alike, and its idle timeout runs from the headers on,
 * however much comes: both are off while a body is read, and these stand in their place.
 */
import { AppError } from "../core/errors.ts";
import { suspendIdleTimeout } from "./connection.ts";
import type { ApiContext } from "./context.ts";
import { TICK, within } from "./within.ts";

/** Uploads go to the disk piece by piece; what receives them knows how much room there is. */
const UPLOADS = /^\/api\/blobs\/[^/]+$/;

/** So much of a body, or its end, has to come for every time that a client may keep the server waiting: where that is a minute, 17 kB a second. */
const PIECE_BYTES = 1 << 20;

/** What a body is read with. */
export interface BodyBounds {
  readonly context: ApiContext;
  /** The request that belongs to the socket. */
  readonly connection: Request;
  readonly bytesMax: number;
}

/** Requests whose body is short by its own account, and read in one piece. */
const short = new WeakMap<Request, BodyBounds>();

/**
 * The request with a body that is bounded: reading it throws AppError body_too_large, body_timeout, and cancelled when the client goes. Throws
 * body_too_large at once for one that says that it is too long. One that says that it is short is bounded by `bodyText` alone: a stream around
 * what has mostly come with the head would cost more than all that is done with it.
 */
export function limitBody(request: Request, path: string, bounds: BodyBounds): Request {
  const bytesMax = UPLOADS.test(path) ? Infinity : bounds.bytesMax;
  const length = request.headers.get("content-length");
  if (Number(length ?? 0) > bytesMax) {
    throw new AppError("body_too_large", `The request body has ${length ?? ""} bytes; at most ${bytesMax} are taken.`);
  }
  if (length !== null && Number(length) <= PIECE_BYTES && bytesMax !== Infinity) {
    short.set(request, bounds);
    return request;
  }
  if (request.body === null) return request;
  const body = boundedBody(request.body, { ...bounds, bytesMax });
  return new Request(request.url, { method: request.method, headers: request.headers, body });
}

/** The text of a request that `limitBody` has seen. Throws what reading it throws. */
export async function bodyText(request: Request): Promise<string> {
  const bounds = short.get(request);
  if (bounds === undefined) return request.text();
  const text = request.text();
  // Mostly it has come with the head, and is there as soon as the event loop has gone round.
  await Promise.race([text.catch(() => {}), new Promise(setImmediate)]);
  if (Bun.peek.status(text) === "fulfilled") return text;
  const { context, connection } = bounds;
  const resumeIdleTimeout = suspendIdleTimeout(context, connection);
  try {
    const came = await within(text.catch(clientGone), context.times.stallMs);
    if (came === TICK) throw bodyTimeout(context.times.stallMs);
    return came;
  } finally {
    resumeIdleTimeout();
  }
}

async function* boundedBody(
  body: ReadableStream<Uint8Array>,
  { context, connection, bytesMax }: BodyBounds,
): AsyncGenerator<Uint8Array, void, undefined> {
  const resumeIdleTimeout = suspendIdleTimeout(context, connection);
  const reader = body.getReader();
  let bytes = 0;
  let missing = PIECE_BYTES;
  // What is done with the bytes is not the client's time.
  let patienceMs = context.times.stallMs;
  try {
    for (;;) {
      const startedMs = performance.now();
      const step = await within(reader.read().catch(clientGone), patienceMs);
      if (step === TICK) throw bodyTimeout(context.times.stallMs);
      if (step.done) return;
      patienceMs -= performance.now() - startedMs;
      bytes += step.value.length;
      missing -= step.value.length;
      if (bytes > bytesMax) throw new AppError("body_too_large", `The request body is too large: at most ${bytesMax} bytes are taken.`);
      if (missing <= 0) {
        missing = PIECE_BYTES;
        patienceMs = context.times.stallMs;
      }
      yield step.value;
    }
  } finally {
    resumeIdleTimeout();
    reader.cancel().catch(() => undefined);
  }
}

/** Nothing but its end keeps a body from being read. */
function clientGone(cause: unknown): never {
  throw new AppError("cancelled", "The client closed the connection.", { cause });
}

function bodyTimeout(stallMs: number): AppError {
  const seconds = Math.round(stallMs / 1000);
  return new AppError("body_timeout", `The request body did not come: the server waits ${seconds} s for each MiB of it (idle_timeout_s).`);
}
