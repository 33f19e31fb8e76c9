import { expect, test } from "bun:test";
import { median, percentile, summarize } from "../../../src/bench/statistics.ts";

test("a summary has the figures of a sample, whatever its order", () => {
  expect(summarize([4, 1, 3, 2])).toEqual({ n: 4, mean: 2.5, median: 2.5, min: 1, max: 4, p95: 4 });
});

test("the median of an odd number is the one in the middle", () => {
  expect(median([100, 1, 2])).toBe(2);
});

test.each([
  [0, 1],
  [50, 10],
  [95, 19],
  [99, 20],
  [100, 20],
])("percentile %p of 1 to 20 is %p", (share, expected) => {
  expect(
    percentile(
      Array.from({ length: 20 }, (_, index) => 20 - index),
      share,
    ),
  ).toBe(expected);
});

test("nothing has no figures", () => {
  expect(() => summarize([])).toThrow(RangeError);
  expect(() => median([])).toThrow("There are no figures of nothing.");
});
