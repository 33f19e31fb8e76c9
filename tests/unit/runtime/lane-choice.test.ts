import { expect, test } from "bun:test";
import { chooseLanes, commonPrefix } from "../../../src/runtime/lane-choice.ts";

const ids = (...values: number[]) => Int32Array.from(values);
const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, index) => from + index);
const lane = (held: Int32Array, usedAt = 0) => ({ held, usedAt });

test("the common prefix ends where the sequences differ, or where one ends", () => {
  expect([commonPrefix(ids(1, 2, 3), ids(1, 2, 4)), commonPrefix(ids(1, 2), ids(1, 2, 3)), commonPrefix(ids(), ids(1))]).toEqual([2, 2, 0]);
});

test("a chat that goes on gets the lane that holds it", () => {
  const lanes = [lane(range(0, 50), 1), lane(range(100, 150), 2)];
  expect(chooseLanes([range(100, 160)], lanes)).toEqual([1]);
  expect(chooseLanes([range(100, 160), range(0, 60)], lanes)).toEqual([1, 0]);
});

test("a new chat takes an empty lane rather than the beginning of another chat", () => {
  const begun = Int32Array.of(1, 2, 3, ...range(100, 150));
  expect(chooseLanes([Int32Array.of(1, 2, 3, ...range(200, 210))], [lane(begun, 1), lane(ids())])).toEqual([1]);
});

test("a long common beginning is worth more than the rest of another chat", () => {
  const system = range(1000, 2000);
  const chat = Int32Array.of(...system, ...range(0, 100));
  expect(chooseLanes([Int32Array.of(...system, ...range(300, 310))], [lane(chat, 1), lane(ids())])).toEqual([0]);
});

test("without a prefix the lane that was unused for longest goes", () => {
  const lanes = [lane(range(0, 50), 3), lane(range(100, 150), 1), lane(range(200, 250), 2)];
  expect(chooseLanes([range(300, 310), range(400, 410)], lanes)).toEqual([1, 2]);
});

test("prompts that only the library can read get lanes as well, each its own", () => {
  expect(chooseLanes([null, null], [lane(ids(1), 2), lane(ids(), 1)]).toSorted((a, b) => a - b)).toEqual([0, 1]);
});
