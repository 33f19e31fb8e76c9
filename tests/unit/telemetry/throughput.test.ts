import { expect, test } from "bun:test";
import { SAMPLE_MS, SAMPLES, Throughput } from "../../../src/telemetry/throughput.ts";

const WALL_MS = Date.parse("2026-01-02T03:04:05.000Z");

/** The last samples, and how many others had anything in them. */
function seen(throughput: Throughput, nowMs: number, last: number) {
  const samples = throughput.samples(nowMs, WALL_MS);
  const isEmpty = ({ ended, tokens, promptTokens, ttftMs }: (typeof samples)[number]) =>
    ended + tokens + promptTokens === 0 && ttftMs === null;
  return { last: samples.slice(-last), others: samples.slice(0, -last).filter((sample) => !isEmpty(sample)).length, count: samples.length };
}

test("what happens is summed in samples, the newest of which goes on", () => {
  const throughput = new Throughput(7000);
  throughput.firstToken(7000, 300);
  throughput.tokens(7000, 1);
  throughput.firstToken(9999, 100);
  throughput.tokens(9999, 2);
  throughput.tokens(10_000, 4);
  throughput.ended(12_000, 30);
  expect(seen(throughput, 12_500, 2)).toEqual({
    last: [
      { timeMs: WALL_MS - 7500, ended: 0, tokens: 3, promptTokens: 0, ttftMs: 200 },
      { timeMs: WALL_MS - 2500, ended: 1, tokens: 4, promptTokens: 30, ttftMs: null },
    ],
    others: 0,
    count: SAMPLES,
  });
});

test("a pause is samples without anything, and what is too old is gone", () => {
  const throughput = new Throughput(0);
  throughput.tokens(0, 1);
  throughput.tokens(3 * SAMPLE_MS, 2);
  expect(seen(throughput, 3 * SAMPLE_MS, 4).last.map(({ tokens }) => tokens)).toEqual([1, 0, 0, 2]);
  expect(seen(throughput, (SAMPLES + 2) * SAMPLE_MS, 1)).toMatchObject({ last: [{ tokens: 0 }], others: 1 });
  expect(seen(throughput, 1000 * SAMPLES * SAMPLE_MS, 1)).toMatchObject({ last: [{ tokens: 0 }], others: 0 });
  throughput.tokens(1000 * SAMPLES * SAMPLE_MS + 1, 5);
  expect(seen(throughput, 1000 * SAMPLES * SAMPLE_MS + 2, 1)).toMatchObject({ last: [{ tokens: 5 }], others: 0 });
});
