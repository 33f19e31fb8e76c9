import { expect, test } from "bun:test";
import type { CacheRates } from "../../../src/core/prompt-cache.ts";
import { gainOfLoading, Measured, RatesMeter, worthFinding, worthSaving } from "../../../src/runtime/cache-worth.ts";

/** 1 ms a token; a token of 100 kB is read in 0.25 ms and written in 0.5 ms. */
const RATES: CacheRates = { prefillMsPerToken: 1, readMsPerByte: 2.5e-6, writeMsPerByte: 5e-6, bytesPerToken: 100_000 };
const SLOW_STORAGE: CacheRates = { ...RATES, readMsPerByte: 2e-5, writeMsPerByte: 4e-5 };
const evicted = (change: object = {}) => ({ tokens: 1000, shared: 0, kept: 0, returned: true, ...change });

test("a sequence is saved where reading it is quicker than computing it, and writing it takes no longer", () => {
  expect([worthSaving(evicted(), RATES), worthSaving(evicted(), SLOW_STORAGE)]).toEqual([true, false]);
  expect(worthSaving(evicted(), { ...RATES, writeMsPerByte: 2e-5 })).toBe(false);
});

test("what the next prompt needs too, or a file holds already, is not lost", () => {
  expect([evicted({ shared: 980 }), evicted({ kept: 980 }), evicted({ shared: 400 })].map((each) => worthSaving(each, RATES))).toEqual([
    false,
    false,
    true,
  ]);
});

test("a conversation that has not come back is saved only where that is worth a wait that people notice", () => {
  const fresh = evicted({ tokens: 200, returned: false });
  expect([worthSaving(fresh, RATES), worthSaving(fresh, { ...RATES, prefillMsPerToken: 2 })]).toEqual([false, true]);
});

test("a file is read where that is well quicker than computing what the cache does not hold", () => {
  const file = { tokens: 1000, bytes: 100_000_000 };
  expect([gainOfLoading(file, 0, RATES), gainOfLoading(file, 700, RATES), gainOfLoading(file, 0, SLOW_STORAGE)]).toEqual([750, 0, 0]);
});

test("short prompts are not worth looking for", () => {
  expect([worthFinding(63, 0), worthFinding(64, 0), worthFinding(500, 450)]).toEqual([false, true, false]);
});

test("a measured figure follows what is measured, and takes no nonsense", () => {
  const rate = new Measured(5);
  expect(rate.value).toBe(5);
  rate.note(1);
  rate.note(2);
  for (const nonsense of [0, -1, Number.NaN, Infinity]) rate.note(nonsense);
  expect(rate.value).toBeCloseTo(1.3);
});

test("what was measured before counts, and what cannot be a figure does not", () => {
  const before = { prefillMsPerToken: 0.25, readMsPerByte: null, writeMsPerByte: Number.NaN, bytesPerToken: 28_672 };
  const meter = new RatesMeter(100_000, before);
  const guessed = new RatesMeter(100_000, null);
  expect(meter.rates).toEqual({ ...guessed.rates, prefillMsPerToken: 0.25, bytesPerToken: 28_672 });
  expect(meter.measured).toEqual({ ...before, writeMsPerByte: null });
  expect(Object.values(guessed.measured)).toEqual([null, null, null, null]);
});

test("storage that was slow once, and is not used since, is tried again some day", () => {
  const file = { tokens: 1000, bytes: 100_000_000 };
  let meter = new RatesMeter(100_000, { ...new RatesMeter(100_000, null).measured, readMsPerByte: 1e-4 });
  let openings = 0;
  for (; gainOfLoading(file, 0, meter.rates) === 0; openings++) meter = new RatesMeter(100_000, meter.measured);
  expect(openings).toBeGreaterThan(3);
  expect(openings).toBeLessThan(10);
});
