import { expect, setDefaultTimeout, test } from "bun:test";
import { deltaText, processGone, sseChunks, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole servers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const PATH = "/v1/chat/completions";
const MESSAGES = [{ role: "user", content: "Tell me a story" }];
const SHUTTING_DOWN = { error: { code: "shutting_down" } };

/** The last chunk of a stream, once the server was told to stop after its first text. */
async function lastChunkAfterStop(server: TestServer): Promise<Record<string, unknown> | undefined> {
  const response = await server.post(PATH, { messages: MESSAGES, stream: true });
  let last: Record<string, unknown> | undefined;
  let told = false;
  for await (const chunk of sseChunks(response)) {
    last = chunk;
    if (told || deltaText(chunk) === "") continue;
    told = true;
    process.kill(server.server.pid, "SIGTERM");
  }
  return last;
}

/** A connection of its own: those that are kept alive are served to their end. */
async function takesConnections(server: TestServer): Promise<boolean> {
  const { hostname, port } = new URL(server.url);
  return Bun.connect({ hostname, port: Number(port), socket: { data() {} } }).then(
    (socket) => {
      socket.end();
      return true;
    },
    () => false,
  );
}

test("a server that is told to stop while a model loads does not wait for the model", async () => {
  // An hour.
  await using server = await startTestServer({ moods: "slow-init=3600000", flags: ["--shutdown-timeout-s", "0"] });
  const waiting = server.post(PATH, { messages: MESSAGES });
  while (server.hostPids().length === 0) await Bun.sleep(5);
  const [pid] = server.hostPids();
  const exit = server.server.stop();
  const response = await waiting;
  expect({ status: response.status, body: await response.json() }).toMatchObject({ status: 503, body: SHUTTING_DOWN });
  expect(await exit).toBe(0);
  await processGone(pid!);
});

test.each([["slow-decode=100"], ["slow-decode=100,hang-destroy"]])(
  "a stream that outlasts the server's patience is told so (%s)",
  async (moods) => {
    await using server = await startTestServer({ moods, flags: ["--shutdown-timeout-s", "0", "--abort-timeout-s", "1"] });
    expect(await lastChunkAfterStop(server)).toMatchObject(SHUTTING_DOWN);
    await processGone(server.server.pid);
    expect(await server.server.stop()).toBe(0);
  },
);

test("each further signal ends one wait: for answers, then for models that do not close", async () => {
  await using server = await startTestServer({ moods: "slow-decode=100,hang-destroy", flags: ["--abort-timeout-s", "3600"] });
  const stopping = lastChunkAfterStop(server);
  while (await takesConnections(server)) await Bun.sleep(5);
  process.kill(server.server.pid, "SIGINT");
  expect(await stopping).toMatchObject(SHUTTING_DOWN);
  expect(await server.server.stop()).toBe(0);
});

test("a server that is told to stop finishes what runs and what waits, and refuses what comes", async () => {
  await using server = await startTestServer({ moods: "slow-decode=20" });
  const body = JSON.stringify({ messages: MESSAGES, max_tokens: 40 });
  // A request that has come in part is answered; connections on which nothing is going on are closed.
  const kept = await keptConnection(server);
  kept.write(`POST ${PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 9)}`);
  const running = server.post(PATH, { messages: MESSAGES, max_tokens: 40, stream: true });
  const waiting = server.post(PATH, { messages: MESSAGES, max_tokens: 2 });
  while ((await server.modelStatus()).queued < 1);
  process.kill(server.server.pid, "SIGTERM");
  while (await takesConnections(server)) await Bun.sleep(5);
  kept.write(body.slice(9));
  expect(await kept.reply).toMatch(/^HTTP\/1.1 503 [^]*retry-after: 10[^]*"shutting_down"/i);
  const chunks: Record<string, unknown>[] = [];
  for await (const chunk of sseChunks(await running)) chunks.push(chunk);
  expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: "length" }] });
  expect((await waiting).status).toBe(200);
  kept.end();
  expect(await server.server.stop()).toBe(0);
});

test("a server that waits for load balancers says that it drains, takes what still comes, and does not wait for a second signal", async () => {
  await using server = await startTestServer({ flags: ["--drain-delay-s", "3600"] });
  const ready = async () => {
    const response = await fetch(`${server.url}/health/ready`);
    return [response.status, await response.json()];
  };
  expect(await ready()).toEqual([200, { status: "ready" }]);
  process.kill(server.server.pid, "SIGTERM");
  while ((await ready())[0] === 200);
  expect(await ready()).toEqual([503, { status: "draining" }]);
  expect((await server.post(PATH, { messages: MESSAGES, max_tokens: 2 })).status).toBe(200);
  expect(await server.server.stop()).toBe(0);
});

test("a request for several answers gets all of them, though the server is told to stop after the first words", async () => {
  await using server = await startTestServer({ moods: "slow-decode=20" });
  const response = await server.post(PATH, { messages: MESSAGES, max_tokens: 5, n: 3, stream: true });
  const reasons = new Map<number, string>();
  let told = false;
  for await (const chunk of sseChunks(response)) {
    if (!told) process.kill(server.server.pid, "SIGTERM");
    told = true;
    const [choice] = (chunk as { choices: { index: number; finish_reason: string | null }[] }).choices;
    if (choice?.finish_reason != null) reasons.set(choice.index, choice.finish_reason);
  }
  expect([...reasons]).toEqual([0, 1, 2].map((index) => [index, "length"]));
  expect(await server.server.stop()).toBe(0);
});

/** A connection that is open before anything is sent on it, and what first comes back. */
async function keptConnection(server: TestServer) {
  const { hostname, port } = new URL(server.url);
  const reply = Promise.withResolvers<string>();
  let received = "";
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      close: () => reply.resolve(`closed after ${received}`),
      data: (_, bytes) => {
        received += bytes.toString();
        if (received.includes("\r\n\r\n{")) reply.resolve(received);
      },
    },
  });
  return { reply: reply.promise, write: (text: string) => void socket.write(text), end: () => socket.end() };
}
