/** A host that is lost while many are at it: each request has one end, whatever its dialect, and nothing is left of the host. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { outcomeOf, type Question, sixWays } from "../support/dialects.ts";
import { holdsNoMoreThan, holdingsOf } from "../support/holdings.ts";
import { holdModel } from "../support/held-model.ts";
import { processGone, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const QUIET = ["--prompt-cache", "off"];
const SHORT = sixWays("Hi", 2);
/** Three seconds and more of decoding at 50 ms a token. */
const LONG = sixWays("Tell me a story", 60);
const ANSWERED = { status: 200, errors: [], finished: true };

const all = async (server: TestServer, questions: readonly Question[]) =>
  Promise.all(questions.map(async (question) => outcomeOf(server, question)));

/** One error for each, as a status or at the end of a stream that had begun, and no end of the answer. */
const lost = (questions: readonly Question[], message: string) =>
  questions.map(({ body }) => ({
    status: body["stream"] === true ? (expect.any(Number) as number) : 500,
    errors: [expect.stringMatching(message) as string],
    finished: false,
  }));

/** Holds the model until others wait for it. */
async function hold(server: TestServer): Promise<() => void> {
  const [question] = sixWays("Hold", 1500);
  return holdModel(server, question!.path, question!.body);
}

/** Resolves when so many wait while something runs. */
async function waiting(server: TestServer, count: number): Promise<void> {
  for (;;) {
    const { queued, running } = await server.modelStatus();
    if (queued === count && running) return;
  }
}

/** Resolves when some of those who waited run. */
async function fewerWaiting(server: TestServer, count: number): Promise<void> {
  for (;;) {
    const { queued, running } = await server.modelStatus();
    if (queued < count && running) return;
  }
}

/** Nothing runs or waits. */
async function idle(server: TestServer): Promise<void> {
  for (;;) {
    const { queued, running } = await server.modelStatus();
    if (queued === 0 && !running) return;
  }
}

describe.each([1, 4])("with %d lanes", (lanes) => {
  test.each([
    ["SIGSEGV", "signal SIGSEGV"],
    ["SIGKILL", "signal SIGKILL"],
    ["SIGSTOP", "host_ping_timeout_s"],
  ] as const)("a host that is sent %s costs those that run one error each, and those that wait nothing", async (signal, words) => {
    const flags = [...QUIET, "--n-batch", String(lanes), "--host-ping-timeout-s", "1"];
    await using server = await startTestServer({ moods: "slow-decode=50", flags });
    await all(server, SHORT.slice(0, 1));
    const before = holdingsOf(server);
    const letGo = await hold(server);
    const questions = [...LONG.slice(-lanes), ...SHORT];
    const first = all(server, questions.slice(0, lanes));
    await waiting(server, lanes);
    const others = all(server, questions.slice(lanes));
    await waiting(server, questions.length);
    // What comes behind the prompts has been answered when they are ready.
    await server.post("/v1/tokenize", { content: "Hi" });
    letGo();
    await fewerWaiting(server, questions.length);
    const [pid] = server.hostPids();
    process.kill(pid!, signal);
    const outcomes = [...(await first), ...(await others)];
    const losses = questions.filter((_, index) => !outcomes[index]!.finished);
    expect(losses.length).toBeWithin(1, lanes + 1);
    expect(outcomes).toEqual(questions.map((question) => (losses.includes(question) ? lost([question], words)[0]! : ANSWERED)));
    await processGone(pid!);
    await idle(server);
    await holdsNoMoreThan(server, { descriptors: before.descriptors, children: before.children });
  });
});

test.each([
  ["crash-run", "signal SIGSEGV"],
  ["error-run", "failed during the run"],
  ["fail-run", "rkllm_run returned -1"],
  ["hang-run", "decode_stall_timeout_s"],
])("a library that fails every run (%s) is one error for each request, and the server goes on", async (mood, words) => {
  const flags = [...QUIET, "--n-batch", "4", "--decode-stall-timeout-s", "1"];
  await using server = await startTestServer({ moods: mood, flags });
  expect(await all(server, SHORT)).toEqual(lost(SHORT, words));
  await idle(server);
  // It says the same as before, and no host is left of those that were.
  expect(await all(server, SHORT.slice(0, 1))).toEqual(lost(SHORT.slice(0, 1), words));
  await holdsNoMoreThan(server, { children: mood === "error-run" || mood === "fail-run" ? 1 : 0 });
});

test("clients that all leave a library that heeds no abort cost those that wait a new host, and nothing else", async () => {
  const flags = [...QUIET, "--n-batch", "4", "--abort-timeout-s", "1"];
  await using server = await startTestServer({ moods: "slow-decode=200,deaf-abort", flags });
  await all(server, SHORT.slice(0, 1));
  const before = holdingsOf(server);
  const clients = new AbortController();
  // A minute's answers: were one over before its client leaves, there would be nothing to stop.
  const leaving = sixWays("Tell me a story", 300)
    .slice(-4)
    .map(async (question) => outcomeOf(server, question, clients.signal).catch(() => "gone"));
  while (!(await server.modelStatus()).running);
  const queued = all(server, SHORT);
  while ((await server.modelStatus()).queued < SHORT.length);
  const [pid] = server.hostPids();
  clients.abort();
  expect(await Promise.all(leaving)).toEqual(leaving.map(() => "gone"));
  expect(await queued).toEqual(SHORT.map(() => ANSWERED));
  await processGone(pid!);
  await holdsNoMoreThan(server, { descriptors: before.descriptors, children: before.children });
});

test("whoever has its answer does not wait for a library that heeds no abort and goes on for one that has left", async () => {
  const flags = [...QUIET, "--n-batch", "2", "--batch-window-ms", "1000", "--abort-timeout-s", "1"];
  await using server = await startTestServer({ moods: "slow-decode=50,deaf-abort", flags });
  await all(server, SHORT.slice(0, 1));
  const before = holdingsOf(server);
  // They run together, and the library would go on for minutes.
  const holding = hold(server);
  const [question] = sixWays("Tell me a story", 20);
  const answered = outcomeOf(server, question!);
  const leave = await holding;
  const [pid] = server.hostPids();
  leave();
  expect(await answered).toEqual(ANSWERED);
  await processGone(pid!);
  expect(await all(server, SHORT)).toEqual(SHORT.map(() => ANSWERED));
  await holdsNoMoreThan(server, { descriptors: before.descriptors, children: before.children });
});

test.each([
  ["fail-init", "could not load"],
  ["init-null", "without a handle"],
  ["crash-init", "SIGSEGV"],
  ["hang-init", "load_timeout_s"],
])("a model that does not open (%s) is one error for each request, and no process is left of it", async (moods, words) => {
  const flags = [...QUIET, ...(moods === "hang-init" ? ["--load-timeout-s", "1"] : [])];
  await using server = await startTestServer({ moods, flags });
  const before = holdingsOf(server);
  expect(await all(server, SHORT)).toEqual(lost(SHORT, words));
  await holdsNoMoreThan(server, { descriptors: before.descriptors, children: 0 });
});

test.each(["crash-destroy", "hang-destroy", "fail-destroy"])(
  "a model that does not close (%s) is unloaded all the same, and loaded again when it is asked for",
  async (moods) => {
    await using server = await startTestServer({ moods, flags: [...QUIET, "--abort-timeout-s", "1"] });
    const before = holdingsOf(server);
    for (const round of [1, 2]) {
      expect([round, await all(server, SHORT)]).toEqual([round, SHORT.map(() => ANSWERED)]);
      const unloaded = await server.post("/v1/models/unload", { model: "tiny" });
      expect([unloaded.status, await unloaded.json()]).toMatchObject([200, { unloaded: true }]);
      await holdsNoMoreThan(server, { descriptors: before.descriptors, children: 0 });
    }
  },
);
