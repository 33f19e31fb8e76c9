/** A streamed answer as an HTTP response: written as it comes, kept alive while the model is silent, ended in exactly one way. */
import { Alarm } from "../core/alarm.ts";
import { AppError, assert } from "../core/errors.ts";
import type { Generation } from "../engine/engine.ts";
import type { HeldConnection } from "./connection.ts";
import type { ApiTimes } from "./context.ts";
import type { Framing, JsonObject, StreamEncoder } from "./dialect.ts";
import { FrameWriter } from "./framing/frame-writer.ts";

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

/** So many characters that a client has not taken are written at once: it may take its time for each such piece. */
const PIECE_CHARACTERS = 1 << 16;

/** Bun sends a piece of so many bytes when it is written, and keeps a shorter one until it is flushed: a step that most frames can do without. */
const UNBUFFERED_BYTES = 64;

/** One reply on its way out. */
class StreamedReply {
  private readonly parts: StreamParts;
  private readonly sink: ReplySink;
  private readonly frames: FrameWriter;
  /** Rings when nothing has been written for a while. */
  private readonly silence: Alarm;
  /** Resolves when the client has taken all that waits for it; null: nothing does. */
  private blocked: Promise<void> | null = null;
  /** What is to be written when there is room. */
  private readonly waiting: string[] = [];
  private over = false;

  constructor(parts: StreamParts, sink: ReplySink) {
    this.parts = parts;
    this.sink = sink;
    this.frames = new FrameWriter(parts.framing);
    this.silence = new Alarm(parts.times.keepAliveCommentS * 1000, () => this.keepAlive());
    this.silence.set();
  }

  /** Writes all of it. Never throws: what goes wrong is the last frame. */
  async write(): Promise<void> {
    const { admissions, framing, held, onError } = this.parts;
    try {
      for (const [choice, admit] of admissions.entries()) await this.writeChoice(choice, admit);
      this.send(framing.end);
      await this.blocked;
    } catch (thrown) {
      const gone = held.signal.aborted;
      held.abort(new AppError("cancelled", "The answer was left before its end."));
      if (gone) return;
      // A frame and then the end: clients take a stream that merely stops for a complete one, so the error must be said.
      this.send(framing.frame(onError(AppError.from(thrown))));
      await this.blocked;
    } finally {
      this.over = true;
      this.silence.end();
      held.release();
      this.sink.end();
    }
  }

  private async writeChoice(choice: number, admit: () => Promise<Generation>): Promise<void> {
    const { encoder } = this.parts;
    this.send(this.frames.write(encoder.open(choice)));
    let finished = false;
    const generation = await admit();
    await generation.read((events) => {
      let frames = "";
      for (const event of events) {
        frames += this.frames.write(encoder.event(event, choice));
        finished ||= event.kind === "finish";
      }
      this.send(frames);
    });
    assert(finished, "an answer ended without its finish event");
  }

  private send(frames: string): void {
    if (frames === "" || this.over) return;
    if (this.blocked !== null) this.keep(frames);
    else {
      const written = this.put(frames);
      // Mostly the socket has taken it at once.
      if (typeof written !== "number") this.blocked = this.untilTaken(written);
    }
  }

  private put(frames: string): number | Promise<number> {
    const written = this.sink.write(frames);
    if (frames.length < UNBUFFERED_BYTES) this.sink.flush();
    this.silence.set();
    return written;
  }

  private keep(frames: string): void {
    const last = this.waiting.pop() ?? "";
    if (last.length > PIECE_CHARACTERS) this.waiting.push(last, frames);
    else this.waiting.push(last + frames);
  }

  /** Cuts the connection where nothing is taken in time: a client that has stopped reading is not to be waited for. */
  private async untilTaken(written: number | Promise<number>): Promise<void> {
    const { held, times } = this.parts;
    for (let piece: number | Promise<number> | null = written; piece !== null;) {
      const stall = setTimeout(() => held.cut(), times.stallMs);
      await Promise.allSettled([piece]);
      clearTimeout(stall);
      const next = this.over ? undefined : this.waiting.shift();
      piece = next === undefined ? null : this.put(next);
    }
    this.blocked = null;
  }

  private keepAlive(): void {
    const { framing, encoder } = this.parts;
    const frame = framing.keepAlive ?? (encoder.idle === undefined ? "" : framing.frame(encoder.idle()));
    if (this.blocked !== null) this.silence.set();
    else this.send(frame);
  }
}

/** Opens the stream. It ends with the answer, or with an error frame. */
export function streamResponse(parts: StreamParts): Response {
  const { held } = parts;
  let begun = false;
  const body = new ReadableStream(
    {
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
    },
    { highWaterMark: UNBUFFERED_BYTES },
  );
  return new Response(body, {
    headers: { ...parts.headers, "content-type": parts.framing.contentType, "cache-control": "no-cache", "x-accel-buffering": "no" },
  });
}
