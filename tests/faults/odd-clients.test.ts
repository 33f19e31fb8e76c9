/** Clients that say nothing, or a byte at a time, that do not read, that leave half of themselves behind: none of them holds the server. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { outcomeOf, sixWays } from "../support/dialects.ts";
import { holdingsOf, holdsNoMoreThan } from "../support/holdings.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const FLAGS = ["--prompt-cache", "off", "--idle-timeout-s", "1"];
const [QUESTION] = sixWays("Hi", 2);
const ANSWERED = { status: 200, errors: [], finished: true };
const HEAD = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n";
const ENDLESS = JSON.stringify({ messages: [{ role: "user", content: "Tell me a story" }], stream: true });
const STREAM = `${HEAD}Content-Length: ${ENDLESS.length}\r\n\r\n${ENDLESS}`;

/** A connection that a test speaks on, and all that comes back. */
class Line {
  received = "";
  /** Resolves when the server has closed it. */
  readonly closed: Promise<void>;
  private readonly closing = Promise.withResolvers<void>();
  private socket: Bun.Socket | null = null;
  private heard = Promise.withResolvers<void>();

  constructor() {
    this.closed = this.closing.promise;
  }

  static async open(server: TestServer): Promise<Line> {
    const line = new Line();
    const { hostname, port } = new URL(server.url);
    line.socket = await Bun.connect({
      hostname,
      port: Number(port),
      allowHalfOpen: true,
      socket: {
        data: (_, bytes) => {
          line.received += bytes.toString();
          line.heard.resolve();
          line.heard = Promise.withResolvers();
        },
        end: () => line.closing.resolve(),
        close: () => line.closing.resolve(),
      },
    });
    return line;
  }

  say(text: string): void {
    this.socket?.write(text);
    this.socket?.flush();
  }

  /** Resolves when a text has come. */
  async hears(text: string): Promise<void> {
    while (!this.received.includes(text)) await this.heard.promise;
  }

  /** Takes nothing more that comes. */
  stopReading(): void {
    this.socket?.pause();
  }

  /** Says that nothing more will be said. */
  finish(): void {
    this.socket?.shutdown();
  }

  /** Closes it, without the rest where it had not ended. */
  cut(): void {
    this.socket?.terminate();
  }
}

const lines = async (server: TestServer, count: number) => Promise.all(Array.from({ length: count }, async () => Line.open(server)));

/** A server that has answered once, and what it holds then. */
async function warmServer(moods = "") {
  const server = await startTestServer({ flags: FLAGS, moods });
  expect(await outcomeOf(server, QUESTION!)).toEqual(ANSWERED);
  return { server, before: holdingsOf(server) };
}

test("a thousand clients that say nothing, or a byte at a time, are served to nobody's harm and closed", async () => {
  const { server, before } = await warmServer();
  await using _ = server;
  const [silent, heads, bodies] = [await lines(server, 400), await lines(server, 300), await lines(server, 300)];
  for (const line of heads) line.say("GET /health HTTP/1.1\r\nX: ");
  for (const line of bodies) line.say(`${HEAD}Content-Length: 1000\r\n\r\n{`);
  const drip = setInterval(() => {
    for (const line of [...heads, ...bodies]) line.say(" ");
  }, 250);
  expect(await outcomeOf(server, QUESTION!)).toEqual(ANSWERED);
  await Promise.all([...silent, ...heads, ...bodies].map(async ({ closed }) => closed));
  clearInterval(drip);
  // Who has begun a request is told; of the others nobody knows what they speak.
  expect(bodies.filter(({ received }) => received.startsWith("HTTP/1.1 408 "))).toHaveLength(300);
  expect([...silent, ...heads].filter(({ received }) => received !== "")).toEqual([]);
  await holdsNoMoreThan(server, before);
});

test("clients that ask for more than a socket holds, and never read it, are closed", async () => {
  const { server, before: idle } = await warmServer();
  await using _ = server;
  const page = await (await fetch(`${server.url}/swagger`)).text();
  const [path = ""] = [...page.matchAll(/src="([^"]+)"/g)].map(([, source = ""]) => source);
  // The connection that asked stays open for a while; what has bundled the page stays.
  await holdsNoMoreThan(server, { connections: idle.connections });
  const before = holdingsOf(server);
  const readers = await lines(server, 300);
  for (const line of readers) {
    line.stopReading();
    line.say(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }
  expect(await outcomeOf(server, QUESTION!)).toEqual(ANSWERED);
  await holdsNoMoreThan(server, before);
  for (const line of readers) line.cut();
});

test("clients that never read their stream do not keep the model from others, and are closed", async () => {
  const { server, before } = await warmServer();
  await using _ = server;
  const readers = await lines(server, 16);
  for (const line of readers) {
    line.stopReading();
    line.say(STREAM.replace('"stream":true', '"stream":true,"max_tokens":200').replace(/Length: \d+/, `Length: ${ENDLESS.length + 17}`));
  }
  expect(await outcomeOf(server, QUESTION!)).toEqual(ANSWERED);
  await holdsNoMoreThan(server, before);
  for (const line of readers) line.cut();
});

test.each<[string, (line: Line) => void]>([
  ["closes its side for sending", (line) => line.finish()],
  ["asks again on the same connection before it has its answer", (line) => line.say(STREAM)],
  ["resets its connection", (line) => line.cut()],
])("a client that %s counts as gone: its connection is closed, and the model is free", async (_how, leave) => {
  const { server, before } = await warmServer("slow-decode=1000");
  await using _ = server;
  const line = await Line.open(server);
  line.say(STREAM);
  await line.hears('"content":"');
  leave(line);
  await line.closed;
  // An hour's answer was on its way.
  expect(await outcomeOf(server, QUESTION!)).toEqual(ANSWERED);
  await holdsNoMoreThan(server, before);
});

test("headers that are too large or too many are refused, and a reset in the middle of a body is no error", async () => {
  const { server, before } = await warmServer();
  await using _ = server;
  const [large, many, ...resets] = await lines(server, 102);
  large!.say(`GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(200_000)}`);
  many!.say(`GET /health HTTP/1.1\r\nHost: localhost\r\n${"X: x\r\n".repeat(500)}\r\n`);
  for (const line of resets) line.say(`${HEAD}Content-Length: 100000\r\n\r\n{"messages":`);
  await Promise.all([large!.closed, many!.closed]);
  expect([large!.received, many!.received].map((text) => text.slice(0, 12))).toEqual(["HTTP/1.1 431", "HTTP/1.1 431"]);
  for (const line of resets) line.cut();
  await holdsNoMoreThan(server, before);
  expect(await outcomeOf(server, QUESTION!)).toEqual(ANSWERED);
  await server.server.stop();
  expect((await server.server.log).split("\n").filter((line) => line.includes(" error "))).toEqual([]);
});
