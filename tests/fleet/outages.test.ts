/** The examples of HAProxy and nginx with three real servers behind them, of which one goes in every way there is. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  type Balancer,
  BALANCERS,
  beginStream,
  boardOf,
  embed,
  EXAMPLES,
  type Fleet,
  QUEUE_DEPTH,
  sessionsOf,
  startBalancer,
  startFleet,
} from "./fleet.ts";
import { type Board, BOARDS, FLEET_IMPOSSIBLE } from "./network.ts";

/** Whole servers take their time on a slow or busy machine. */
setDefaultTimeout(90_000);

/** The board that goes, and those that stay. */
const GONE: Board = 2;
const STAYING: readonly Board[] = [1, 3];
/** Tokens of a stream that is still running when its board goes: two seconds of them. */
const LONG = 100;
/** Tokens of an answer that nobody waits for: a minute of them. */
const ENDLESS = 3000;

if (FLEET_IMPOSSIBLE !== null) console.warn(`tests/fleet are skipped: ${FLEET_IMPOSSIBLE}`);

let fleet: Fleet;
beforeAll(async () => {
  if (FLEET_IMPOSSIBLE === null) fleet = await startFleet();
});
afterAll(async () => fleet?.[Symbol.asyncDispose]());

describe.skipIf(FLEET_IMPOSSIBLE !== null).each([...BALANCERS])("behind %s (skipped without root, ip, haproxy and nginx)", (name) => {
  let balancer: Balancer;
  let sessions: Record<Board, string>;

  beforeAll(async () => {
    balancer = await startBalancer(name, fleet);
    sessions = await sessionsOf(balancer);
  });
  afterAll(async () => balancer?.[Symbol.asyncDispose]());

  /** A stream on each board. */
  const streams = async () => {
    const begun = await Promise.all(BOARDS.map(async (board) => beginStream(balancer, sessions[board], LONG)));
    expect(begun.map(({ board }) => board)).toEqual([...BOARDS]);
    return begun;
  };
  const boardFor = async (session: string) => boardOf(await balancer.ask({ session }));
  /** How the streams on the boards ended. */
  const ends = async (begun: Awaited<ReturnType<typeof streams>>) =>
    Object.fromEntries(await Promise.all(begun.map(async ({ board, end }) => [board, await end])));
  const backAgain = async () => {
    while ((await boardFor(sessions[GONE])) !== GONE) await Bun.sleep(50);
  };

  test.each([
    ["whose server is killed", (board: Board) => process.kill(fleet.servers[board].pid, "SIGKILL"), async () => fleet.restart(GONE)],
    ["that is unplugged", (board: Board) => fleet.network.unplug(board), async () => fleet.network.plugIn(GONE)],
  ])("a board %s takes its streams with it and nothing else", async (_, take, bring) => {
    const begun = await streams();
    // It waits behind the stream, and no byte of its answer has been sent.
    const whole = balancer.ask({ session: sessions[GONE], tokens: 3 });
    while (!(await balancerKnows(balancer)));
    take(GONE);
    try {
      const after = await Promise.all(BOARDS.map(async (board) => balancer.ask({ session: sessions[board], tokens: 2 })));
      expect(after.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(STAYING).toContain(boardOf(after[GONE - 1]!));
      expect(await ends(begun)).toEqual({ 1: "length", 2: null, 3: "length" });
      const answer = await whole;
      expect(answer.status).toBe(200);
      expect(STAYING).toContain(boardOf(answer));
    } finally {
      await bring();
    }
    await backAgain();
  });

  test("a board that is told to stop finishes what it has, and nobody is refused", async () => {
    const begun = await streams();
    const stopped = fleet.servers[GONE].stop();
    const board = { left: false };
    void stopped.then(() => (board.left = true));
    const statuses = new Set<number>();
    const client = async (session: string) => {
      while (!board.left) statuses.add((await balancer.ask({ session })).status);
    };
    try {
      await Promise.all([...BOARDS, ...BOARDS].map(async (each) => client(sessions[each])));
      expect([await ends(begun), await stopped, [...statuses]]).toEqual([{ 1: "length", 2: "length", 3: "length" }, 0, [200]]);
    } finally {
      await stopped;
      await fleet.restart(GONE);
    }
    await backAgain();
  });

  test("a board whose queue is full leaves the next request to another, though it would be this one's", async () => {
    const leaving = new AbortController();
    const ask = async (tokens: number, signal: AbortSignal | null = null) =>
      fetch(`${balancer.url}/v1/responses`, {
        method: "POST",
        headers: { "x-session-id": sessions[GONE] },
        body: JSON.stringify({ model: "tiny", input: "Go on", max_output_tokens: tokens, store: false }),
        signal,
      });
    const full = boardOf(await ask(1));
    const held = Array.from({ length: QUEUE_DEPTH + 1 }, async () => ask(ENDLESS, leaving.signal).catch(() => null));
    // It may have come before the last of them, and wait with them; and HAProxy hears of the queue with its next check.
    const next = async () => ask(1, AbortSignal.timeout(3000)).catch(() => null);
    let answer = await next();
    while (answer === null || answer.status === 429 || boardOf(answer) === full) answer = await next();
    expect(answer.status).toBe(200);
    leaving.abort();
    expect((await Promise.all(held)).filter((each) => each !== null && each.status !== 429)).toEqual([]);
    // The board is told that they have gone.
    while (boardOf(await ask(1)) !== full) await Bun.sleep(50);
  });

  test("a slow board is given less than the others, and its streams come to their end", async () => {
    await fleet.servers[GONE].stop();
    await fleet.restart(GONE, ["slow-prefill=100", "slow-decode=100"]);
    try {
      await backAgain();
      const slow = await beginStream(balancer, sessions[GONE], 30);
      const answered: Record<Board, number> = { 1: 0, 2: 0, 3: 0 };
      const statuses = new Set<number>();
      const client = async () => {
        while (answered[1] + answered[2] + answered[3] < 60) {
          const response = await embed(balancer);
          statuses.add(response.status);
          answered[boardOf(response)] += 1;
        }
      };
      await Promise.all(Array.from({ length: 6 }, client));
      expect([[...statuses], slow.board, await slow.end]).toEqual([[200], GONE, "length"]);
      for (const board of STAYING) expect(answered[board]).toBeGreaterThan(2 * answered[GONE]);
    } finally {
      await fleet.servers[GONE].stop();
      await fleet.restart(GONE);
    }
    await backAgain();
  });

  test("a board that stands still holds up what it has, and gets no more than its share of the rest", async () => {
    process.kill(fleet.servers[GONE].pid, "SIGSTOP");
    const answered: Board[] = [];
    const enough = Promise.withResolvers<void>();
    const ask = async () => {
      const response = await embed(balancer);
      answered.push(boardOf(response));
      if (answered.length === 4) enough.resolve();
      return response.status;
    };
    const together = Array.from({ length: 6 }, ask);
    await enough.promise;
    const later = [await ask(), await ask(), await ask()];
    expect(answered).not.toContain(GONE);
    process.kill(fleet.servers[GONE].pid, "SIGCONT");
    expect([...(await Promise.all(together)), ...later]).toEqual(Array.from({ length: 9 }, () => 200));
    await backAgain();
  });
});

const fleetTest = test.skipIf(FLEET_IMPOSSIBLE !== null); // no load balancer without root, ip, haproxy and nginx
fleetTest.each([...BALANCERS])("where no board is left, %s says when to come again", async (name) => {
  const example = join(temporaryFolder(), "nobody.conf");
  await Bun.write(example, (await Bun.file(EXAMPLES[name]).text()).replaceAll("192.168.1.1", "192.168.1.2"));
  await using balancer = await startBalancer(name, fleet, example);
  const response = await balancer.ask({ session: "anybody" });
  expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
    503,
    "5",
    { error: { message: "No board can take the request now.", type: "server_error", param: null, code: "unavailable" } },
  ]);
});

/** A request later than another one on the same road has been answered, so the other one has arrived. */
async function balancerKnows({ url }: Balancer): Promise<boolean> {
  return (await fetch(`${url}/v1/models`)).ok;
}
