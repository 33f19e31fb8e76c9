import { expect, test } from "bun:test";
import { runningTable } from "../../../src/cli/ps.ts";

const NOW_MS = Date.parse("2026-01-08T12:00:00Z");
const running = (name: string, change: object) => ({
  name,
  size: 1_000_000_000,
  digest: "0123456789abcdef".repeat(4),
  expires_at: "2026-01-08T12:04:30Z",
  size_vram: 0,
  context_length: 4096,
  ...change,
});

test("runningTable() says where each model computes, and until when it stays", () => {
  const models = [
    running("npu", { size_vram: 1_000_000_000, details: { format: "rkllm" }, expires_at: "2317-01-01T00:00:00Z" }),
    running("cpu", {}),
    running("gpu", { size_vram: 2_000_000_000, expires_at: "2026-01-08T11:59:59Z" }),
    running("both", { size_vram: 250_000_000, context_length: undefined }),
  ];
  expect(runningTable(models, NOW_MS).split("\n")).toEqual([
    "NAME  ID            SIZE    PROCESSOR        CONTEXT  UNTIL",
    "npu   0123456789ab  1.0 GB  100% NPU         4096     Forever",
    "cpu   0123456789ab  1.0 GB  100% CPU         4096     4 minutes from now",
    "gpu   0123456789ab  1.0 GB  100% GPU         4096     Stopping...",
    "both  0123456789ab  1.0 GB  75%/25% CPU/GPU  -        4 minutes from now",
  ]);
});
