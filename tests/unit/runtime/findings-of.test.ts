import { expect, test } from "bun:test";
import type { Answer } from "../../../src/runtime/probe/ask-library.ts";
import { findingsOf } from "../../../src/runtime/probe/findings-of.ts";
import type { Facts } from "../../../src/runtime/probe/question.ts";

function answer(question: string, facts: Facts, ending: Answer["ending"] = "answered"): Answer {
  return { question, ending, how: "", facts, figures: {} };
}

const RIGHT = { answers: "right", oneToken: true, noInput: "works" };

test("what was not asked, or not answered whole, stays unknown", () => {
  expect(findingsOf([])).toEqual({});
  const cut = ["prompt-limit", "odd-context", "abort-prefill", "abort-idle", "hidden", "logits"];
  const facts = { reserve: 4, overflow: "refused", whole: true, effect: "waits", next: "cut", available: true, again: "same" };
  expect(findingsOf(cut.map((question) => answer(question, facts, "crashed")))).toEqual({});
  expect(findingsOf(["batch-2", "prompt-cache"].map((question) => answer(question, {}, "not asked")))).toEqual({});
});

test("a size of batch counts only where the smaller ones work, too, and one that crashed says no", () => {
  const batchMax = (...answers: Answer[]) => findingsOf(answers).batchMax;
  expect(batchMax(answer("batch-2", RIGHT), answer("batch-4", RIGHT), answer("batch-8", {}, "crashed"))).toBe(4);
  expect(batchMax(answer("batch-2", { ...RIGHT, answers: "exchanged" }), answer("batch-4", RIGHT), answer("batch-8", RIGHT))).toBe(1);
  expect(batchMax(answer("batch-2", { ...RIGHT, oneToken: false }), answer("batch-4", {}, "hung"))).toBe(1);
  expect(batchMax(answer("batch-2", {}, "refused"))).toBe(1);
  // The rest of it was known before the process ended.
  expect(findingsOf([answer("batch-2", { answers: "right", oneToken: true }, "crashed")])).toEqual({ batchMax: 2 });
});

test("a library reads prompts whole where it read all of one whose beginning it held", () => {
  const of = (read: number | null) => findingsOf([answer("prefix", { read })]);
  expect([of(64), of(16), of(17), of(null)]).toEqual([{ readsPromptsWhole: true }, {}, {}, {}]);
});

test("a prompt that is cut without a word is no length that may be used", () => {
  expect(findingsOf([answer("prompt-limit", { reserve: 0, overflow: "accepted" })])).toEqual({});
  expect(findingsOf([answer("prompt-limit", { reserve: 64, overflow: "refused" })])).toEqual({ contextReserveTokens: 64 });
});

test("the KV cache need not be emptied only where every kind of vector was right in every case", () => {
  const same = { available: true, again: "same", beyond: "same", afterAnswer: "same" };
  const of = (hidden: Facts, logits: Facts) => findingsOf([answer("hidden", hidden), answer("logits", logits)]).vectorsNeedEmptyCache;
  expect(of(same, same)).toBe(false);
  expect(of(same, { available: false })).toBe(false);
  expect(of({ ...same, afterAnswer: "zeros" }, same)).toBe(true);
  expect(of({ available: true, again: "same", beyond: "same" }, same)).toBe(true);
  expect(of({ available: false }, { available: false })).toBeUndefined();
});

test("a prompt cache that works is told from one that an abort spoils", () => {
  const cache = (facts: Facts, after: Answer) => findingsOf([answer("prompt-cache", facts), after]).promptCache;
  expect(cache({ right: true }, answer("cache-after-abort", { loads: "right" }))).toEqual({ works: true, loadAfterAbort: true });
  expect(cache({ right: true }, answer("cache-after-abort", { loads: "unknown" }, "crashed"))).toEqual({
    works: true,
    loadAfterAbort: false,
  });
  expect(cache({ right: false }, answer("cache-after-abort", { loads: "right" }))).toEqual({ works: false, loadAfterAbort: false });
});
