/** Replies that tell, line by line, how far something is, and end with "success" or with what went wrong. */
import { AppError } from "../../../core/errors.ts";
import type { LibraryProgress, OnLibraryProgress } from "../../../core/model-library.ts";
import { type HeldConnection, holdConnection } from "../../connection.ts";
import type { ApiContext, RequestScope } from "../../context.ts";
import { logFailure } from "../../failure-log.ts";
import { ndjson } from "../../framing/ndjson.ts";
import { heldWork } from "../../held-work.ts";
import { encodeOllamaError } from "../errors.ts";

/** What is done. It ends when the client goes. */
export type StatusWork = (onProgress: OnLibraryProgress, signal: AbortSignal) => Promise<void>;

/** Lines that have not been sent yet; of a transfer only the last is worth sending. */
class Backlog {
  readonly #lines: LibraryProgress[] = [];
  #more = Promise.withResolvers<void>();
  /** Resolves with the first line. */
  readonly first = this.#more.promise;

  push(line: LibraryProgress): void {
    const last = this.#lines.at(-1);
    if (last?.completed !== undefined && last.status === line.status && last.digest === line.digest) this.#lines.pop();
    this.#lines.push(line);
    this.#more.resolve();
  }

  take(): LibraryProgress | undefined {
    return this.#lines.shift();
  }

  /** Resolves when there is a line. */
  async more(): Promise<void> {
    if (this.#lines.length > 0) return;
    this.#more = Promise.withResolvers();
    await this.#more.promise;
  }
}

/** Does the work. What fails before the first line has its own status; later it is the last line. */
export async function statusReply(context: ApiContext, scope: RequestScope, stream: boolean, work: StatusWork): Promise<Response> {
  if (!stream) {
    return heldWork(context, scope, async (signal) => {
      let last: LibraryProgress = { status: "success" };
      await work((line) => (last = line), signal);
      return Response.json(last);
    });
  }
  const held = holdConnection(context, scope);
  const backlog = new Backlog();
  const done = work((line) => backlog.push(line), held.signal);
  // Looked at again behind the lines.
  done.catch(() => undefined);
  try {
    await Promise.race([backlog.first, done]);
  } catch (thrown) {
    held.release();
    throw thrown;
  }
  const body = lines(backlog, done, held, (thrown) => {
    const error = AppError.from(thrown);
    const reply = encodeOllamaError(error, scope);
    logFailure(context, scope, reply.status, error);
    return ndjson.frame(reply.body);
  });
  return new Response(body, { headers: { "content-type": ndjson.contentType, "cache-control": "no-cache", "x-accel-buffering": "no" } });
}

async function* lines(
  backlog: Backlog,
  done: Promise<void>,
  held: HeldConnection,
  onError: (thrown: unknown) => string,
): AsyncGenerator<string, void, void> {
  let failure: unknown = null;
  let ended = false;
  const end = done.catch((thrown: unknown) => (failure = thrown)).then(() => (ended = true));
  try {
    for (let isLast = false; !isLast;) {
      isLast = ended;
      for (let line = backlog.take(); line !== undefined; line = backlog.take()) yield ndjson.frame({ ...line });
      if (!isLast) await Promise.race([backlog.more(), end]);
    }
    if (failure !== null && !held.signal.aborted) yield onError(failure);
  } finally {
    if (!ended) held.abort(new AppError("cancelled", "The reply was left before its end."));
    held.release();
  }
}
