/** Many clients at full speed, of whom a third leave wherever they are: afterwards all is as it was. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { outcomeOf, type Question, sixWays } from "../support/dialects.ts";
import { holdingsOf, holdsNoMoreThan } from "../support/holdings.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

/** Half a minute on two idle cores. */
setDefaultTimeout(240_000);

const CLIENTS = 64;
const REQUESTS = 960;
const LEAVING = 0.3;
/** A client that leaves does so within this time, most of which is waiting for a turn. */
const STAY_MS_MAX = 400;

/** Numbers from 0 to 1, the same in each run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One request; "left" where the client did not wait for the end. */
async function visit(server: TestServer, question: Question, stayMs: number | null): Promise<unknown> {
  if (stayMs === null) return outcomeOf(server, question);
  const client = new AbortController();
  const timer = setTimeout(() => client.abort(), stayMs);
  try {
    await outcomeOf(server, question, client.signal);
  } catch (thrown) {
    if (!client.signal.aborted) throw thrown;
  } finally {
    clearTimeout(timer);
  }
  return "left";
}

async function answer(server: TestServer): Promise<unknown> {
  const [question] = sixWays("Tell me a story", 20).slice(3);
  const { choices } = (await (await server.post(question!.path, question!.body)).json()) as { choices: unknown };
  return choices;
}

test.each([1, 4])("64 clients of whom a third leave, with %d lanes, get an answer each and leave nothing behind", async (lanes) => {
  await using server = await startTestServer({ flags: ["--n-batch", String(lanes), "--prompt-cache", "off"] });
  const first = await answer(server);
  const before = holdingsOf(server);
  const pids = server.hostPids();
  const random = numbers(lanes);
  const visits = Array.from({ length: REQUESTS }, () => {
    const ways = sixWays(`${random()} tell me more`, 1 + Math.floor(random() * 24), random() < 0.2 ? 1 : 0);
    return { question: ways[Math.floor(random() * ways.length)]!, stayMs: random() < LEAVING ? random() * STAY_MS_MAX : null };
  });
  const outcomes: unknown[] = [];
  const waiting = [...visits];
  const client = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      outcomes.push(await visit(server, next.question, next.stayMs));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const stayed = visits.filter(({ stayMs }) => stayMs === null).length;
  expect(outcomes.filter((outcome) => outcome !== "left")).toEqual(
    Array.from({ length: stayed }, () => ({ status: 200, errors: [], finished: true })),
  );
  for (;;) {
    const { queued, running } = await server.modelStatus();
    if (queued === 0 && !running) break;
  }
  // The same host has outlived all of it.
  expect(server.hostPids()).toEqual(pids);
  await holdsNoMoreThan(server, { descriptors: before.descriptors, connections: before.connections, children: before.children });
  expect(await answer(server)).toEqual(first);
});
