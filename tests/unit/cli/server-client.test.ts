import { expect, test } from "bun:test";
import { ask } from "../../../src/cli/chat/ask.ts";
import type { StatusLine } from "../../../src/cli/client/replies.ts";
import { ServerClient } from "../../../src/cli/client/server-client.ts";
import { AppError } from "../../../src/core/errors.ts";

/** A client of a server that answers as it is told. */
function clientOf(fetch: (request: Request) => Response | Promise<Response>, key: string | null = null) {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
  const client = new ServerClient({ url: server.url.href.replace(/\/$/, ""), key, isHere: true });
  return { client, url: client.place.url, [Symbol.dispose]: () => void server.stop(true) };
}

const failure = async (work: Promise<unknown>) =>
  work.then(
    () => ["nothing was thrown"],
    (thrown: unknown) => [AppError.from(thrown).code as string, AppError.from(thrown).message],
  );

async function collect<T>(lines: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** A body that is sent piece by piece. */
function body(pieces: readonly string[], end: (controller: ReadableStreamDefaultController) => void = (controller) => controller.close()) {
  return new ReadableStream({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      end(controller);
    },
  });
}

test("a key is sent where there is one", async () => {
  const seen: (string | null)[] = [];
  const answer = (request: Request): Response => {
    seen.push(request.headers.get("authorization"));
    return Response.json({});
  };
  using open = clientOf(answer);
  using keyed = clientOf(answer, "rl-key");
  await open.client.get("/api/tags");
  await keyed.client.post("/api/show", { model: "x" });
  expect(seen).toEqual([null, "Bearer rl-key"]);
});

test.each<[number, string, string, string]>([
  [404, '{"error":"model \'x\' not found"}', "not_found", "model 'x' not found"],
  [400, '{"error":{"message":"OpenAI\'s form"}}', "invalid_request", "OpenAI's form"],
  [500, "<html>", "runtime_error", "The server answered with status 500."],
  [503, '{"error":"server busy"}', "runtime_error", "server busy"],
])("status %d with %s is told in its words", async (status, text, code, message) => {
  using server = clientOf(() => new Response(text, { status }));
  expect(await failure(server.client.get("/"))).toEqual([code, message]);
});

test("lines come as they are sent, wherever they are cut, and an error ends them", async () => {
  using server = clientOf(() => new Response(body(['{"status":"on', 'e"}\n{"status":"two"}\n', '\n{"error":"no room"}\n'])));
  const lines: StatusLine[] = [];
  const reading = (async () => {
    for await (const line of server.client.stream<StatusLine>("/api/pull", {})) lines.push(line);
  })();
  expect(await failure(reading)).toEqual(["runtime_error", "no room"]);
  expect(lines).toEqual([{ status: "one" }, { status: "two" }]);
});

test("a last line without its end is a line", async () => {
  using server = clientOf(() => new Response('{"status":"success"}'));
  expect(await collect(server.client.stream<StatusLine>("/api/pull", {}))).toEqual([{ status: "success" }]);
});

test("a server that does not answer is named with the reason", async () => {
  const client = new ServerClient({ url: "http://127.0.0.1:1", key: null, isHere: true });
  expect(await failure(client.get("/"))).toEqual(["not_found", "http://127.0.0.1:1 does not answer (ECONNREFUSED)."]);
});

const listener = { begin: () => undefined, think: () => undefined, speak: () => undefined };
const line = (content: string, more: object = {}): string => `${JSON.stringify({ message: { role: "assistant", content }, ...more })}\n`;

test("an answer is put together, thoughts and words apart", async () => {
  const thought = `${JSON.stringify({ message: { role: "assistant", content: "", thinking: "hm" } })}\n`;
  using server = clientOf(() => new Response(body([thought, line("It is "), line("4."), line("", { done: true, eval_count: 2 })])));
  expect(await ask(server.client, {}, listener, new AbortController().signal)).toEqual({
    turn: { role: "assistant", content: "It is 4.", thinking: "hm" },
    last: { message: { role: "assistant", content: "" }, done: true, eval_count: 2 },
  });
});

test("an answer that was ended counts as far as it came", async () => {
  const stop = new AbortController();
  using server = clientOf(() => new Response(body([line("It is ")], () => undefined)));
  const answer = ask(server.client, {}, { ...listener, speak: () => stop.abort() }, stop.signal);
  expect(await answer).toEqual({ turn: { role: "assistant", content: "It is " }, last: null });
});

test("an answer without its last line is an error", async () => {
  using server = clientOf(() => new Response(body([line("It is ")])));
  const signal = new AbortController().signal;
  expect(await failure(ask(server.client, {}, listener, signal))).toEqual([
    "engine_lost",
    "The answer was cut off: the server did not say that it was done.",
  ]);
});
