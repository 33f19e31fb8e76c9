import { expect, test } from "bun:test";
import { continued } from "../../../src/runtime/continuation.ts";

/** A vocabulary of texts; those in angle brackets steer the model. */
const TEXTS = ["<s>", "<e>", "a", "b", "c", "ab", "bc", "abc", "<", "s>", "é", "\u00c3", "hello"];
const encoder = new TextEncoder();
const vocabulary = {
  vocabSize: TEXTS.length,
  tokenBytes: (id: number) => encoder.encode(TEXTS[id]),
  isControl: (id: number) => id < 2,
};
const idsOf = (...texts: string[]) => Int32Array.from(texts, (text) => TEXTS.indexOf(text));
const textsOf = (ids: Int32Array) => Array.from(ids, (id) => TEXTS[id]);
const spelled = (ids: readonly string[], earlier: readonly string[]) => textsOf(continued(idsOf(...ids), idsOf(...earlier), vocabulary));

test("an answer keeps the tokens in which it was sampled", () => {
  expect(spelled(["<s>", "abc", "<e>", "hello"], ["<s>", "a", "bc"])).toEqual(["<s>", "a", "bc", "<e>", "hello"]);
  expect(spelled(["<s>", "abc", "<e>", "hello"], ["<s>", "a", "b", "c", "<e>"])).toEqual(["<s>", "a", "b", "c", "<e>", "hello"]);
});

test("what follows the last common border is the tokenizer's", () => {
  // The answer ended in the middle of what the tokenizer makes one token of.
  expect(spelled(["<s>", "ab", "abc"], ["<s>", "a", "b", "ab"])).toEqual(["<s>", "a", "b", "abc"]);
});

test("another text is left as it is", () => {
  expect(spelled(["<s>", "abc"], ["<s>", "a", "a"])).toEqual(["<s>", "abc"]);
  expect(spelled(["<s>", "abc"], ["<e>", "a", "bc"])).toEqual(["<s>", "abc"]);
  expect(spelled(["<s>", "abc"], [])).toEqual(["<s>", "abc"]);
});

test("text that spells a control token is not that token, in neither direction", () => {
  expect(spelled(["<s>", "a", "<", "s>", "b"], ["<s>", "a", "<s>", "b"])).toEqual(["<s>", "a", "<", "s>", "b"]);
  expect(spelled(["<s>", "ab", "<s>", "b"], ["<s>", "a", "b", "<", "s>", "b"])).toEqual(["<s>", "a", "b", "<s>", "b"]);
});

test("ids that the vocabulary does not have end the comparison", () => {
  const strange = Int32Array.of(0, 2, 99_999, 4);
  expect(textsOf(continued(idsOf("<s>", "ab", "c"), strange, vocabulary))).toEqual(["<s>", "ab", "c"]);
});
