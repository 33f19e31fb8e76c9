import { expect, test } from "bun:test";
import { TurnQueue } from "../../../src/scheduler/turn-queue.ts";

const never = () => new AbortController().signal;

/** Names of the turns in the order they are granted. */
function recorder() {
  const granted: string[] = [];
  return {
    granted,
    watch: (name: string, turn: { granted: Promise<void> }) =>
      turn.granted.then(
        () => granted.push(name),
        () => granted.push(`${name} refused`),
      ),
  };
}

test("TurnQueue grants turns in the order they were taken, one at a time", async () => {
  const queue = new TurnQueue(() => 8);
  const { granted, watch } = recorder();
  const turns = ["a", "b", "c"].map((name) => {
    const turn = queue.take(never());
    return { turn, watched: watch(name, turn) };
  });
  expect(turns.map(({ turn }) => turn.position)).toEqual([0, 1, 2]);
  await turns[0]!.watched;
  expect(granted).toEqual(["a"]);
  turns[0]!.turn.release();
  await turns[1]!.watched;
  turns[1]!.turn.release();
  await turns[2]!.watched;
  expect(granted).toEqual(["a", "b", "c"]);
});

test("TurnQueue refuses what comes when it is full, and says when to try again", () => {
  const queue = new TurnQueue(() => 1);
  queue.take(never());
  queue.take(never());
  expect(() => queue.take(never())).toThrow(expect.objectContaining({ code: "queue_full", details: { retryAfterS: 5 } }));
  expect(queue.waiting).toBe(1);
});

test("TurnQueue lets go of a waiting request the moment its client goes", async () => {
  const queue = new TurnQueue(() => 8);
  const { granted, watch } = recorder();
  const first = queue.take(never());
  const client = new AbortController();
  const leaving = watch("leaving", queue.take(client.signal));
  const last = queue.take(never());
  const lastGranted = watch("last", last);
  client.abort();
  await leaving;
  expect(queue.waiting).toBe(1);
  first.release();
  await lastGranted;
  expect(granted).toEqual(["leaving refused", "last"]);
});

test("TurnQueue keeps the turn of a running request until it is released, also when its client goes", () => {
  const queue = new TurnQueue(() => 8);
  const client = new AbortController();
  const running = queue.take(client.signal);
  client.abort();
  expect(queue.busy).toBe(true);
  running.release();
  running.release();
  expect(queue.busy).toBe(false);
});

test("TurnQueue takes nobody whose client has gone already", () => {
  const queue = new TurnQueue(() => 8);
  expect(() => queue.take(AbortSignal.abort())).toThrow(expect.objectContaining({ code: "cancelled" }));
  expect(queue.busy).toBe(false);
});
