/** Hosts that get no memory, that cannot be started again, and whose library prints without end. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outcomeOf, sixWays } from "../support/dialects.ts";
import { holdingsOf, holdsNoMoreThan } from "../support/holdings.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const PATH = "/v1/chat/completions";
const CHAT = { messages: [{ role: "user", content: "Hi" }], max_tokens: 2 };
const WAYS = sixWays("Hi", 2);
const ANSWERED = { status: 200, errors: [], finished: true };

/** Flags that put a line of shell in front of each host; it goes on to the host unless it exits. */
const inFront = (script: string) => ["--prompt-cache", "off", "--exec-prefix", ["sh", "-c", `${script}; exec "$@"`, "--"].join(",")];

interface Refusal {
  readonly error: { readonly code: string; readonly message: string };
}

test("a host that the kernel ends for want of memory while it loads is an error that says so", async () => {
  await using server = await startTestServer({ flags: inFront("kill -KILL $$") });
  const response = await server.post(PATH, CHAT);
  expect([response.status, ((await response.json()) as Refusal).error.code]).toEqual([500, "out_of_memory"]);
  await holdsNoMoreThan(server, { children: 0 });
});

test("a host that may not make code while it runs is an error that says what it needs", async () => {
  await using server = await startTestServer({ flags: inFront("ulimit -d 750000") });
  const response = await server.post(PATH, CHAT);
  expect([response.status, await response.json()]).toMatchObject([
    500,
    { error: { code: "runtime_error", message: expect.stringContaining("MemoryDenyWriteExecute") as string } },
  ]);
  await holdsNoMoreThan(server, { children: 0 });
});

test("a host that cannot be started again is tried more and more rarely, and answers once it can", async () => {
  const folder = temporaryFolder();
  const [broken, starts] = [join(folder, "broken"), join(folder, "starts")];
  const script = `echo >> ${starts}; if test -e ${broken}; then echo NPU is gone >&2; exit 1; fi`;
  await using server = await startTestServer({ flags: inFront(script) });
  expect(await outcomeOf(server, WAYS[0]!)).toEqual(ANSWERED);
  const before = holdingsOf(server);
  writeFileSync(broken, "");
  process.kill(server.hostPids()[0]!, "SIGKILL");
  const endMs = performance.now() + 3000;
  let asked = 0;
  while (performance.now() < endMs) {
    const outcomes = await Promise.all(WAYS.map(async (way) => outcomeOf(server, way)));
    for (const { errors } of outcomes) expect(errors).toEqual([expect.stringContaining("NPU is gone")]);
    asked += outcomes.length;
    await Bun.sleep(100);
  }
  // The first, and those after half a second, one more, two more.
  const tries = readFileSync(starts, "utf8").length - 1;
  expect([tries <= 4, asked > tries]).toEqual([true, true]);
  rmSync(broken);
  while (!(await outcomeOf(server, WAYS[0]!)).finished) await Bun.sleep(100);
  expect(existsSync(broken)).toBe(false);
  await holdsNoMoreThan(server, before);
});

test.each(["loud-lines=4000", "loud-blob=4000"])("a library that prints 4 MB a run (%s) fills neither answer nor log", async (moods) => {
  await using server = await startTestServer({ moods, flags: ["--prompt-cache", "off", "--log-level", "debug"] });
  for (const way of WAYS.slice(0, 3)) expect(await outcomeOf(server, way)).toEqual(ANSWERED);
  const before = holdingsOf(server);
  expect(await outcomeOf(server, WAYS[0]!)).toEqual(ANSWERED);
  await holdsNoMoreThan(server, before);
  await server.server.stop();
  const log = await server.server.log;
  expect(log).toContain("one of many");
  expect(log.length).toBeLessThan(1_000_000);
});
