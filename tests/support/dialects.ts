/** The same question in each dialect, streamed and whole, and what came of it, whatever the dialect. */
import type { TestServer } from "./test-server.ts";

export interface Question {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Six ways to ask: three dialects, each streamed and whole. All run with the same sampling, so that they may share a batch. */
export function sixWays(content: string, tokens: number, temperature = 0): readonly Question[] {
  const messages = [{ role: "user", content }];
  return [true, false].flatMap((stream) => [
    { path: "/v1/chat/completions", body: { model: "tiny", messages, stream, temperature, max_tokens: tokens } },
    { path: "/api/chat", body: { model: "tiny", messages, stream, options: { temperature, num_predict: tokens } } },
    { path: "/v1/messages", body: { model: "tiny", messages, stream, temperature, max_tokens: tokens } },
  ]);
}

/** What came of a question. */
export interface Outcome {
  readonly status: number;
  /** Messages of the errors that were told, as a status or in the stream. */
  readonly errors: readonly string[];
  /** The answer came to its end. */
  readonly finished: boolean;
}

type Piece = Readonly<Record<string, unknown>>;

/** Asks and reads to the end. On a connection of its own: what a client keeps open is no leak of the server's. */
export async function outcomeOf(server: TestServer, { path, body }: Question, signal?: AbortSignal): Promise<Outcome> {
  const response = await fetch(server.url + path, {
    method: "POST",
    headers: { connection: "close" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  const pieces = piecesOf(await response.text());
  return {
    status: response.status,
    errors: pieces.flatMap(errorOf),
    finished: pieces.some(isEnd),
  };
}

/** JSON objects of a body, of events or of lines. */
function piecesOf(text: string): readonly Piece[] {
  return text
    .split("\n")
    .map((line) => line.replace(/^data: /, ""))
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Piece);
}

function errorOf({ error }: Piece): readonly string[] {
  if (error === undefined) return [];
  return [typeof error === "string" ? error : (error as { message: string }).message];
}

function isEnd(piece: Piece): boolean {
  const [choice] = (piece["choices"] as readonly { readonly finish_reason?: unknown }[] | undefined) ?? [];
  const stopped = piece["stop_reason"] ?? choice?.finish_reason ?? null;
  return piece["done"] === true || piece["type"] === "message_stop" || stopped !== null;
}
