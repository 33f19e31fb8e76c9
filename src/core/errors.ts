/**
 * The one error type of the program. It is thrown where the fault is found and turned into a reply in three places only:
 * a dialect's onError, the stream response, and the engine host. Broken invariants are not AppErrors: see `assert`.
 */

/** Every way a request or the program can fail. Each dialect maps every code (`Record<ErrorCode, …>`), so a new one does not compile until all do. */
export type ErrorCode =
  // the client can mend it
  | "invalid_request"
  | "unsupported_parameter"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "model_not_found"
  | "model_not_runnable"
  | "context_length_exceeded"
  | "body_too_large"
  | "body_timeout"
  // capacity: try again later
  | "rate_limited"
  | "queue_full"
  | "queue_timeout"
  | "shutting_down"
  | "model_loading"
  // the client has gone
  | "cancelled"
  // the operator can mend it
  | "config_invalid"
  | "model_file_invalid"
  | "runtime_library_missing"
  | "runtime_version_unknown"
  | "model_load_failed"
  | "out_of_memory"
  | "download_failed"
  | "storage_full"
  // the native side
  | "runtime_error"
  | "engine_lost"
  // the model answered, but not in the form that was asked for
  | "output_invalid"
  // ours
  | "internal";

/** Facts a dialect may show beside the message; never secrets, never prompt text. */
export interface ErrorDetails {
  /** Path of the offending request field, in the dialect's own spelling, e.g. `messages[0].role`. */
  readonly field?: string;
  /** What is wrong with it (invalid_request): the body is no JSON, the field is missing, of another type, or out of range, it names something that is not stored, or it is no JSON Schema. */
  readonly fault?: "json" | "missing" | "type" | "value" | "reference" | "schema";
  /** Tokens in the prompt and in the model's context (context_length_exceeded). */
  readonly promptTokens?: number;
  /** Set where `promptTokens` is only a lower bound: the prompt was refused before it was tokenized. */
  readonly promptTokensAtLeast?: true;
  readonly contextTokens?: number;
  /** Tokens of the context that the runtime keeps for itself, where that is known. */
  readonly contextReserveTokens?: number;
  /** Whole seconds after which a retry may work (capacity errors). */
  readonly retryAfterS?: number;
  /** What there is in place of it (model_not_found): the end of the message, for a dialect that has its own beginning. */
  readonly hint?: string;
  /** What the model wrote (output_invalid). */
  readonly partialText?: string;
  /** Methods the path knows (method_not_allowed). */
  readonly allow?: readonly string[];
  /** It is the request's path that leads nowhere (not_found). */
  readonly unknownPath?: true;
}

/** What an AppError looks like between processes: plain data. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** An operating error: something a person or a client can act on. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  /** @param message One or two plain sentences: what is wrong, where, and what to do. Sentence case. */
  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** The plain data that crosses to another process. */
  toRecord(): ErrorRecord {
    return { code: this.code, message: this.message, details: this.details };
  }

  /** Any thrown value as an AppError; what is not one becomes `internal` with the original as cause. */
  static from(thrown: unknown): AppError {
    if (thrown instanceof AppError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new AppError("internal", message, { cause: thrown });
  }

  static fromRecord(record: ErrorRecord): AppError {
    return new AppError(record.code, record.message, { details: record.details });
  }
}

/** The error that a fired signal stands for: the AppError it was aborted with, else that the client has gone. */
export function cancellation(signal: AbortSignal): AppError {
  return signal.reason instanceof AppError ? signal.reason : new AppError("cancelled", "The client closed the connection");
}

/** Throws when the program itself is wrong. Never used for input that comes from outside. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${message}`);
}
