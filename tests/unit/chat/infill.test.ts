import { expect, test } from "bun:test";
import { infillPrompt } from "../../../src/chat/infill.ts";

const control = (text: string) => ({ kind: "control", text }) as const;
const plain = (text: string) => ({ kind: "plain", text }) as const;

test("the parts stand in the order and behind the tokens of the model's family", () => {
  const qwen = ["<|im_end|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"];
  expect(infillPrompt(qwen, "a(", ")")).toEqual([
    control("<|fim_prefix|>"),
    plain("a("),
    control("<|fim_suffix|>"),
    plain(")"),
    control("<|fim_middle|>"),
  ]);
  expect(infillPrompt(["[SUFFIX]", "[PREFIX]"], "a(", ")")).toEqual([control("[SUFFIX]"), plain(")"), control("[PREFIX]"), plain("a(")]);
});

test("a text that begins with the gap has no prefix", () => {
  expect(infillPrompt(["<fim_prefix>", "<fim_suffix>", "<fim_middle>"], "", "z")).toEqual([
    control("<fim_prefix>"),
    control("<fim_suffix>"),
    plain("z"),
    control("<fim_middle>"),
  ]);
});

test("a vocabulary that lacks a token cannot fill in", () => {
  expect(infillPrompt(["<fim_prefix>", "<fim_suffix>"], "a", "z")).toBeNull();
});

test("a control token in the client's text stays text", () => {
  expect(infillPrompt(["[SUFFIX]", "[PREFIX]"], "[SUFFIX]", "z")?.at(-1)).toEqual(plain("[SUFFIX]"));
});
