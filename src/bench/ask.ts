/** One answer over HTTP as a client sees it, with the time of every piece of it, and what the runtime says of itself beside that. */
import { AppError } from "../core/errors.ts";

/** A server to measure. */
export interface ServerAddress {
  /** Without a slash at the end. */
  readonly url: string;
  readonly key: string | null;
}

/** The runtime's own figures, by the names docs/api.md gives them; milliseconds. */
export interface ReportedTimings {
  readonly cache_n: number;
  readonly prompt_n: number;
  readonly prompt_ms: number;
  readonly predicted_n: number;
  readonly predicted_ms: number;
  readonly memory_mb: number;
  readonly queue_ms: number;
}

/** A streamed answer; times in milliseconds from the moment the request was sent. */
export interface TimedAnswer {
  readonly text: string;
  readonly promptTokens: number;
  readonly tokens: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly endMs: number;
  /** Between one piece of the answer and the next. Tokens that come together are one piece. */
  readonly gapsMs: readonly number[];
  readonly timings: ReportedTimings | null;
}

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null; readonly reasoning_content?: string | null } }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
  readonly timings?: ReportedTimings;
  readonly error?: { readonly message: string; readonly code?: string | null; readonly partial_text?: string };
}

/**
 * Asks and reads the answer to its end. An answer that only thought counts with its thoughts.
 * Throws AppError output_invalid, with what there is of the answer as `partialText`, where the answer is not in the form that was demanded, and
 * runtime_error with what the server says where it refuses or fails otherwise.
 */
export async function ask(server: ServerAddress, body: Readonly<Record<string, unknown>>): Promise<TimedAnswer> {
  const startedMs = performance.now();
  const sinceStart = () => performance.now() - startedMs;
  const streamed = { ...body, stream: true, stream_options: { include_usage: true } };
  const response = await request(server, "/v1/chat/completions", streamed);
  const stamps: number[] = [];
  let text = "";
  let thought = "";
  let usage: NonNullable<Chunk["usage"]> | null = null;
  let timings: ReportedTimings | null = null;
  for await (const chunk of chunksOf(response)) {
    if (chunk.error !== undefined) throw failure(chunk.error);
    const { content, reasoning_content } = chunk.choices?.[0]?.delta ?? {};
    if ((content ?? "") + (reasoning_content ?? "") !== "") stamps.push(sinceStart());
    text += content ?? "";
    thought += reasoning_content ?? "";
    usage = chunk.usage ?? usage;
    timings = chunk.timings ?? timings;
  }
  const endMs = sinceStart();
  return {
    text: text === "" ? thought : text,
    promptTokens: usage?.prompt_tokens ?? 0,
    tokens: usage?.completion_tokens ?? 0,
    firstMs: stamps[0] ?? endMs,
    lastMs: stamps.at(-1) ?? endMs,
    endMs,
    gapsMs: stamps.slice(1).map((stamp, index) => stamp - (stamps[index] ?? 0)),
    timings,
  };
}

function failure({ message, code, partial_text = "" }: NonNullable<Chunk["error"]>): AppError {
  if (code !== "output_invalid") return new AppError("runtime_error", message);
  return new AppError("output_invalid", message, { details: { partialText: partial_text } });
}

/** The objects of an event stream. Comments and the closing [DONE] are left out. */
async function* chunksOf(response: Response): AsyncGenerator<Chunk> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body ?? []) {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data: {")) yield JSON.parse(line.slice("data: ".length)) as Chunk;
  }
}

/** The JSON that a route answers; a body makes it a POST. Throws AppError as `ask` does. */
export async function askJson<Answer>(server: ServerAddress, path: string, body?: Readonly<Record<string, unknown>>): Promise<Answer> {
  return (await (await request(server, path, body)).json()) as Answer;
}

async function request({ url, key }: ServerAddress, path: string, body?: Readonly<Record<string, unknown>>): Promise<Response> {
  const headers = { "content-type": "application/json", ...(key === null ? {} : { authorization: `Bearer ${key}` }) };
  const options = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, options);
  if (response.ok) return response;
  const said = await response.text();
  throw new AppError("runtime_error", `${url}${path} answered ${response.status}: ${messageIn(said)}`);
}

function messageIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error: string | { message: string } };
    return typeof error === "string" ? error : error.message;
  } catch {
    return text.slice(0, 200);
  }
}
