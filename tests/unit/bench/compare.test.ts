import { describe, expect, test } from "bun:test";
import { compareReports, differences, parseReport } from "../../../src/bench/compare.ts";
import { comparisonMarkdown } from "../../../src/bench/report-markdown.ts";
import { summarize } from "../../../src/bench/statistics.ts";
import { AppError } from "../../../src/core/errors.ts";
import { sampleReport } from "./reports.ts";

test("the medians of two like runs stand side by side", () => {
  const before = sampleReport();
  const [cell] = before.cells;
  const after = { ...before, cells: [{ ...cell!, ttftMs: summarize([100]), memoryMb: null }] };
  expect(compareReports(before, after)[0]).toEqual({
    name: "time to first token, 128 tokens in, one client",
    unit: "ms",
    before: 200,
    after: 100,
  });
  expect(compareReports(before, after).some(({ name }) => name.startsWith("memory"))).toBe(false);
  expect(comparisonMarkdown(compareReports(before, after)).split("\n")[2]).toBe(
    "| time to first token, 128 tokens in, one client, ms | 200    | 100   | 0.50           |",
  );
});

describe("unlike runs are refused with what they differ in", () => {
  const before = sampleReport();
  const { facts } = before;
  test.each([
    ["another model", { modelDigest: "b".repeat(64) }, "modelDigest: "],
    ["other prompts", { promptSet: 2 }, "promptSet: 1 and 2"],
    ["another context", { contextTokens: 2048 }, "contextTokens: 4096 and 2048"],
    ["other numbers of clients", { concurrency: [1, 4] }, "concurrency: [1] and [1,4]"],
    ["another machine", { machine: { ...facts.machine, cpu: "B" } }, 'machine.cpu: "A Processor" and "B"'],
    ["another number of threads", { threads: 2 }, "threads: 4 and 2"],
  ])("%s", (_, changed, line) => {
    const after = { ...before, facts: { ...facts, ...changed } };
    expect(() => compareReports(before, after)).toThrow(AppError);
    expect(() => compareReports(before, after)).toThrow(line);
  });
});

test("every difference is named, and a fact that one side lacks is one", () => {
  expect(differences({ a: 1, b: { c: [1], d: 2 } }, { a: 2, b: { c: [1] }, e: null })).toEqual([
    "a: 1 and 2",
    "b.d: 2 and nothing",
    "e: nothing and null",
  ]);
  expect(differences({ a: { b: 1 } }, { a: { b: 1 } })).toEqual([]);
});

test.each([
  ["no JSON", "mine.json is not JSON."],
  ["{}", "mine.json is no report of rockchip-llama bench --json."],
  [JSON.stringify({ ...sampleReport(), format: 0 }), "mine.json is a report of another version of the program: run the benchmark again."],
])("what is no report is refused: %#", (text, message) => {
  expect(() => parseReport(text, "mine.json")).toThrow(message);
});

test("a report that was written is read again as it was", () => {
  expect(parseReport(JSON.stringify(sampleReport()), "mine.json")).toEqual(sampleReport());
});
