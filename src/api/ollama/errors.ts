/** Failures in Ollama's words: `{"error":"text"}`, with the sentences its clients look for. */
import type { AppError, ErrorCode } from "../../core/errors.ts";
import type { RequestScope } from "../context.ts";
import type { ErrorReply } from "../dialect.ts";
import { expandedName, isModelName } from "./names.ts";

const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  unsupported_parameter: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  model_not_found: 404,
  model_not_runnable: 400,
  context_length_exceeded: 400,
  body_too_large: 413,
  body_timeout: 408,
  rate_limited: 429,
  queue_full: 503,
  queue_timeout: 503,
  shutting_down: 503,
  model_loading: 503,
  cancelled: 499,
  config_invalid: 500,
  model_file_invalid: 500,
  runtime_library_missing: 500,
  runtime_version_unknown: 500,
  model_load_failed: 500,
  out_of_memory: 500,
  download_failed: 502,
  storage_full: 507,
  runtime_error: 500,
  engine_lost: 500,
  output_invalid: 500,
  internal: 500,
};

/** Seconds to wait where the engine names none. */
const RETRY_AFTER_S = 1;

/** Ollama's sentences where clients match on them; ours elsewhere. */
function messageOf(error: AppError, scope: RequestScope): string {
  const { promptTokens, contextTokens, hint, unknownPath, field, fault } = error.details;
  if (unknownPath === true) return `404 page not found. ${error.message}`;
  if (error.code === "method_not_allowed") return `405 method not allowed. ${error.message}`;
  if (field === "think" && fault === "type") return "think must be a boolean or string";
  if (error.code === "model_not_found") return `model '${scope.model ?? ""}' not found${hint === undefined ? "" : `. ${hint}`}`;
  if (error.code === "unsupported_parameter" && field === "suffix") return `${expandedName(scope.model ?? "")} does not support insert`;
  if (error.code === "queue_full") return "server busy, please try again.  maximum pending requests exceeded";
  if (error.code === "internal") return `internal error; the server's log has the details under request ${scope.id}`;
  if (error.code === "context_length_exceeded" && promptTokens !== undefined && contextTokens !== undefined) {
    const sentence =
      scope.promptField === "input"
        ? "the input length exceeds the context length"
        : "the prompt is longer than the context length currently available to the model";
    return `${sentence}; it has ${error.details.promptTokensAtLeast ? "at least " : ""}${promptTokens} tokens and the context holds ${contextTokens}`;
  }
  return error.message;
}

/** A name that no model can have is a fault of another kind than one that none has. */
function isPossible(name: string): boolean {
  return name === "" || isModelName(name);
}

/** The reply for a failure. */
export function encodeOllamaError(error: AppError, scope: RequestScope): ErrorReply {
  if (error.code === "model_not_found" && !isPossible(scope.model ?? "")) {
    return { status: 400, headers: {}, body: { error: "invalid model name" } };
  }
  const status = STATUS[error.code];
  const { allow, retryAfterS } = error.details;
  return {
    status,
    headers: {
      ...(allow === undefined ? {} : { allow: allow.join(", ") }),
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
      ...(status === 429 || status === 503 ? { "retry-after": String(retryAfterS ?? RETRY_AFTER_S) } : {}),
    },
    body: { error: messageOf(error, scope) },
  };
}
