import { expect, test } from "bun:test";
import { KvMemory, REMEMBERED_TOKENS_MAX } from "../../../src/runtime/kv-memory.ts";

const ids = (...numbers: number[]) => Int32Array.from(numbers);

/** A chat's first turn: prompt and answer. */
function answered(memory: KvMemory, prompt: Int32Array, ...sampled: number[]): void {
  const sequence = memory.begin(0, prompt);
  for (const id of sampled) sequence.push(id);
}

test("a chat is remembered while two hundred others begin alike, the sequence that has most in common first", () => {
  const memory = new KvMemory(1);
  answered(memory, ids(1, 2, 3, 1000), 7, 8);
  for (let chat = 0; chat < 200; chat++) answered(memory, ids(1, 2, 3, chat), 9);
  expect([...memory.nearest(ids(1, 2, 3, 1000, 5))]).toEqual([1, 2, 3, 1000, 7, 8]);
  expect([...memory.nearest(ids(4))]).toEqual([]);
});

test("the next turn of a chat takes the place of the one before it", () => {
  const memory = new KvMemory(1);
  answered(memory, ids(1, 2), 3);
  answered(memory, ids(1, 2, 3, 4), 5);
  expect([...memory.nearest(ids(1, 2, 9))]).toEqual([1, 2, 3, 4, 5]);
});

test("what was used longest ago is forgotten when all together have too many tokens, the last one never", () => {
  const memory = new KvMemory(1);
  answered(memory, ids(1, 2), 3);
  answered(memory, ids(5, 6), 7);
  const long = new Int32Array(REMEMBERED_TOKENS_MAX - 3).fill(9);
  answered(memory, long);
  expect([[...memory.nearest(ids(1, 2))], [...memory.nearest(ids(5, 6))]]).toEqual([[], [5, 6, 7]]);
  answered(memory, new Int32Array(REMEMBERED_TOKENS_MAX + 1).fill(8));
  expect([memory.nearest(ids(5, 6)).length, memory.nearest(ids(8)).length]).toEqual([0, REMEMBERED_TOKENS_MAX + 1]);
});

test("what earlier hosts had written is remembered as if it had been there", () => {
  const memory = new KvMemory(1, [ids(1, 2, 3), ids(1, 4, 5)]);
  expect([...memory.nearest(ids(1, 4, 6))]).toEqual([1, 4, 5]);
  expect(memory.firstLane()).toBeNull();
});
