import { expect, test } from "bun:test";
import { frontMatterBases } from "../../../src/catalog/base-models.ts";

test.each([
  ["---\nbase_model: Qwen/Qwen3-0.6B\n---\n# x", ["Qwen/Qwen3-0.6B"]],
  ['---\r\nlicense: mit\r\nbase_model: "Qwen/Qwen3-0.6B"\r\n---\r\n', ["Qwen/Qwen3-0.6B"]],
  ["---\nbase_model:\n- a/b\n  - 'c/d'\ntags:\n- e/f\n---\n", ["a/b", "c/d"]],
  ["---\nbase_model: [a/b, c/d]\n---\n", ["a/b", "c/d"]],
  ["---\nbase_model_relation: quantized\ntags:\n- a/b\n---\n", []],
  ["---\nbase_model: Qwen3\n---\n", []],
  ["# no front matter\nbase_model: a/b\n", []],
  ["", []],
] as const)("the front matter of %j names %j", (readme, bases) => {
  expect(frontMatterBases(readme)).toEqual([...bases]);
});
