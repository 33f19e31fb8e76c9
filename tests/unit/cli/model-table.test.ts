import { expect, test } from "bun:test";
import { modelTable } from "../../../src/cli/model-table.ts";

const NOW_MS = Date.parse("2026-01-08T12:00:00Z");
const listed = (name: string, modified: string) => ({
  name,
  modified_at: modified,
  size: 98_362_432,
  digest: "0123456789abcdef".repeat(4),
});
const unrunnable = (id: string, reason: string) => ({ id, bytes: 1_200_000_000, runnable: false, unrunnable_reason: reason });

test("modelTable() has Ollama's columns where every model can run", () => {
  const models = [listed("smollm2:135m", "2026-01-08T11:59:00Z"), listed("qwen3:0.6b", "2026-01-05T12:00:00Z")];
  expect(modelTable({ models, unrunnable: [] }, NOW_MS)).toBe(
    [
      "NAME          ID            SIZE   MODIFIED",
      "smollm2:135m  0123456789ab  98 MB  About a minute ago",
      "qwen3:0.6b    0123456789ab  98 MB  3 days ago",
    ].join("\n"),
  );
});

test("modelTable() gives each reason why some cannot run once", () => {
  const both = [unrunnable("a", "There is no NPU."), unrunnable("b", "There is no NPU."), unrunnable("c", "It is broken.")];
  expect(modelTable({ models: [listed("tiny", "2026-01-08T11:00:00Z")], unrunnable: both }, NOW_MS)).toBe(
    [
      "NAME  ID            SIZE    MODIFIED           RUNS HERE",
      "tiny  0123456789ab  98 MB   About an hour ago  yes",
      "a     -             1.2 GB  -                  no (1)",
      "b     -             1.2 GB  -                  no (1)",
      "c     -             1.2 GB  -                  no (2)",
      "",
      "(1) There is no NPU.",
      "(2) It is broken.",
    ].join("\n"),
  );
});
