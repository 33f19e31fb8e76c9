import { describe, expect, test } from "bun:test";
import { resultsChart } from "../../../bench/chart.ts";
import { type Figure, meetsAim } from "../../../bench/measurement.ts";
import {
  aimText,
  compareResults,
  mergeResults,
  parseResults,
  type Result,
  type Results,
  resultsName,
  verdict,
} from "../../../bench/results.ts";
import { comparedMarkdown, resultsMarkdown } from "../../../bench/results-markdown.ts";

const SHARE: Figure = { name: "share of the bare loop's speed", value: 0.93, unit: "", aimMin: 0.9, baseline: "3000 tokens/s" };

function result(name: string, figures: readonly Figure[] = [SHARE]): Result {
  return {
    name,
    about: "What it is.",
    commit: "abc",
    command: `bun run bench ${name} --repeats 5`,
    repeats: 5,
    seconds: 61.2,
    busyBefore: 0.01,
    facts: { program: "sources", model: "c".repeat(64) },
    figures,
  };
}

function results(...all: Result[]): Results {
  const machine = { cpu: "A(R) Processor", cores: 2, memoryGb: 8, kernel: "6.1", arch: "x64", bun: "1.4.5" };
  return { kind: "rockchip-llama measurements", day: "2026-11-28", machine, results: all };
}

test.each([
  [{ value: 1, aimMax: 2 }, true, "holds", "at most 2"],
  [{ value: 3, aimMax: 2 }, false, "DOES NOT HOLD", "at most 2"],
  [{ value: 1, aimMin: 2 }, false, "DOES NOT HOLD", "at least 2"],
  [{ value: 1 }, null, "", ""],
  [{ value: null, aimMax: 2 }, null, "not taken", "at most 2"],
])("%p is held against its target", (given, met, said, aim) => {
  const figure = { name: "any", unit: "ms", ...given };
  expect([meetsAim(figure), verdict(figure), aimText(figure)]).toEqual([met, said, aim]);
});

test("files are named for the day and the processor", () => {
  expect(resultsName("2026-11-28", results().machine)).toBe("2026-11-28-a-r-processor");
});

describe("results of one day", () => {
  test("are added to each other, and one that is taken again replaces itself", () => {
    const merged = mergeResults(results(result("hops"), result("memory")), results(result("hops", [])));
    expect(merged.results.map(({ name, figures }) => [name, figures.length])).toEqual([
      ["memory", 1],
      ["hops", 0],
    ]);
  });

  test("of another machine do not go into the same file", () => {
    const before = results(result("memory"));
    const now = results(result("hops"));
    expect(() => mergeResults({ ...before, machine: { ...before.machine, cores: 4 } }, now)).toThrow("machine.cores: 4 and 2");
    expect(mergeResults(null, now)).toEqual(now);
  });
});

describe("two files", () => {
  const before = results(result("hops"), result("memory"));

  test("are compared in what they have in common", () => {
    const after = results(
      result("hops", [
        { ...SHARE, value: 0.31 },
        { ...SHARE, name: "new" },
      ]),
    );
    const compared = compareResults(before, after);
    expect(compared.map(({ before, after }) => [before.value, after.value])).toEqual([[0.93, 0.31]]);
    expect(comparedMarkdown(compared)).toContain("| hops: share of the bare loop's speed |      | 0.930  | 0.310 | 0.33           |");
  });

  test.each([
    ["another model", { facts: { program: "sources", model: "d".repeat(64) } }, "hops.model: "],
    ["the executable in place of the sources", { facts: { ...result("hops").facts, program: "executable" } }, "hops.program: "],
    ["another number of repeats", { repeats: 3 }, "hops.repeats: 5 and 3"],
  ])("are not compared over %s", (_, changed, line) => {
    expect(() => compareResults(before, results({ ...result("hops"), ...changed }))).toThrow(line);
  });

  test("of two machines are not compared", () => {
    const other = { ...before, machine: { ...before.machine, cores: 8 } };
    expect(() => compareResults(before, other)).toThrow("machine.cores: 2 and 8");
  });

  test("have to be results", () => {
    expect(() => parseResults('{"kind":"something else"}', "mine.json")).toThrow("mine.json holds no measurements");
    expect(parseResults(JSON.stringify(before), "mine.json")).toEqual(before);
  });
});

test("Markdown says of each figure what it is held against, and how to take it again", () => {
  const missing = { ...SHARE, value: null, baseline: "10 ms", note: "there is no cache" };
  const text = resultsMarkdown(results(result("hops", [SHARE, missing])), "chart.svg");
  expect(text).toContain("What it is. `bun run bench hops --repeats 5`, commit abc, medians of 5, 61 s, machine 1 % busy before it.");
  expect(text).toContain("| share of the bare loop's speed | 0.930 |      | at least 0.9 | holds     | 3000 tokens/s            |");
  expect(text).toContain("| share of the bare loop's speed | -     |      | at least 0.9 | not taken | 10 ms; there is no cache |");
  expect(text).toContain("Measured with program sources, model cccccccccccc.");
});

test("the chart draws figures with targets, curves with points, and is well formed", () => {
  const series = [{ name: "a < b", x: "ms", y: "tokens/s", points: [1, 2].map((n) => ({ x: n, y: n, label: `n_batch ${n}` })) }];
  const zero = { name: "failures", value: 0, unit: "", aimMax: 0 };
  const all = results({ ...result("hops", [SHARE, { ...SHARE, value: 0.5 }, zero, { name: "untargeted", value: 1, unit: "" }]), series });
  const svg = resultsChart(all);
  expect(svg.match(/<rect [^>]*fill="#2f855a"/g)).toHaveLength(2);
  expect(svg.match(/<rect [^>]*fill="#c53030"/g)).toHaveLength(1);
  expect(svg).toContain("a &lt; b: tokens/s");
  expect(svg).toContain("0.930 (at least 0.9)");
  expect(svg).not.toContain("untargeted");
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  const opened = svg.match(/<(?!\/)[a-z]+\b[^>]*(?<!\/)>/g) ?? [];
  expect(svg.match(/<\/[a-z]+>/g)).toHaveLength(opened.length);
});
