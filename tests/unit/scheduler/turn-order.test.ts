import { expect, test } from "bun:test";
import { type Company, windowMs } from "../../../src/scheduler/turn-order.ts";

const ALONE: Company = { gathered: 1, coming: 0, lastBatch: 1, lastRunMs: 0, heldMs: 0 };
const LANES = 8;

test("whoever has no company to expect is not held back", () => {
  expect([
    windowMs(ALONE, LANES, 20),
    windowMs({ ...ALONE, gathered: 0, lastBatch: 8 }, LANES, 20),
    windowMs({ ...ALONE, gathered: 3, lastBatch: 3 }, LANES, 20),
    windowMs({ ...ALONE, gathered: 2, coming: 1, lastBatch: 8 }, 2, 20),
  ]).toEqual([0, 0, 0, 0]);
});

test("where as many ran together before, or more are on the way, one more is waited for, the shorter the fuller the batch is", () => {
  expect([
    windowMs({ ...ALONE, lastBatch: 8 }, LANES, 16),
    windowMs({ ...ALONE, coming: 1 }, LANES, 16),
    windowMs({ ...ALONE, gathered: 6, lastBatch: 8 }, LANES, 16),
  ]).toEqual([14, 14, 4]);
});

test("all the waiting for one after the other ends with the window, or a tenth of the run before", () => {
  const company = { ...ALONE, lastBatch: 8, heldMs: 15 };
  expect([
    windowMs(company, LANES, 16),
    windowMs({ ...company, heldMs: 17 }, LANES, 16),
    windowMs({ ...company, heldMs: 90, lastRunMs: 1000 }, LANES, 16),
    windowMs({ ...company, heldMs: 101, lastRunMs: 1000 }, LANES, 16),
  ]).toEqual([1, 0, 10, 0]);
});
