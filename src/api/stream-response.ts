/** A streamed answer as an HTTP response: written as it comes, kept alive while the model is silent, ended in exactly one way. */
import { Alarm } from "../core/alarm.ts";
import { AppError, assert } from "../core/errors.ts";
import type { Generation } from "../engine/engine.ts";
import type { HeldConnection } from "./connection.ts";
import type { ApiTimes } from "./context.ts";
import type { Framing, JsonObject, StreamEncoder } from "./dialect.ts";

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

/** Where Bun takes the bytes of a reply. Written to after the client has gone, it takes nothing and says nothing. */
interface ReplySink {
  /** A promise where the socket takes nothing more for now: it resolves when it does again, and when the connection is closed. */
  write(text: string): number | Promise<number>;
  flush(): unknown;
  end(): unknown;
}

/** One reply on its way out. */
class StreamedReply {
  private readonly parts: StreamParts;
  private readonly sink: ReplySink;
  /** Rings when nothing has been written for a while. */
  private readonly silence: Alarm;
  private blocked = false;

  constructor(parts: StreamParts, sink: ReplySink) {
    this.parts = parts;
    this.sink = sink;
    this.silence = new Alarm(parts.times.keepAliveCommentS * 1000, () => this.keepAlive());
    this.silence.set();
  }

  /** Writes all of it. Never throws: what goes wrong is the last frame. */
  async write(): Promise<void> {
    const { admissions, framing, held, onError } = this.parts;
    let finished = false;
    try {
      for (const [choice, admit] of admissions.entries()) await this.writeChoice(choice, admit);
      finished = true;
      await this.send(framing.end);
    } catch (thrown) {
      // A frame and then the end: clients take a stream that merely stops for a complete one, so the error must be said.
      if (!held.signal.aborted) await this.send(framing.frame(onError(AppError.from(thrown))));
    } finally {
      this.silence.end();
      if (!finished) held.abort(new AppError("cancelled", "The answer was left before its end."));
      held.release();
      this.sink.end();
    }
  }

  private async writeChoice(choice: number, admit: () => Promise<Generation>): Promise<void> {
    const { encoder } = this.parts;
    await this.send(this.framed(encoder.open(choice)));
    let finished = false;
    for await (const event of (await admit()).events) {
      const blocked = this.send(this.framed(encoder.event(event, choice)));
      // Mostly the socket has taken it at once: then nothing is waited for.
      if (blocked !== null) await blocked;
      finished ||= event.kind === "finish";
    }
    assert(finished, "an answer ended without its finish event");
  }

  private framed(objects: readonly JsonObject[]): string {
    let frames = "";
    for (const object of objects) frames += this.parts.framing.frame(object);
    return frames;
  }

  /** A promise where the client has to read first. */
  private send(frames: string): Promise<void> | null {
    if (frames === "") return null;
    const written = this.sink.write(frames);
    this.sink.flush();
    this.silence.set();
    return typeof written === "number" ? null : this.untilTaken(written);
  }

  /** Cuts the connection where nothing is taken in time: a stalled reader must not hold the model. */
  private async untilTaken(written: Promise<number>): Promise<void> {
    const stall = setTimeout(() => this.parts.held.cut(), this.parts.times.stallMs);
    this.blocked = true;
    try {
      await written;
    } finally {
      clearTimeout(stall);
      this.blocked = false;
    }
  }

  private keepAlive(): void {
    const { framing, encoder } = this.parts;
    const frame = framing.keepAlive ?? (encoder.idle === undefined ? "" : framing.frame(encoder.idle()));
    if (this.blocked) this.silence.set();
    else void this.send(frame);
  }
}

/** Opens the stream. The client's reading sets its pace; it ends with the answer, or with an error frame. */
export function streamResponse(parts: StreamParts): Response {
  const { held } = parts;
  let begun = false;
  const body = new ReadableStream({
    type: "direct",
    pull: async (sink: ReplySink) => {
      begun = true;
      return new StreamedReply(parts, sink).write();
    },
    // Where the client went before the stream was opened, this is called and nothing else; later the writing finds out by itself.
    cancel: () => {
      if (begun) return;
      held.abort(new AppError("cancelled", "The client closed the connection."));
      held.release();
    },
  });
  return new Response(body, {
    headers: { ...parts.headers, "content-type": parts.framing.contentType, "cache-control": "no-cache", "x-accel-buffering": "no" },
  });
}
