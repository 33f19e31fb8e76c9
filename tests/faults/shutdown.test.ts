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
