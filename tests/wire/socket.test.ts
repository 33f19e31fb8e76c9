/** What only a real socket shows: clients that go, clients that stop reading, silence, and names of hosts. */
import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/core/errors.ts";
import type { GenerationEvent, GenerationRequest } from "../../src/core/generation.ts";
import { aborted, listen } from "../support/api-socket.ts";
import { finishEvent, HELLO } from "../support/scripted-engine.ts";

const CHAT = { messages: [{ role: "user", content: "hi" }] };
const KEEP_ALIVE = ": keep-alive\n\n";

function post(url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(url, { method: "POST", body: JSON.stringify(body), ...(signal === undefined ? {} : { signal }) });
}

/** Reads a body until it holds a text. */
async function readUntil(reader: { read(): Promise<{ done: boolean; value?: Uint8Array }> }, text: string): Promise<string> {
  const decoder = new TextDecoder();
  let read = "";
  while (!read.includes(text)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The body ended before ${JSON.stringify(text)}: ${read}`);
    read += decoder.decode(value, { stream: true });
  }
  return read;
}

/** An engine that begins to answer and then waits for its signal. */
function endless(): {
  play: (request: GenerationRequest, signal: AbortSignal) => AsyncIterable<GenerationEvent>;
  stopped: Promise<unknown>;
} {
  const stopped = Promise.withResolvers<unknown>();
  return {
    stopped: stopped.promise,
    play: async function* (_request, signal) {
      yield { kind: "text", text: "Hel" };
      await aborted(signal);
      stopped.resolve(signal.reason);
      throw signal.reason;
    },
  };
}

describe("a client that goes", () => {
  test.each([
    ["/v1/chat/completions", { ...CHAT, stream: true }],
    ["//v1//chat/completions", { ...CHAT, stream: true }],
    ["/v1/completions", { prompt: "hi", stream: true }],
    ["/api/chat", { ...CHAT, model: "qwen3-0.6b" }],
    ["/api/generate", { prompt: "hi", model: "qwen3-0.6b" }],
  ])("in the middle of a stream of %s frees the engine at once", async (path, body) => {
    const script = endless();
    await using api = listen(script);
    const client = new AbortController();
    const response = await post(api.url + path, body, client.signal);
    await readUntil(response.body!.getReader(), "Hel");
    client.abort();
    expect(await script.stopped).toMatchObject({ code: "cancelled" });
  });

  test.each([
    ["/v1/chat/completions", CHAT],
    ["/chat/completions", CHAT],
    ["/api/chat", { ...CHAT, model: "qwen3-0.6b", stream: false }],
  ])("while %s makes a whole answer frees the engine at once", async (path, body) => {
    const script = endless();
    const begun = Promise.withResolvers<void>();
    await using api = listen({ ...script, admit: async () => begun.resolve() });
    const client = new AbortController();
    const response = post(api.url + path, body, client.signal).catch((error: unknown) => error);
    await begun.promise;
    client.abort();
    expect(await script.stopped).toMatchObject({ code: "cancelled" });
    expect(await response).toMatchObject({ name: "AbortError" });
  });

  test.each([
    ["before the stream is open", 60_000],
    ["after the stream is open", 1],
  ])("while the model is still loading, %s, gives up its place", async (_when, headerWaitMs) => {
    const waiting = Promise.withResolvers<AbortSignal>();
    const admit = async (_request: GenerationRequest, signal: AbortSignal): Promise<void> => {
      waiting.resolve(signal);
      await aborted(signal);
      throw signal.reason;
    };
    await using api = listen({ admit }, { headerWaitMs });
    const client = new AbortController();
    const reply = post(`${api.url}/v1/chat/completions`, { ...CHAT, stream: true }, client.signal).catch(() => undefined);
    const signal = await waiting.promise;
    if (headerWaitMs === 1) await reply;
    client.abort();
    await aborted(signal);
    expect(signal.reason).toMatchObject({ code: "cancelled" });
  });

  test("just when its stream is to be opened ends its request all the same", async () => {
    const waiting = Promise.withResolvers<void>();
    const admit = async (_request: GenerationRequest, signal: AbortSignal): Promise<void> => {
      waiting.resolve();
      await aborted(signal);
    };
    await using api = listen({ admit });
    const client = new AbortController();
    const reply = post(`${api.url}/v1/chat/completions`, { ...CHAT, stream: true }, client.signal).catch(() => undefined);
    await waiting.promise;
    client.abort();
    await reply;
    const ended = 'duration_seconds_count{route="/v1/chat/completions"} 1';
    while (!(await (await fetch(`${api.url}/metrics`)).text()).includes(ended));
  });

  test("a request for an answer is announced while it comes, with the time of its arrival; one for a list is not", async () => {
    await using api = listen({});
    await (await fetch(`${api.url}/v1/models`)).text();
    expect(api.engine.expected).toEqual([]);
    const sentMs = performance.now();
    await (await post(`${api.url}/v1/chat/completions`, CHAT)).text();
    const [announcedMs = 0] = api.engine.expected;
    const { arrivedMs = 0 } = api.engine.requests[0]!.request;
    expect([sentMs <= arrivedMs, arrivedMs <= announcedMs, api.engine.expected.length]).toEqual([true, true, 1]);
  });

  test("a client that has all it asked for is not taken for one that went", async () => {
    await using api = listen({});
    await (await post(`${api.url}/v1/chat/completions`, { ...CHAT, stream: true })).text();
    await (await post(`${api.url}/v1/chat/completions`, CHAT)).text();
    expect(api.engine.requests.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  });

  test("a client that stops reading does not hold the engine", async () => {
    const stopped = Promise.withResolvers<unknown>();
    const piece: GenerationEvent = { kind: "text", text: "x".repeat(65_536) };
    const play = async function* (_request: GenerationRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent> {
      void aborted(signal).then(() => stopped.resolve(signal.reason));
      for (; !signal.aborted; await Bun.sleep(0)) yield piece;
    };
    await using api = listen({ play }, { stallMs: 50 });
    const body = JSON.stringify({ ...CHAT, stream: true });
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: api.port,
      socket: {
        open: (opened) => {
          opened.pause();
          opened.write(`POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        },
        data: () => {},
      },
    });
    expect(await stopped.promise).toMatchObject({ code: "cancelled", message: "The client stopped reading its answer." });
    socket.terminate();
  });
});

describe("a client that reads slowly", () => {
  const pieces = Array.from({ length: 200 }, (_, index) => `${index} ${"x".repeat(65_536)}`);

  test("gets all of it in order, and may take longer than it may leave a piece unread", async () => {
    const stallMs = 300;
    const finish = HELLO.at(-1)!;
    await using api = listen({ events: [...pieces.map((text) => ({ kind: "text", text }) as const), finish] }, { stallMs });
    const body = JSON.stringify({ ...CHAT, stream: true });
    const startedMs = performance.now();
    let pauses = 0;
    const reply = await raw(
      api.port,
      `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      () => {},
      (socket) => {
        socket.pause();
        pauses++;
        setTimeout(() => socket.resume(), 25);
      },
    );
    const said = [...reply.matchAll(/"content":"(\d+) x{65536}"/g)].map(([, index]) => Number(index));
    expect(said).toEqual([...pieces.keys()]);
    expect(reply).toContain("data: [DONE]");
    expect([pauses > 20, performance.now() - startedMs > stallMs]).toEqual([true, true]);
  });
});

describe("a stream that fails", () => {
  const failing = { events: [{ kind: "text", text: "Hel" }, new AppError("engine_lost", "The engine host ended.")] as const };

  test("ends with an error frame and without [DONE]", async () => {
    await using api = listen(failing);
    const frames = (await (await post(`${api.url}/v1/chat/completions`, { ...CHAT, stream: true })).text()).split("\n\n");
    expect(frames.slice(2)).toEqual([
      'data: {"error":{"message":"The engine host ended.","type":"server_error","param":null,"code":"engine_lost"}}',
      "",
    ]);
    expect(api.lines.filter(({ level }) => level === "error")).toEqual([
      { level: "error", message: "The engine host ended.", facts: { id: "r1", code: "engine_lost", status: 500 } },
    ]);
  });

  test("ends with an error line for Ollama's clients", async () => {
    await using api = listen(failing);
    const lines = (await (await post(`${api.url}/api/chat`, { ...CHAT, model: "qwen3-0.6b" })).text()).split("\n");
    expect(lines.slice(1)).toEqual(['{"error":"The engine host ended."}', ""]);
  });

  test("says so even when the engine merely stops", async () => {
    await using api = listen({ events: [{ kind: "text", text: "Hel" }] });
    const text = await (await post(`${api.url}/v1/chat/completions`, { ...CHAT, stream: true })).text();
    expect([text.includes('"code":"internal_error"'), text.includes("[DONE]"), text.includes("invariant")]).toEqual([true, false, false]);
  });

  test("a refusal that comes after the headers is a frame", async () => {
    const open = Promise.withResolvers<void>();
    const admit = async (): Promise<void> => {
      await open.promise;
      throw new AppError("model_load_failed", "The model could not be loaded.");
    };
    await using api = listen({ admit }, { headerWaitMs: 1 });
    const response = await post(`${api.url}/v1/chat/completions`, { ...CHAT, stream: true });
    const reader = response.body!.getReader();
    await readUntil(reader, '"role":"assistant"');
    open.resolve();
    expect([response.status, await readUntil(reader, "}}\n\n")]).toEqual([
      200,
      'data: {"error":{"message":"The model could not be loaded.","type":"server_error","param":null,"code":"model_load_failed"}}\n\n',
    ]);
    expect(await reader.read()).toMatchObject({ done: true });
  });
});

describe("silence", () => {
  test("is filled before and between the chunks of a stream: with comments in SSE, with pieces that add nothing in NDJSON", async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const play = async function* (): AsyncGenerator<GenerationEvent> {
      yield { kind: "text", text: "Hel" };
      await gates[1].promise;
      yield finishEvent();
    };
    await using api = listen({ play, admit: () => gates[0].promise }, { headerWaitMs: 1, keepAliveCommentS: 0.005 });
    const ollama = post(`${api.url}/api/chat`, { ...CHAT, model: "qwen3-0.6b" });
    const openai = await post(`${api.url}/v1/chat/completions`, { ...CHAT, stream: true });
    const reader = openai.body!.getReader();
    const before = await readUntil(reader, KEEP_ALIVE + KEEP_ALIVE);
    gates[0].resolve();
    await readUntil(reader, "Hel");
    await readUntil(reader, KEEP_ALIVE + KEEP_ALIVE);
    gates[1].resolve();
    const after = await readUntil(reader, "[DONE]");
    expect([before.startsWith("data: {"), after.includes('"finish_reason":"stop"')]).toEqual([true, true]);
    const lines = (await (await ollama).text()).split("\n");
    expect(lines.pop()).toBe("");
    const pieces = lines.map((line) => JSON.parse(line) as { message: unknown; done: boolean });
    const idle = { message: { role: "assistant", content: "" }, done: false };
    const said = pieces.map(({ message, done }) => ({ message, done }));
    expect([said[0], said.filter((piece) => !Bun.deepEquals(piece, idle))]).toEqual([
      idle,
      [
        { message: { role: "assistant", content: "Hel" }, done: false },
        { message: { role: "assistant", content: "" }, done: true },
      ],
    ]);
  });
});

/** Sends bytes and gives back all that comes until the server closes. */
function raw(
  port: number,
  bytes: string,
  onOpen: (socket: Bun.Socket) => void = () => {},
  onData: (socket: Bun.Socket) => void = () => {},
): Promise<string> {
  const received = Promise.withResolvers<string>();
  let text = "";
  void Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (socket) => {
        socket.write(bytes);
        onOpen(socket);
      },
      data: (socket, data) => {
        text += data.toString();
        onData(socket);
      },
      close: () => received.resolve(text),
    },
  });
  return received.promise;
}

describe("requests without a usable host name", () => {
  test.each([
    ["GET /health HTTP/1.0\r\n\r\n", "HTTP/1.1 200"],
    ["GET //models/qwen3-0.6b HTTP/1.0\r\n\r\n", "HTTP/1.1 200"],
    ["OPTIONS / HTTP/1.0\r\n\r\n", "HTTP/1.1 204"],
    ["GET /nothing HTTP/1.0\r\n\r\n", "HTTP/1.1 404"],
    ["GET /health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", "HTTP/1.1 200"],
    ["GET /health HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", "HTTP/1.1 200"],
    ["GET /v1/models HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", "HTTP/1.1 403"],
  ])("%j gets %s", async (request, status) => {
    await using api = listen({});
    expect((await raw(api.port, request)).slice(0, status.length)).toBe(status);
  });
});

describe("bodies", () => {
  test("one that comes in pieces and without a length is read", async () => {
    await using api = listen({ events: HELLO });
    const json = JSON.stringify(CHAT);
    const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
    const head = "POST //chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    const reply = await raw(api.port, `${head}${chunk(json.slice(0, 9))}${chunk(json.slice(9))}0\r\n\r\n`);
    expect(reply).toContain('"content":"Hello"');
  });

  test("one that is too large is refused although it does not say how large it is", async () => {
    await using api = listen({}, { bodyBytesMax: 1000 });
    const chunk = `100000\r\n${" ".repeat(0x10_0000)}\r\n`;
    const head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(await raw(api.port, `${head}${chunk}${chunk}0\r\n\r\n`)).toContain("HTTP/1.1 413");
  });

  test.each([
    ["/v1/chat/completions", '"code":"request_timeout"'],
    ["/api/chat", '{"error":"The request body did not come:'],
    ["/v1/messages", '"type":"error","error":{"type":"invalid_request_error"'],
    [`/api/blobs/sha256:${"0".repeat(64)}`, '{"error":"The request body did not come:'],
  ])("one that never comes to its end, a byte at a time, is given up, and the connection with it (%s)", async (path, error) => {
    await using api = listen({}, { stallMs: 200 });
    let drip: Timer | undefined;
    const reply = await raw(api.port, `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{`, (socket) => {
      drip = setInterval(() => socket.write(" "), 10);
    });
    clearInterval(drip);
    expect([reply.slice(0, 12), reply.includes(error)]).toEqual(["HTTP/1.1 408", true]);
    expect(api.engine.requests).toEqual([]);
  });

  test("a large one may take longer, as long as it comes", async () => {
    const stallMs = 1500;
    await using api = listen({ events: HELLO }, { stallMs, bodyBytesMax: 10_000_000 });
    const startedMs = performance.now();
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(JSON.stringify(CHAT));
      for (let piece = 0; piece < 4; piece += 1) {
        await Bun.sleep(stallMs / 3);
        yield Buffer.alloc(1 << 20, " ");
      }
    };
    const response = await fetch(`${api.url}/v1/chat/completions`, { method: "POST", body: pieces() });
    expect([response.status, performance.now() - startedMs > stallMs]).toEqual([200, true]);
  });

  test("a client that goes in the middle of one is no failure of the server", async () => {
    await using api = listen({});
    const socket = await Bun.connect({ hostname: "127.0.0.1", port: api.port, socket: { data: () => {} } });
    socket.write("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{");
    socket.flush();
    await Bun.sleep(50);
    socket.terminate();
    while (api.lines.length === 0) await Bun.sleep(1);
    expect(api.lines).toMatchObject([{ level: "info", message: "request", facts: { status: 499 } }]);
  });
});
