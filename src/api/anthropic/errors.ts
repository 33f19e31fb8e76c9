/** Failures in Anthropic's words. Clients act on status and type, and in the case of a full context on the text itself. */
import type { AppError, ErrorCode } from "../../core/errors.ts";
import type { RequestScope } from "../context.ts";
import type { ErrorReply } from "../dialect.ts";

interface Wording {
  readonly status: number;
  readonly type:
    | "invalid_request_error"
    | "authentication_error"
    | "permission_error"
    | "not_found_error"
    | "request_too_large"
    | "rate_limit_error"
    | "api_error"
    | "overloaded_error";
  /** Whether the same request can succeed later. Anthropic's clients repeat every 5xx twice, at the price of a prefill each. */
  readonly retry?: boolean;
}

const INVALID: Wording = { status: 400, type: "invalid_request_error" };
const OVERLOADED: Wording = { status: 529, type: "overloaded_error", retry: true };
const FAULT: Wording = { status: 500, type: "api_error", retry: false };

const WORDINGS: Readonly<Record<ErrorCode, Wording>> = {
  invalid_request: INVALID,
  unsupported_parameter: INVALID,
  unauthorized: { status: 401, type: "authentication_error" },
  forbidden: { status: 403, type: "permission_error" },
  not_found: { status: 404, type: "not_found_error" },
  method_not_allowed: { status: 405, type: "invalid_request_error" },
  model_not_found: { status: 404, type: "not_found_error" },
  model_not_runnable: INVALID,
  context_length_exceeded: INVALID,
  body_too_large: { status: 413, type: "request_too_large" },
  body_timeout: { status: 408, type: "invalid_request_error", retry: true },
  rate_limited: { status: 429, type: "rate_limit_error", retry: true },
  queue_full: OVERLOADED,
  queue_timeout: OVERLOADED,
  shutting_down: OVERLOADED,
  model_loading: OVERLOADED,
  cancelled: { status: 499, type: "api_error" },
  config_invalid: FAULT,
  model_file_invalid: FAULT,
  runtime_library_missing: FAULT,
  runtime_version_unknown: FAULT,
  model_load_failed: FAULT,
  out_of_memory: FAULT,
  download_failed: { status: 502, type: "api_error", retry: true },
  storage_full: { status: 507, type: "api_error", retry: false },
  runtime_error: FAULT,
  engine_lost: { status: 500, type: "api_error", retry: true },
  output_invalid: FAULT,
  internal: FAULT,
};

/** Seconds to wait where the engine names none; the clients heed at most 60. */
const RETRY_AFTER_S = 1;
const RETRY_AFTER_S_MAX = 60;

function messageOf(error: AppError, scope: RequestScope): string {
  const { promptTokens, contextTokens } = error.details;
  if (error.code === "internal") return `Internal error. The server's log has the details under request ${scope.id}.`;
  if (error.code === "context_length_exceeded" && promptTokens !== undefined && contextTokens !== undefined) {
    // Anthropic's own words: agents look for them to decide that a conversation must be shortened, and some for no other words between.
    return `prompt is too long: ${promptTokens} tokens > ${contextTokens} maximum`;
  }
  return error.message;
}

/**
 * Anthropic's tool runner asks for a `thread` and then sends only what is new. To these words alone it sends the whole conversation again;
 * any other refusal ends it.
 */
const THREAD_REFUSAL = { message: "thread is not supported", details: { error_code: "thread_unsupported_request" } };

/** The reply for a failure in the shape `{"type":"error","error":{type,message},"request_id"}`; it is also the last event of a stream that fails. */
export function encodeAnthropicError(error: AppError, scope: RequestScope): ErrorReply {
  const wording = WORDINGS[error.code];
  const { allow, field, retryAfterS } = error.details;
  const headers: Record<string, string> = {};
  if (allow !== undefined) headers["allow"] = allow.join(", ");
  if (wording.status === 401) headers["www-authenticate"] = "Bearer";
  if (wording.status === 429 || wording.status === 529)
    headers["retry-after"] = String(Math.min(retryAfterS ?? RETRY_AFTER_S, RETRY_AFTER_S_MAX));
  if (wording.retry !== undefined) headers["x-should-retry"] = String(wording.retry);
  const isThread = error.code === "unsupported_parameter" && field === "thread";
  const words = isThread ? THREAD_REFUSAL : { message: messageOf(error, scope) };
  return { status: wording.status, headers, body: { type: "error", error: { type: wording.type, ...words }, request_id: scope.id } };
}
