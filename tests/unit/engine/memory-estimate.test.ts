import { expect, test } from "bun:test";
import { estimateMemoryBytes } from "../../../src/engine/memory-estimate.ts";

const opening = { contextTokens: 4096, lanes: 1, copies: 1 };

test.each([
  ["one copy", {}, 1.2],
  ["a short context", { contextTokens: 512 }, 1.2],
  ["a context of four times the usual length", { contextTokens: 16_384 }, 1.35],
  ["two lanes", { lanes: 2 }, 1.4],
  ["two copies", { copies: 2 }, 2.4],
])("where nothing tells of the KV cache, it is guessed by the file and the context: %s", (_, change, times) => {
  expect(estimateMemoryBytes({ bytes: 1_000_000, format: "rkllm" }, { ...opening, ...change })).toBe(times * 1_000_000);
});

test("where layers and heads are known, each KV cache is counted; copies of a .gguf share its weights", () => {
  const long = { contextTokens: 1000, lanes: 2, copies: 3 };
  const kv = 100 * 1000 * 2 * 3;
  expect(estimateMemoryBytes({ bytes: 1_000_000, format: "rkllm", kvBytesPerToken: 100 }, long)).toBe(3_000_000 + kv);
  expect(estimateMemoryBytes({ bytes: 1_000_000, format: "gguf", kvBytesPerToken: 100 }, long)).toBe(1_000_000 + kv);
});
