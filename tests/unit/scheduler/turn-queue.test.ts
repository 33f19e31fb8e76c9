import { expect, test } from "bun:test";
import type { AppError } from "../../../src/core/errors.ts";
import type { BatchMember, BatchTerms, TokenEvent } from "../../../src/core/runtime.ts";
import type { DevicePermit } from "../../../src/scheduler/run-permits.ts";
import type { Turn, TurnQueue, TurnQueueOptions } from "../../../src/scheduler/turn-queue.ts";
import { idleQueue } from "../../support/idle-queue.ts";
import { gathering } from "../../support/running-batch.ts";

const never = () => new AbortController().signal;
const TERMS = { sampling: { temperature: 0 } } as BatchTerms;
const OTHER_TERMS = { sampling: { temperature: 1 } } as BatchTerms;
const END: TokenEvent = {
  kind: "end",
  reason: "stop",
  stats: { prefillTokens: 1, prefillMs: 1, decodeTokens: 1, decodeMs: 1, memoryMb: 1 },
};

/** A turn that can run at once, and is noted when it is granted or refused. */
function taken(
  queue: TurnQueue,
  name: string,
  granted: string[],
  options: { client?: string; signal?: AbortSignal; terms?: BatchTerms | null } = {},
) {
  const turn = queue.take(options.client ?? "somebody", options.signal ?? never());
  turn.ready(options.terms === undefined ? null : options.terms);
  const watched = turn.granted.then(
    () => granted.push(name),
    (error: { code: string }) => granted.push(`${name}: ${error.code}`),
  );
  return { turn, watched };
}

/** A queue over a slot that a test plays: what was started together, and the way to end it. */
function playedSlot(options: Partial<TurnQueueOptions> = {}) {
  const started: { members: readonly BatchMember[]; terms: BatchTerms; end: () => void }[] = [];
  const queue = idleQueue({
    depthMax: 16,
    start: (members, terms) => {
      const over = Promise.withResolvers<void>();
      const end = () => {
        for (const { reader } of members) reader.take(END);
        over.resolve();
      };
      started.push({ members, terms, end });
      return over.promise;
    },
    ...options,
  });
  return { queue, started };
}

/** Leave to use a device that nobody else wants, unless said otherwise. */
const permitOf = (change: Partial<DevicePermit>): DevicePermit => ({
  take: async () => () => {},
  takeAside: () => expect.unreachable("a turn is no work aside"),
  ahead: 0,
  waitMs: () => 0,
  ...change,
});

/** Runs a prompt in a turn to its end, and gives the turn back. */
async function runIn(turn: Turn, promptId: number, last = true): Promise<void> {
  await turn.granted;
  expect(await eventsIn(turn, promptId, last)).toEqual([END]);
  turn.release();
}

/** Runs a prompt in a turn that has been granted, and keeps the turn. */
async function eventsIn(turn: Turn, promptId: number, last: boolean, signal = never()): Promise<TokenEvent[]> {
  const { reader, events } = gathering();
  turn.run({ promptId, tokensMax: 1, signal, reader }, () => last);
  return events;
}

const idsOf = ({ members }: { members: readonly BatchMember[] }) => members.map(({ promptId }) => promptId);
const settled = () => Bun.sleep(0);

test("TurnQueue grants turns of one client in the order they were taken, one at a time", async () => {
  const queue = idleQueue({ depthMax: 8 });
  const granted: string[] = [];
  const turns = ["a", "b", "c"].map((name) => taken(queue, name, granted));
  expect(turns.map(({ turn }) => turn.position)).toEqual([0, 1, 2]);
  for (const { turn, watched } of turns) {
    await watched;
    turn.release();
  }
  expect(granted).toEqual(["a", "b", "c"]);
});

test("TurnQueue lets a client that comes once go before the many requests of another", async () => {
  const queue = idleQueue({ depthMax: 8 });
  const granted: string[] = [];
  const many = ["a1", "a2", "a3", "a4"].map((name) => taken(queue, name, granted, { client: "a" }));
  const once = taken(queue, "b", granted, { client: "b" });
  expect(once.turn.position).toBe(2);
  for (const { turn, watched } of [many[0]!, many[1]!, once, many[2]!, many[3]!]) {
    await watched;
    turn.release();
  }
  expect(granted).toEqual(["a1", "a2", "b", "a3", "a4"]);
});

test("TurnQueue refuses what comes when it is full, and says when to try again", () => {
  const queue = idleQueue();
  taken(queue, "a", []);
  expect(queue.full).toBe(false);
  taken(queue, "b", []);
  expect(queue.full).toBe(true);
  expect(() => queue.take("somebody", never())).toThrow(expect.objectContaining({ code: "queue_full", details: { retryAfterS: 5 } }));
  expect(queue.waiting).toBe(1);
});

test("TurnQueue that one client has filled lets others in, one request of each, as far as the reserve goes", async () => {
  const queue = idleQueue({ depthMax: 5 });
  const take = (client: string) => {
    try {
      return queue.take(client, never());
    } catch (thrown) {
      return (thrown as AppError).code;
    }
  };
  taken(queue, "running", [], { client: "greedy" });
  for (const _ of [1, 2, 3, 4, 5]) take("greedy");
  const other = take("other") as Turn;
  expect([take("greedy"), take("other")]).toEqual(["queue_full", "queue_full"]);
  expect(other.position).toBe(2);
  take("third");
  expect([take("fourth"), queue.waiting, queue.full]).toEqual(["queue_full", 7, true]);
  other.release();
  expect([take("greedy"), take("fourth")]).toEqual(["queue_full", expect.objectContaining({ position: 3 })]);
});

test("TurnQueue tells from the turns before how long the next will be waited for", async () => {
  const queue = idleQueue({ depthMax: 8 });
  const first = taken(queue, "a", []);
  expect([first.turn.expectedWaitMs, queue.take("b", never()).expectedWaitMs]).toEqual([0, null]);
  await Bun.sleep(5);
  first.turn.release();
  taken(queue, "c", []);
  expect(queue.take("d", never()).expectedWaitMs).toBeGreaterThan(2);
});

test("TurnQueue counts the runs of others on the device among what is ahead, and foretells how long they take", async () => {
  const others: { waitMs: number | null } = { waitMs: null };
  const queue = idleQueue({ permit: permitOf({ ahead: 2, waitMs: () => others.waitMs }) });
  const expected = ({ position, expectedWaitMs }: Turn) => [position, expectedWaitMs];
  const unknown = queue.take("somebody", never());
  unknown.release();
  others.waitMs = 30_000;
  const known = queue.take("somebody", never());
  // How long the one before it takes is not known yet.
  const second = queue.take("somebody", never());
  expect([unknown, known, second].map(expected)).toEqual([
    [2, null],
    [2, 30_000],
    [3, null],
  ]);
  expect(() => queue.take("somebody", never())).toThrow(expect.objectContaining({ details: { retryAfterS: 30 } }));
});

test("TurnQueue lets go of a waiting request the moment its client goes", async () => {
  const queue = idleQueue({ depthMax: 8 });
  const granted: string[] = [];
  const first = taken(queue, "first", granted);
  const client = new AbortController();
  const leaving = taken(queue, "leaving", granted, { signal: client.signal });
  const last = taken(queue, "last", granted);
  client.abort();
  await leaving.watched;
  expect(queue.waiting).toBe(1);
  first.turn.release();
  await last.watched;
  expect(granted).toEqual(["first", "leaving: cancelled", "last"]);
});

test("TurnQueue refuses a request that has waited for as long as it may", async () => {
  const queue = idleQueue({ depthMax: 8, waitMaxMs: 1 });
  const granted: string[] = [];
  taken(queue, "first", granted);
  const second = taken(queue, "second", granted);
  await second.watched;
  expect([granted, queue.waiting]).toEqual([["first", "second: queue_timeout"], 0]);
});

test("TurnQueue counts what a request has waited before", async () => {
  const queue = idleQueue({ depthMax: 8, waitMaxMs: 60_000 });
  taken(queue, "first", []);
  expect(await queue.take("late", never(), 59_999).granted.catch((thrown: unknown) => thrown)).toMatchObject({
    code: "queue_timeout",
    message: "The request has waited 60 s for its turn (queue_timeout_s). Try again later.",
  });
});

test("TurnQueue keeps the turn of a running request until it is released, also when its client goes", () => {
  const queue = idleQueue({ depthMax: 8 });
  const client = new AbortController();
  const running = taken(queue, "a", [], { signal: client.signal });
  client.abort();
  expect(queue.busy).toBe(true);
  running.turn.release();
  running.turn.release();
  expect(queue.busy).toBe(false);
});

test("TurnQueue takes nobody whose client has gone already", () => {
  const queue = idleQueue({ depthMax: 8 });
  expect(() => queue.take("a", AbortSignal.abort())).toThrow(expect.objectContaining({ code: "cancelled" }));
  expect(queue.busy).toBe(false);
});

test("TurnQueue passes over a request that is not ready to run, and comes back to it", async () => {
  const queue = idleQueue({ depthMax: 8 });
  const granted: string[] = [];
  const slow = queue.take("a", never());
  void slow.granted.then(() => granted.push("slow"));
  const quick = taken(queue, "quick", granted);
  await quick.watched;
  slow.ready(null);
  quick.turn.release();
  await slow.granted;
  expect(granted).toEqual(["quick", "slow"]);
});

test("TurnQueue runs together what waits for the same model, adapter and sampling, as far as there are lanes", async () => {
  const { queue, started } = playedSlot({ lanes: 3 });
  const runs = [TERMS, TERMS, OTHER_TERMS, TERMS, TERMS].map((terms, promptId) => {
    const { turn } = taken(queue, String(promptId), [], { terms });
    return runIn(turn, promptId);
  });
  await settled();
  for (const _ of [1, 2, 3]) {
    started.at(-1)!.end();
    await settled();
  }
  await Promise.all(runs);
  // The first was alone when it came; those who then had gathered ran together.
  expect(started.map(idsOf)).toEqual([[0], [1, 3, 4], [2]]);
  expect(started.map(({ terms }) => terms)).toEqual([TERMS, TERMS, OTHER_TERMS]);
});

test("TurnQueue starts a batch when each of it has said what it runs, or has gone", async () => {
  const { queue, started } = playedSlot({ lanes: 3 });
  const first = taken(queue, "first", [], { terms: TERMS });
  const running = runIn(first.turn, 0);
  await settled();
  const [a, b, c] = ["a", "b", "c"].map((name) => taken(queue, name, [], { terms: TERMS }));
  started[0]!.end();
  await running;
  const others = [runIn(a!.turn, 1), runIn(b!.turn, 2)];
  await settled();
  expect(started.map(idsOf)).toEqual([[0]]);
  c!.turn.release();
  await settled();
  expect(started.map(idsOf)).toEqual([[0], [1, 2]]);
  started[1]!.end();
  await Promise.all(others);
  expect(queue.busy).toBe(false);
});

test("TurnQueue lets one of a batch run once more when the others have ended", async () => {
  const { queue, started } = playedSlot({ lanes: 2 });
  const first = taken(queue, "first", [], { terms: TERMS });
  const running = runIn(first.turn, 0);
  await settled();
  const again = taken(queue, "again", [], { terms: TERMS });
  const other = taken(queue, "other", [], { terms: TERMS });
  started[0]!.end();
  await running;
  const both = Promise.all([
    (async () => {
      await again.turn.granted;
      await eventsIn(again.turn, 1, false);
      await runIn(again.turn, 2);
    })(),
    runIn(other.turn, 3),
  ]);
  await settled();
  started[1]!.end();
  await settled();
  started[2]!.end();
  await both;
  expect(started.map(idsOf)).toEqual([[0], [1, 3], [2]]);
});

test("TurnQueue gives a slot on when its run is over, though its turn is not given back", async () => {
  const { queue, started } = playedSlot();
  const unread = taken(queue, "unread", [], { terms: TERMS });
  await unread.turn.granted;
  void eventsIn(unread.turn, 1, true);
  const next = taken(queue, "next", [], { terms: TERMS });
  await settled();
  started[0]!.end();
  await next.turn.granted;
});

test("TurnQueue holds a turn back for those who ran together before, no longer than it may", async () => {
  const { queue, started } = playedSlot({ lanes: 2, windowMs: 10_000 });
  const first = runIn(taken(queue, "first", [], { terms: TERMS }).turn, 0);
  await settled();
  const pair = [1, 2].map((id) => runIn(taken(queue, String(id), [], { terms: TERMS }).turn, id));
  started[0]!.end();
  await first;
  await settled();
  started[1]!.end();
  await Promise.all(pair);
  const next = [3].map((id) => runIn(taken(queue, String(id), [], { terms: TERMS }).turn, id));
  await settled();
  expect(started.map(idsOf)).toEqual([[0], [1, 2]]);
  next.push(runIn(taken(queue, "4", [], { terms: TERMS }).turn, 4));
  await settled();
  expect(started.map(idsOf)).toEqual([[0], [1, 2], [3, 4]]);
  started[2]!.end();
  await Promise.all(next);
});

test("TurnQueue starts nobody without those who are in line already and only not ready yet", async () => {
  const { queue, started } = playedSlot({ lanes: 4, windowMs: 10_000 });
  const turns = [1, 2, 3].map(() => queue.take("somebody", never()));
  const running = turns.map((turn, index) => runIn(turn, index + 1));
  for (const turn of turns) {
    expect(started).toEqual([]);
    turn.ready(TERMS);
    await settled();
  }
  expect(started.map(idsOf)).toEqual([[1, 2, 3]]);
  started[0]!.end();
  await Promise.all(running);
});

test("TurnQueue holds nobody back for one that goes before it is ready", async () => {
  const { queue, started } = playedSlot({ lanes: 4, windowMs: 10_000 });
  const client = new AbortController();
  const leaving = [queue.take("somebody", never()), queue.take("somebody", client.signal)];
  const running = runIn(taken(queue, "ready", [], { terms: TERMS }).turn, 1);
  leaving[0]!.release();
  await settled();
  expect(started).toEqual([]);
  client.abort();
  await settled();
  expect(started.map(idsOf)).toEqual([[1]]);
  started[0]!.end();
  await running;
});

test("TurnQueue holds nobody back who runs alone", async () => {
  const { queue } = playedSlot({ lanes: 4, windowMs: 10_000 });
  queue.take("somebody", never());
  const granted: string[] = [];
  taken(queue, "alone", granted);
  await settled();
  expect(granted).toEqual(["alone"]);
});

test("TurnQueue goes on without one that does not get ready", async () => {
  const { queue, started } = playedSlot({ lanes: 4, windowMs: 1 });
  queue.take("somebody", never());
  const running = runIn(taken(queue, "ready", [], { terms: TERMS }).turn, 1);
  while (started.length === 0) await Bun.sleep(1);
  expect(started.map(idsOf)).toEqual([[1]]);
  started[0]!.end();
  await running;
});

test("TurnQueue asks for a permit before each batch and gives it back when that is over", async () => {
  const permits: (() => void)[] = [];
  let returned = 0;
  const take = () => new Promise<() => void>((resolve) => permits.push(() => resolve(() => returned++)));
  const queue = idleQueue({ depthMax: 8, permit: permitOf({ take }) });
  const granted: string[] = [];
  const first = taken(queue, "first", granted);
  const client = new AbortController();
  const gone = taken(queue, "gone", granted, { signal: client.signal });
  await settled();
  expect(granted).toEqual([]);
  permits[0]!();
  await first.watched;
  first.turn.release();
  client.abort();
  await gone.watched;
  // It was asked for on behalf of one who has left.
  permits[1]!();
  await settled();
  expect([granted, returned, queue.busy]).toEqual([["first", "gone: cancelled"], 2, false]);
});

test("TurnQueue does not hold against a client the places that it gave up", async () => {
  const { queue } = playedSlot();
  const granted: string[] = [];
  const running = taken(queue, "running", granted, { client: "C" });
  await running.turn.granted;
  const gone = Array.from({ length: 12 }, (_, index) => taken(queue, `gone ${index}`, granted, { client: "A" }));
  for (const { turn } of gone) turn.release();
  const others = Array.from({ length: 3 }, (_, index) => taken(queue, `B${index}`, granted, { client: "B" }));
  const mine = taken(queue, "A", granted, { client: "A" });
  running.turn.release();
  for (const { turn } of [others[0]!, mine, others[1]!, others[2]!]) {
    await turn.granted;
    turn.release();
  }
  await settled();
  expect(granted).toEqual(["running", "B0", "A", "B1", "B2"]);
});

test("TurnQueue lets go at once of one that waits for another run, when its client goes", async () => {
  const { queue, started } = playedSlot({ lanes: 2 });
  const first = taken(queue, "first", [], { terms: TERMS });
  const running = runIn(first.turn, 0);
  await settled();
  const client = new AbortController();
  const again = taken(queue, "again", [], { terms: TERMS });
  const other = taken(queue, "other", [], { terms: TERMS });
  started[0]!.end();
  await running;
  await again.turn.granted;
  void eventsIn(again.turn, 1, false, client.signal);
  await other.turn.granted;
  void eventsIn(other.turn, 2, false);
  await settled();
  started[1]!.end();
  await settled();
  // The other's turn is not over, so this one waits for it.
  const second = eventsIn(again.turn, 3, true, client.signal);
  client.abort();
  expect(await second.catch((error: { code: string }) => error.code)).toBe("cancelled");
  other.turn.release();
  again.turn.release();
  expect(started.map(idsOf)).toEqual([[0], [1, 2]]);
});
