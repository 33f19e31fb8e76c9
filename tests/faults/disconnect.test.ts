import { expect, setDefaultTimeout, test } from "bun:test";
import { deltaText, sseChunks, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const PATH = "/v1/chat/completions";
const shortRequest = { messages: [{ role: "user", content: "Hi" }], max_tokens: 1 };
/** At a second a token it would hold the slot for more than an hour. */
const longRequest = { messages: [{ role: "user", content: "Tell me a story" }], stream: true };

/** Reads a stream until a chunk that fits, then leaves it open. */
async function readUntil(response: Response, fits: (chunk: Record<string, unknown>) => boolean): Promise<void> {
  const chunks = sseChunks(response);
  for (;;) {
    const next = await chunks.next();
    if (next.done || fits(next.value)) return;
  }
}

async function expectFreeSlot(server: TestServer): Promise<void> {
  expect((await server.post(PATH, shortRequest)).status).toBe(200);
}

test("a client that leaves while its answer is decoded frees the slot", async () => {
  await using server = await startTestServer({ moods: "slow-decode=1000" });
  const client = new AbortController();
  const response = await server.post(PATH, longRequest, client.signal);
  await readUntil(response, (chunk) => deltaText(chunk) !== "");
  client.abort();
  await expectFreeSlot(server);
});

test("a client that leaves while its prompt is prefilled frees the slot", async () => {
  // 60 s of prefill for the long prompt, about 1 s for the short one.
  await using server = await startTestServer({ moods: "slow-prefill=40" });
  const client = new AbortController();
  const request = { messages: [{ role: "user", content: "word ".repeat(500) }], stream: true };
  const response = await server.post(PATH, request, client.signal);
  await readUntil(response, () => true);
  client.abort();
  await expectFreeSlot(server);
});

test("a client of a whole reply frees the slot when it leaves", async () => {
  await using server = await startTestServer({ moods: "slow-decode=1000" });
  await expectFreeSlot(server);
  const client = new AbortController();
  const leaving = server.post(PATH, { ...longRequest, stream: false }, client.signal);
  while (!(await server.modelStatus()).running);
  client.abort();
  expect(leaving).rejects.toThrow();
  await expectFreeSlot(server);
});

test("a client that leaves the queue gives up its place", async () => {
  await using server = await startTestServer({ moods: "slow-decode=1000", flags: ["--queue-depth-max", "1"] });
  const first = new AbortController();
  const running = await server.post(PATH, longRequest, first.signal);
  await readUntil(running, (chunk) => deltaText(chunk) !== "");
  const second = new AbortController();
  const queued = await server.post(PATH, longRequest, second.signal);
  expect((await server.post(PATH, shortRequest)).status).toBe(429);
  second.abort();
  expect(queued.text()).rejects.toThrow();
  while ((await server.modelStatus()).queued > 0);
  const third = server.post(PATH, shortRequest);
  while ((await server.modelStatus()).queued === 0);
  first.abort();
  expect((await third).status).toBe(200);
});

test("a library that does not heed an abort is ended, so that the next request need not wait for it", async () => {
  await using server = await startTestServer({ moods: "slow-decode=1000,deaf-abort", flags: ["--abort-timeout-s", "1"] });
  const client = new AbortController();
  const response = await server.post(PATH, longRequest, client.signal);
  await readUntil(response, (chunk) => deltaText(chunk) !== "");
  const [pid] = server.hostPids();
  client.abort();
  await expectFreeSlot(server);
  expect(server.hostPids()).not.toContain(pid);
});
