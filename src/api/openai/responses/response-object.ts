/** The response object: what was asked, how it went, and what came out. */
import type { Timings, Usage } from "../../../core/generation.ts";
import type { StoredItem } from "../../../core/stored-response.ts";
import type { JsonObject } from "../../dialect.ts";
import { timingsObject } from "../../timings.ts";
import type { ResponseBody } from "./schema.ts";

/** What stays the same from the first to the last object of one response. */
export interface ResponseHeading {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
  readonly body: ResponseBody;
  /** Whether the response is really kept. */
  readonly store: boolean;
}

/** How a response stands. */
export type ResponseState =
  | { readonly status: "in_progress" }
  | { readonly status: "completed" | "incomplete"; readonly completed: number; readonly usage: Usage; readonly timings: Timings }
  | { readonly status: "failed"; readonly code: string; readonly message: string };

function usageObject(usage: Usage): JsonObject {
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens, cache_write_tokens: 0 },
    output_tokens: usage.completionTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}

/** The request's fields as they come back; null where the client left one to the server. */
function echo({ body, store }: ResponseHeading): JsonObject {
  return {
    background: false,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: (body.previous_response_id ?? "") === "" ? null : body.previous_response_id,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: body.reasoning?.summary ?? null },
    service_tier: "default",
    store,
    temperature: body.temperature ?? null,
    text: { ...body.text, format: body.text?.format ?? { type: "text" } },
    tool_choice: body.tool_choice ?? "auto",
    tools: body.tools ?? [],
    top_logprobs: 0,
    top_p: body.top_p ?? null,
    truncation: "disabled",
    user: body.user ?? null,
  };
}

/** The whole object. */
export function responseObject(heading: ResponseHeading, state: ResponseState, output: readonly StoredItem[]): JsonObject {
  const ended = state.status === "completed" || state.status === "incomplete";
  return {
    id: heading.id,
    object: "response",
    created_at: heading.created,
    status: state.status,
    completed_at: ended ? state.completed : null,
    error: state.status === "failed" ? { code: state.code, message: state.message } : null,
    incomplete_details: state.status === "incomplete" ? { reason: "max_output_tokens" } : null,
    model: heading.model,
    // A copy: the list grows while a response is made.
    output: [...output],
    ...echo(heading),
    usage: ended ? usageObject(state.usage) : null,
    ...(ended ? { timings: timingsObject(state.timings, state.usage) } : {}),
  };
}
