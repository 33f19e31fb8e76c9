import { expect, test } from "bun:test";
import { LineBudget } from "../../../src/telemetry/line-budget.ts";

test("so many lines pass in each period, and what was left out is told at the first line after it", () => {
  let nowMs = 0;
  const leftOut: number[] = [];
  const budget = new LineBudget({ linesMax: 2, periodMs: 100, onLeftOut: (count) => void leftOut.push(count), nowMs: () => nowMs });
  const first = [budget.take(), budget.take(), budget.take(), budget.take()];
  nowMs = 99;
  const late = budget.take();
  nowMs = 100;
  const next = [budget.take(), budget.take()];
  nowMs = 1000;
  expect([first, late, next, budget.take(), leftOut]).toEqual([[true, true, false, false], false, [true, true], true, [3]]);
});
