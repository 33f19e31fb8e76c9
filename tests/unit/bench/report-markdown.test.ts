import { expect, test } from "bun:test";
import { passes } from "../../../src/bench/report.ts";
import { numberText, reportMarkdown } from "../../../src/bench/report-markdown.ts";
import { sampleReport } from "./reports.ts";

test("a report says what was measured, how, and what came out", () => {
  const lines = reportMarkdown(sampleReport()).split("\n");
  expect(lines[0]).toBe("# qwen3-0.6b on A Processor");
  expect(lines).toContain("- model aaaaaaaaaaaa, context 4096, 4 threads, n_batch 1");
  expect(lines).toContain("- prompts version 1, 2 repeats; again with `rockchip-llama bench tiny --prompt-tokens 128`");
  expect(lines).toContain("| time to first token, ms | 200    | 200  | 190  | 210  | 210  |");
  expect(lines).toContain("| longest silence, ms     | -      | -    | -    | -    | -    |");
  expect(lines).toContain("No published figure: this machine has no NPU of Rockchip's.");
  expect(lines.at(-1)).toBe("Every answer is one.");
});

test("published figures stand beside those of 128 tokens and one client", () => {
  const published = { title: "Qwen3 0.6B", soc: "rk3588", ttftMs: 199, tokensPerS: 32.9, memoryMb: 791 };
  const text = reportMarkdown({ ...sampleReport(), published });
  expect(text).toContain("| time to first token, ms | 200  | 199       | 1.01  |");
  expect(text).toContain("| decode, tokens/s        | 33.0 | 32.9      | 1.00  |");
});

test("a bad answer fails the report, however fast the model is", () => {
  const report = { ...sampleReport(), quality: [{ id: "story", faults: ["It is empty."], answer: "" }] };
  expect(passes(report)).toBe(false);
  expect(reportMarkdown(report)).toContain("FAILED: It is empty.");
});

test.each([
  [0.1234, "0.123"],
  [1.234, "1.23"],
  [12.34, "12.3"],
  [1234.5, "1235"],
  [-4.72, "-4.72"],
])("%p is written as %p", (value, text) => {
  expect(numberText(value)).toBe(text);
});
