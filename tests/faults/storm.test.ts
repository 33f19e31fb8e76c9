/** Many clients at full speed, of whom a third leave wherever they are: afterwards all is as it was. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { outcomeOf, type Question, sixWays } from "../support/dialects.ts";
import { processMemory } from "../../src/runtime/process-memory.ts";
import { holdingsOf, holdsNoMoreThan } from "../support/holdings.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

/** More than a minute in all, on two idle cores. */
setDefaultTimeout(240_000);

const CLIENTS = 64;
const LEAVING = 0.3;
/** A client that leaves does so within this time, most of which is waiting for a turn. */
const STAY_MS_MAX = 400;

/** Of gateway and host each, in half of a storm. */
const GROWTH_MB_MAX = 48;

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

interface Storm {
  readonly requests: number;
  readonly flags: readonly string[];
  readonly moods?: string;
  /** What a question begins with; default nothing. */
  readonly stories?: readonly string[];
}

const STORY = "The sea was calm and the ship went on and on into the west. ".repeat(3);

test.each<[string, Storm]>([
  ["with one lane", { requests: 3600, flags: ["--prompt-cache", "off"] }],
  ["with four lanes", { requests: 3600, flags: ["--prompt-cache", "off", "--n-batch", "4"] }],
  [
    "with prompts that are written to disk and read",
    {
      requests: 900,
      flags: ["--prompt-cache", "on"],
      moods: "slow-prefill=0.3,slow-storage=5",
      stories: Array.from({ length: 8 }, (_, number) => `Story ${number}. ${STORY}`),
    },
  ],
])(
  "64 clients of whom a third leave, %s, get an answer each and leave nothing behind",
  async (_, { requests, flags, moods = "", stories = [""] }) => {
    await using server = await startTestServer({ flags, moods });
    const first = await answer(server);
    const before = holdingsOf(server);
    const pids = server.hostPids();
    const random = numbers(flags.length);
    const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
    const visits = Array.from({ length: requests }, () => {
      const ways = sixWays(`${oneOf(stories)}${random()} tell me more`, 1 + Math.floor(random() * 24), random() < 0.2 ? 1 : 0);
      return { question: oneOf(ways), stayMs: random() < LEAVING ? random() * STAY_MS_MAX : null };
    });
    const outcomes: unknown[] = [];
    const storm = async (waiting: typeof visits) => {
      const client = async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
          outcomes.push(await visit(server, next.question, next.stayMs));
        }
      };
      await Promise.all(Array.from({ length: CLIENTS }, client));
    };
    // Memory that has been taken once is used again: what the second half takes beyond it is lost.
    await storm(visits.slice(0, requests / 2));
    const residentMb = () => [server.server.pid, ...pids].map((pid) => (processMemory(pid)?.residentBytes ?? NaN) / 1e6);
    const taken = residentMb();
    await storm(visits.slice(requests / 2));
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
    const { descriptors, connections, hostDescriptors, children } = before;
    await holdsNoMoreThan(server, { descriptors, connections, hostDescriptors, children });
    const grownMb = () => Math.max(...residentMb().map((mb, index) => mb - taken[index]!));
    // What has been given back shows when the collector has run.
    for (let looks = 0; looks < 50 && grownMb() > GROWTH_MB_MAX; looks++) await Bun.sleep(200);
    expect(grownMb()).toBeLessThan(GROWTH_MB_MAX);
    const { entries } = (await (await fetch(`${server.url}/v1/cache`)).json()) as { entries: unknown[] };
    expect(entries.length > 0).toBe(stories.length > 1);
    expect(await answer(server)).toEqual(first);
  },
);
