/** A report to start from. */
import type { Report } from "../../../src/bench/report.ts";
import { summarize } from "../../../src/bench/statistics.ts";

export function sampleReport(): Report {
  return {
    kind: "rockchip-llama bench",
    format: 1,
    date: "2026-11-28T20:00:00.000Z",
    command: "rockchip-llama bench tiny --prompt-tokens 128",
    version: "0.1.0",
    runtimeVersion: "1.3.0",
    repeats: 2,
    facts: {
      machine: { cpu: "A Processor", cores: 2, memoryGb: 8, kernel: "6.1", arch: "arm64", bun: "1.4.5" },
      model: "qwen3-0.6b",
      modelDigest: "a".repeat(64),
      contextTokens: 4096,
      threads: 4,
      nBatch: 1,
      promptSet: 1,
      promptTokens: [128],
      outputTokens: 64,
      concurrency: [1],
    },
    cells: [
      {
        promptTokens: 128,
        promptTokensSent: 127,
        concurrency: 1,
        outputTokens: 64,
        ttftMs: summarize([190, 210]),
        itlMs: summarize([30]),
        longestGapMs: null,
        endToEndMs: summarize([2000, 2200]),
        queueMs: summarize([1]),
        prefillPerS: summarize([640]),
        decodePerS: summarize([33]),
        throughputPerS: summarize([30]),
        memoryMb: 800,
      },
    ],
    quality: [{ id: "greeting", faults: [], answer: "Hello!" }],
    published: { none: "this machine has no NPU of Rockchip's." },
  };
}
