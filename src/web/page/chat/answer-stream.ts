/** Reads one answer while it is made. */
import { ApiError, errorText } from "../server/api-error.ts";
import { eventObjects } from "../server/lines.ts";
import { request } from "../server/request.ts";
import type { Ending, Figures, ToolCall } from "../conversation/conversation.ts";

/** What an answer has come to so far. */
export interface AnswerSoFar {
  content: string;
  reasoning: string;
  toolCalls: ToolCall[];
  ending?: Ending;
  figures?: Figures;
  note?: string;
}

interface Chunk {
  readonly error?: unknown;
  readonly choices?: readonly {
    readonly delta?: {
      readonly content?: string | null;
      readonly reasoning_content?: string;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly function?: { readonly name?: string; readonly arguments?: string };
      }[];
    };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly prompt_tokens_details?: { readonly cached_tokens?: number };
  } | null;
  readonly timings?: { readonly predicted_per_second?: number };
}

/** What a request's headers tell of its place in the queue, and then each state of the answer. */
export interface AnswerListener {
  waiting(ahead: number): void;
  changed(answer: AnswerSoFar): void;
}

/** Asks for an answer and reads it to its end. Throws ApiError, also for one that breaks off, and the abort of the signal. */
export async function readAnswer(body: unknown, signal: AbortSignal, listener: AnswerListener): Promise<void> {
  const startedMs = performance.now();
  const response = await request("/v1/chat/completions", { body, signal });
  listener.waiting(Number(response.headers.get("x-rockchip-llama-queue-position") ?? 0));
  const answer: AnswerSoFar = { content: "", reasoning: "", toolCalls: [], ...noteOf(response) };
  let firstTokenMs: number | undefined;
  for await (const chunk of eventObjects<Chunk>(response)) {
    if (chunk.error !== undefined) throw new ApiError(errorText(chunk) ?? "The answer broke off.", response.status);
    if (addChunk(answer, chunk)) firstTokenMs ??= performance.now() - startedMs;
    if (chunk.usage != null) answer.figures = figuresOf(chunk, firstTokenMs ?? performance.now() - startedMs);
    listener.changed(answer);
  }
  if (answer.ending === undefined) throw new ApiError("The connection broke off before the answer was complete.", 0);
}

function noteOf(response: Response): { note?: string } {
  const ignored = response.headers.get("x-rockchip-llama-ignored");
  const said = response.headers.get("x-rockchip-llama-note");
  const notes = [...(said === null ? [] : [said]), ...(ignored === null ? [] : [`Without effect here: ${ignored}.`])];
  return notes.length === 0 ? {} : { note: notes.join(" ") };
}

/** Whether the chunk says anything. */
function addChunk(answer: AnswerSoFar, chunk: Chunk): boolean {
  const choice = chunk.choices?.[0];
  const { content, reasoning_content: reasoning, tool_calls: calls } = choice?.delta ?? {};
  answer.content += content ?? "";
  answer.reasoning += reasoning ?? "";
  for (const { index, id, function: part } of calls ?? []) {
    const known = answer.toolCalls[index] ?? { id: "", name: "", arguments: "" };
    answer.toolCalls[index] = {
      id: known.id === "" ? (id ?? "") : known.id,
      name: known.name + (part?.name ?? ""),
      arguments: known.arguments + (part?.arguments ?? ""),
    };
  }
  if (choice?.finish_reason != null) answer.ending = endingOf(choice.finish_reason);
  return (content ?? "") !== "" || (reasoning ?? "") !== "" || (calls ?? []).length > 0;
}

function endingOf(reason: string): Ending {
  return reason === "length" || reason === "tool_calls" ? reason : "stop";
}

function figuresOf({ usage, timings }: Chunk, firstTokenMs: number): Figures {
  return {
    promptTokens: usage?.prompt_tokens ?? 0,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens ?? 0,
    completionTokens: usage?.completion_tokens ?? 0,
    tokensPerS: timings?.predicted_per_second ?? 0,
    firstTokenMs,
  };
}
