/** The date jumps under a running server, as on a board that has no clock of its own and hears the time from the network. */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findCompiler } from "../../external/rkllm-cpu/build.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { sseChunks, startTestServer, type TestServer } from "../support/test-server.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

const PATH = "/v1/chat/completions";
const YEARS_10 = 10 * 365 * 86_400;
/** As long as a model is kept. */
const KEEP_ALIVE_S = 600;
const FOLDER = temporaryFolder();
const PRELOADED = join(FOLDER, "set-clock.so");
const MESSAGES = [{ role: "user", content: "Tell me a story" }];

/** A date that a test sets, and the environment of a server that goes by it. */
function clock() {
  const file = join(temporaryFolder(), "offset");
  const set = (seconds: number) => writeFileSync(file, BigInt64Array.of(BigInt(seconds)), { flag: "r+" });
  writeFileSync(file, BigInt64Array.of(0n));
  return { env: { LD_PRELOAD: PRELOADED, CLOCK_OFFSET_FILE: file }, set };
}

async function answer(server: TestServer, tokens: number): Promise<{ status: number; created: number }> {
  const response = await server.post(PATH, { messages: MESSAGES, max_tokens: tokens });
  const { created } = (await response.json()) as { created: number };
  return { status: response.status, created };
}

/** When the model will be unloaded, s since the epoch, and how long the server says that it has been running. */
async function datesOf(server: TestServer): Promise<{ expiresS: number; uptimeS: number }> {
  const { data } = (await (await fetch(`${server.url}/v1/models/loaded`)).json()) as { data: { expires_at: string }[] };
  const { uptime_s: uptimeS } = (await (await fetch(`${server.url}/v1/health`)).json()) as { uptime_s: number };
  return { expiresS: Date.parse(data[0]?.expires_at ?? "") / 1000, uptimeS };
}

describe.skipIf(findCompiler(undefined) === null)("a clock that is set (skipped where there is no C compiler)", () => {
  beforeAll(() => {
    const compiler = findCompiler(undefined) ?? "";
    const source = join(import.meta.dir, "../fixtures/clock/set-clock.c");
    const { exitCode, stderr } = Bun.spawnSync([compiler, "-std=gnu11", "-shared", "-fPIC", "-o", PRELOADED, source, "-ldl"]);
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
  });

  test.each([
    ["ahead by ten years", YEARS_10],
    ["back by ten years", -YEARS_10],
  ])("%s ends nothing that runs or waits, and unloads no model", async (_, offset) => {
    const { env, set } = clock();
    const flags = ["--prompt-cache", "on", "--keep-alive-s", String(KEEP_ALIVE_S)];
    await using server = await startTestServer({ moods: "slow-decode=10", flags, env });
    const running = await server.post(PATH, { messages: MESSAGES, max_tokens: 60, stream: true });
    const chunks = sseChunks(running);
    await chunks.next();
    const hosts = server.hostPids();
    const waiting = answer(server, 2);
    set(offset);
    let last: unknown;
    for await (const chunk of chunks) last = chunk;
    expect(last).toMatchObject({ choices: [{ finish_reason: "length" }] });
    expect((await waiting).status).toBe(200);
    const { status, created } = await answer(server, 2);
    expect(status).toBe(200);
    const nowS = Date.now() / 1000 + offset;
    const { expiresS, uptimeS } = await datesOf(server);
    // Seconds pass meanwhile, years do not.
    for (const [dated, expected] of [
      [created, nowS],
      [expiresS, nowS + KEEP_ALIVE_S],
      [uptimeS, 0],
    ] as const)
      expect(Math.abs(dated - expected)).toBeLessThan(60);
    set(0);
    expect((await answer(server, 2)).status).toBe(200);
    expect(server.hostPids()).toEqual(hosts);
    await server.server.stop();
    expect(server.server.output + (await server.server.log)).not.toMatch(/\b(warn|error)\b/);
  });
});
