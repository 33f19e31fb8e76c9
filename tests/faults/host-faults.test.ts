import { expect, setDefaultTimeout, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { deltaText, processGone, sseChunks, startTestServer, type TestServer } from "../support/test-server.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MESSAGES = [{ role: "user", content: "Tell me a story" }];
const STREAM = "/v1/chat/completions";

/** A streamed request that has got its first text; `rest` reads on to the end. */
async function startStream(server: TestServer, signal?: AbortSignal) {
  const response = await server.post(STREAM, { messages: MESSAGES, stream: true }, signal);
  expect(response.status).toBe(200);
  const chunks = sseChunks(response);
  for (;;) {
    const next = await chunks.next();
    if (next.done) throw new Error("the stream ended before its first text");
    if (deltaText(next.value) !== "") break;
  }
  const rest = async () => {
    const seen: Record<string, unknown>[] = [];
    for await (const chunk of chunks) seen.push(chunk);
    return seen;
  };
  return { rest };
}

/** A short answer, whole. */
async function shortAnswer(server: TestServer): Promise<{ status: number; tokens: number }> {
  const response = await server.post(STREAM, { messages: MESSAGES, max_tokens: 2 });
  const body = (await response.json()) as { usage?: { completion_tokens: number } };
  return { status: response.status, tokens: body.usage?.completion_tokens ?? 0 };
}

const ANSWERED = { status: 200, tokens: 2 };

test.each(["SIGSEGV", "SIGKILL"] as const)(
  "a host that dies by %s costs the running request an error and the queued ones nothing",
  async (signal) => {
    await using server = await startTestServer({ moods: "slow-decode=20" });
    const running = await startStream(server);
    const queued = [shortAnswer(server), shortAnswer(server), shortAnswer(server)];
    while ((await server.modelStatus()).queued < 3);
    process.kill(server.hostPids()[0]!, signal);
    const last = (await running.rest()).at(-1);
    expect(last).toMatchObject({ error: { type: "server_error", message: expect.stringContaining(signal) } });
    expect(await Promise.all(queued)).toEqual([ANSWERED, ANSWERED, ANSWERED]);
    expect(await shortAnswer(server)).toEqual(ANSWERED);
  },
);

test("a host that no longer answers is ended, and the next request gets a new one", async () => {
  await using server = await startTestServer({ moods: "slow-decode=20", flags: ["--host-ping-timeout-s", "1"] });
  const running = await startStream(server);
  const [pid] = server.hostPids();
  process.kill(pid!, "SIGSTOP");
  expect((await running.rest()).at(-1)).toMatchObject({ error: { message: expect.stringContaining("host_ping_timeout_s") } });
  await processGone(pid!);
  expect(await shortAnswer(server)).toEqual(ANSWERED);
});

test("a library that hangs between tokens is ended, and the client is told", async () => {
  await using server = await startTestServer({ moods: "hang-run", flags: ["--decode-stall-timeout-s", "1"] });
  const running = await startStream(server);
  expect((await running.rest()).at(-1)).toMatchObject({ error: { message: expect.stringContaining("decode_stall_timeout_s") } });
});

test("a library that crashes in a run is an error for that request alone", async () => {
  await using server = await startTestServer({ moods: "crash-run" });
  const response = await server.post(STREAM, { messages: MESSAGES });
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 500,
    body: { error: { type: "server_error", message: expect.stringContaining("SIGSEGV") } },
  });
  expect((await fetch(`${server.url}/v1/models`)).status).toBe(200);
});

test.each([
  ["fail-init", /could not load/],
  ["init-null", /without a handle/],
  ["false-alarm,fail-run", /says that tiny is open, but it does not run: .*returned -1.* It said: E rkllm: failed to load what it needs/],
  ["false-alarm,crash-run", /SIGSEGV/],
  ["crash-init", /SIGSEGV(?!.*bun\.report)/],
  ["hang-init", /load_timeout_s/],
])("a model that does not open (%s) is an error that says why", async (moods, message) => {
  // Only the one that hangs has to come to its limit: a busy machine takes longer to start a host.
  await using server = await startTestServer({ moods, flags: moods === "hang-init" ? ["--load-timeout-s", "1"] : [] });
  const response = await server.post(STREAM, { messages: MESSAGES });
  const body = (await response.json()) as { error: { message: string } };
  expect(response.status).toBeGreaterThanOrEqual(500);
  expect(body.error.message).toMatch(message);
});

test("a model that opens with an error in the library's log, and runs, is as good as any", async () => {
  await using server = await startTestServer({ moods: "false-alarm" });
  expect(await shortAnswer(server)).toEqual(ANSWERED);
});

test.each([
  ["fail-run", /rkllm_run returned -1/],
  ["error-run", /failed during the run/],
])("a run that the library fails (%s) is an error, and the server goes on", async (moods, message) => {
  await using server = await startTestServer({ moods });
  const response = await server.post(STREAM, { messages: MESSAGES });
  const body = (await response.json()) as { error: { message: string } };
  expect({ status: response.status, message: body.error.message }).toEqual({ status: 500, message: expect.stringMatching(message) });
  expect(server.hostPids()).toHaveLength(1);
});

test("a server that is killed leaves no host behind, not even one that is busy", async () => {
  await using server = await startTestServer({ moods: "slow-decode=1000" });
  await startStream(server);
  const [pid] = server.hostPids();
  process.kill(server.server.pid, "SIGKILL");
  await processGone(pid!);
});

test("a server that is told to stop ends its hosts and exits with 0", async () => {
  await using server = await startTestServer();
  expect(await shortAnswer(server)).toEqual(ANSWERED);
  const [pid] = server.hostPids();
  expect(await server.server.stop()).toBe(0);
  await processGone(pid!);
});

test("a server that was stopped and goes on does not take its own silence for its hosts'", async () => {
  await using server = await startTestServer({ moods: "slow-prefill=100", flags: ["--host-ping-timeout-s", "1"] });
  const answer = shortAnswer(server);
  while (!(await server.modelStatus()).running);
  process.kill(server.server.pid, "SIGSTOP");
  await Bun.sleep(1500);
  process.kill(server.server.pid, "SIGCONT");
  expect(await answer).toEqual(ANSWERED);
});

test("a host that does not even start is an error with its own words", async () => {
  const prefix = ["sh", "-c", "echo taskset: failed to set the affinity >&2; exit 1"];
  await using server = await startTestServer({ flags: ["--exec-prefix", prefix.join(",")] });
  const response = await server.post(STREAM, { messages: MESSAGES });
  expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining("taskset: failed to set the affinity") } });
});

test("a prompt of many megabytes is refused without a harm to the answer that is going on", async () => {
  await using server = await startTestServer({ moods: "slow-decode=50", flags: ["--host-ping-timeout-s", "5"] });
  const client = new AbortController();
  await startStream(server, client.signal);
  const pids = server.hostPids();
  const response = await server.post(STREAM, { messages: [{ role: "user", content: "word and 123 ".repeat(2_000_000) }] });
  expect({ status: response.status, body: await response.json() }).toMatchObject({
    status: 400,
    body: { error: { code: "context_length_exceeded" } },
  });
  expect(server.hostPids()).toEqual(pids);
  client.abort();
});

test("a model file that is replaced while it is loaded is loaded anew", async () => {
  await using server = await startTestServer();
  expect(await shortAnswer(server)).toEqual(ANSWERED);
  const [old] = server.hostPids();
  const path = join(server.modelsDir, "tiny.gguf");
  writeTinyGguf(`${path}.new`, { seed: 2 });
  renameSync(`${path}.new`, path);
  expect(await shortAnswer(server)).toEqual(ANSWERED);
  expect(server.hostPids()).not.toContain(old);
});
