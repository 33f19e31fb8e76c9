import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import { Throughput } from "../../../src/telemetry/throughput.ts";
import { interTokenMs, outcomeOf, Work } from "../../../src/telemetry/work.ts";
import { workFacts } from "../../../src/telemetry/work-line.ts";

function workOn(ended: Work[] = []): Work {
  const throughput = new Throughput(performance.now());
  return new Work("answer", "r1", { throughput, onResolved: () => {}, onEnd: (work) => void ended.push(work) });
}

test.each([
  ["tokens that came one by one", { firstTokenMs: 100, lastTokenMs: 190, firstTokens: 1, generatedTokens: 10 }, 10],
  ["tokens of which some came with the first", { firstTokenMs: 100, lastTokenMs: 180, firstTokens: 2, generatedTokens: 10 }, 10],
  ["one token", { firstTokenMs: 100, lastTokenMs: 100, firstTokens: 1, generatedTokens: 1 }, null],
  ["tokens that all came at once", { firstTokenMs: 100, lastTokenMs: 100, firstTokens: 4, generatedTokens: 4 }, null],
  ["no token", {}, null],
])("the time between %s is told by their number and their times", (_, times, ms) => {
  expect(interTokenMs(Object.assign(workOn(), times))).toBe(ms);
});

test("work ends once: what fails behind its end changes nothing", () => {
  const ended: Work[] = [];
  const work = workOn(ended);
  work.resolved({ id: "tiny" } as ModelDescriptor, "tiny");
  work.done();
  work.failed(new AppError("cancelled", "Gone."));
  work.done();
  expect([ended.length, outcomeOf(work), work.error]).toEqual([1, "done", null]);
});

test("its log line has figures and names, and leaves out what it did not come to", () => {
  const work = workOn();
  work.failed(new AppError("model_not_found", 'The model "SECRET" does not exist.'));
  expect(workFacts(work)).toEqual({ id: "r1", model: "", outcome: "model_not_found", prompt_tokens: 0, ms: expect.any(Number) as number });
});
