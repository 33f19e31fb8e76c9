/** Failures in OpenAI's words. Clients act on status, `code`, and in the case of a full context on the text itself. */
import type { AppError, ErrorCode } from "../../core/errors.ts";
import type { RequestScope } from "../context.ts";
import type { ErrorReply } from "../dialect.ts";

interface Wording {
  readonly status: number;
  readonly type: "invalid_request_error" | "permission_error" | "rate_limit_error" | "server_error";
  readonly code: string;
  /** Whether the same request can succeed later. OpenAI's clients repeat every 5xx twice, at the price of a prefill each. */
  readonly retry?: boolean;
}

const WORDINGS: Readonly<Record<ErrorCode, Wording>> = {
  invalid_request: { status: 400, type: "invalid_request_error", code: "invalid_request" },
  unsupported_parameter: { status: 400, type: "invalid_request_error", code: "unsupported_parameter" },
  unauthorized: { status: 401, type: "invalid_request_error", code: "invalid_api_key" },
  forbidden: { status: 403, type: "permission_error", code: "forbidden" },
  not_found: { status: 404, type: "invalid_request_error", code: "unknown_url" },
  method_not_allowed: { status: 405, type: "invalid_request_error", code: "method_not_supported" },
  model_not_found: { status: 404, type: "invalid_request_error", code: "model_not_found" },
  model_not_runnable: { status: 400, type: "invalid_request_error", code: "model_not_runnable" },
  context_length_exceeded: { status: 400, type: "invalid_request_error", code: "context_length_exceeded" },
  body_too_large: { status: 413, type: "invalid_request_error", code: "request_too_large" },
  body_timeout: { status: 408, type: "invalid_request_error", code: "request_timeout", retry: true },
  rate_limited: { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded", retry: true },
  queue_full: { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded", retry: true },
  queue_timeout: { status: 503, type: "server_error", code: "timeout", retry: true },
  shutting_down: { status: 503, type: "server_error", code: "shutting_down", retry: true },
  model_loading: { status: 503, type: "server_error", code: "model_loading", retry: true },
  cancelled: { status: 499, type: "invalid_request_error", code: "cancelled" },
  config_invalid: { status: 500, type: "server_error", code: "config_invalid", retry: false },
  model_file_invalid: { status: 500, type: "server_error", code: "model_file_invalid", retry: false },
  runtime_library_missing: { status: 500, type: "server_error", code: "runtime_library_missing", retry: false },
  runtime_version_unknown: { status: 500, type: "server_error", code: "runtime_version_unknown", retry: false },
  model_load_failed: { status: 500, type: "server_error", code: "model_load_failed", retry: false },
  out_of_memory: { status: 500, type: "server_error", code: "out_of_memory", retry: false },
  download_failed: { status: 502, type: "server_error", code: "download_failed", retry: true },
  storage_full: { status: 507, type: "server_error", code: "storage_full", retry: false },
  runtime_error: { status: 500, type: "server_error", code: "runtime_error", retry: false },
  output_invalid: { status: 500, type: "server_error", code: "output_invalid", retry: false },
  engine_lost: { status: 500, type: "server_error", code: "engine_lost", retry: true },
  internal: { status: 500, type: "server_error", code: "internal_error", retry: false },
};

const FAULT_CODES = {
  json: "invalid_json",
  missing: "missing_required_parameter",
  type: "invalid_type",
  value: "invalid_value",
  reference: "previous_response_not_found",
  schema: "invalid_json_schema",
} as const;

/** Seconds to wait where the engine names none; OpenAI's clients heed at most 60. */
const RETRY_AFTER_S = 1;
const RETRY_AFTER_S_MAX = 60;

/**
 * OpenAI's own sentence: agents look for its words to decide that a conversation must be shortened. Tools are named in it, since a client
 * such as Open WebUI adds dozens to a message of five words, and shows the sentence to whoever wrote those.
 */
function contextSentence(promptTokens: string, contextTokens: number, tools: number): string {
  const offered = tools === 0 ? "" : ` with ${tools} ${tools === 1 ? "tool" : "tools"}`;
  return (
    `This model's maximum context length is ${contextTokens} tokens. However, your messages resulted in ${promptTokens} tokens${offered}. ` +
    `Please reduce the length of the messages${tools === 0 ? "" : ", or offer fewer tools"}.`
  );
}

function messageOf(error: AppError, scope: RequestScope): string {
  const { promptTokens, contextTokens } = error.details;
  if (error.code === "internal") return `Internal error. The server's log has the details under request ${scope.id}.`;
  if (error.code === "context_length_exceeded" && promptTokens !== undefined && contextTokens !== undefined) {
    return contextSentence(`${error.details.promptTokensAtLeast ? "at least " : ""}${promptTokens}`, contextTokens, scope.tools ?? 0);
  }
  return error.message;
}

function paramOf(error: AppError, scope: RequestScope): string | null {
  if (error.details.field !== undefined) return error.details.field;
  if (error.code === "model_not_found" || error.code === "model_not_runnable") return "model";
  return error.code === "context_length_exceeded" ? (scope.promptField ?? null) : null;
}

function codeOf(error: AppError, wording: Wording): string {
  const { fault, field } = error.details;
  if (error.code === "invalid_request" && fault !== undefined) return FAULT_CODES[fault];
  // A path that names no stored object, unlike one that leads nowhere.
  return error.code === "not_found" && field !== undefined ? "not_found" : wording.code;
}

/** The reply for a failure in the shape `{"error":{message,type,param,code}}`. */
export function encodeOpenAiError(error: AppError, scope: RequestScope): ErrorReply {
  const wording = WORDINGS[error.code];
  const { allow, retryAfterS, promptTokens, contextTokens, partialText } = error.details;
  const headers: Record<string, string> = {};
  if (allow !== undefined) headers["allow"] = allow.join(", ");
  if (wording.status === 401) headers["www-authenticate"] = "Bearer";
  if (wording.status === 429 || wording.status === 503) {
    headers["retry-after"] = String(Math.min(retryAfterS ?? RETRY_AFTER_S, RETRY_AFTER_S_MAX));
  }
  if (wording.retry !== undefined) headers["x-should-retry"] = String(wording.retry);
  return {
    status: wording.status,
    headers,
    body: {
      error: {
        message: messageOf(error, scope),
        type: wording.type,
        param: paramOf(error, scope),
        code: codeOf(error, wording),
        ...(partialText === undefined ? {} : { partial_text: partialText }),
        ...(promptTokens === undefined ? {} : { n_prompt_tokens: promptTokens }),
        ...(contextTokens === undefined ? {} : { n_ctx: contextTokens }),
      },
    },
  };
}
