/** What the API's shared parts ask of a dialect. */
import type { AppError } from "../core/errors.ts";
import type { GenerationEvent, GenerationRequest } from "../core/generation.ts";
import type { ModelDescriptor } from "../core/model.ts";
import type { CollectedAnswer } from "./collected-answer.ts";
import type { RequestScope } from "./context.ts";
import type { Outgoing } from "./piece.ts";

/** A JSON value on its way out. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A failed request, as it goes over the wire. The same body is the error frame of a stream. */
export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** Turns a failure into the dialect's words. Never throws. */
export type ErrorEncoder = (error: AppError, scope: RequestScope) => ErrorReply;

/** How objects are laid on a stream. */
export interface Framing {
  readonly contentType: string;
  frame(object: JsonObject): string;
  /** Sent while nothing else is; null where the format has no room for it: then the encoder's idle object is, if it has one. */
  readonly keepAlive: string | null;
  /** Closes a stream that ended well; "" where the last object says so itself. */
  readonly end: string;
}

/** A list that is never empty. */
export type AtLeastOne<T> = readonly [T, ...T[]];

/** Encodes one streamed reply; made anew for each. `choice` is the index of the request that is being answered. */
export interface StreamEncoder {
  /** Objects that can be sent before the model has said anything. Called before the events of a choice; choices come one after another. */
  open(choice: number): readonly Outgoing[];
  event(event: GenerationEvent, choice: number): readonly Outgoing[];
  /** An object that adds nothing, for a framing that has no keep-alive of its own. */
  idle?(): JsonObject;
}

/** One whose objects all differ. */
export interface PlainEncoder extends StreamEncoder {
  open(choice: number): readonly JsonObject[];
  event(event: GenerationEvent, choice: number): readonly JsonObject[];
}

/** One decoded HTTP request for answers, and the way back. */
export interface Exchange {
  /** Run one after another, each for one choice of the reply. Most HTTP requests ask for one. */
  readonly requests: AtLeastOne<GenerationRequest>;
  readonly stream: boolean;
  /** Fields the client sent that have no effect here; named in a response header. */
  readonly ignored: readonly string[];
  /** What else is to be said of the reply, in a response header; asked when it begins. Absent or "": nothing. */
  readonly note?: () => string;
  readonly framing: Framing;
  readonly encodeError: ErrorEncoder;
  /** `promptTokens`: of the first request, whole; null where the stream begins before they are known. */
  streamEncoder(model: ModelDescriptor, promptTokens: number | null): StreamEncoder;
  whole(model: ModelDescriptor, answers: AtLeastOne<CollectedAnswer>): JsonObject;
}
