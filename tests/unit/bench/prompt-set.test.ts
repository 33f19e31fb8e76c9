import { expect, test } from "bun:test";
import { PROMPT_SET, promptOfWords, wordsForTokens } from "../../../src/bench/prompt-set.ts";

/** A model whose template takes ten tokens and whose every word is one. */
const count = async (prompt: string) => 10 + prompt.split(/\s+/).length;

test("a prompt is as long as fits, by the model's own count", async () => {
  const words = await wordsForTokens(PROMPT_SET, 600, count);
  expect(await count(promptOfWords(PROMPT_SET, words, "10001"))).toBe(600);
});

test("a length that no prompt can have gives the shortest", async () => {
  expect(await wordsForTokens(PROMPT_SET, 1, count)).toBe(1);
});

test("two prompts with other marks differ from the first word on", () => {
  expect(promptOfWords(PROMPT_SET, 3, "10001")).toBe(`10001: The harbour of\n\n${PROMPT_SET.instruction}`);
  expect(promptOfWords(PROMPT_SET, 3, "10002").split(" ")[0]).toBe("10002:");
});

test("every quality prompt says what its answer is judged by", () => {
  expect(PROMPT_SET.quality.filter(({ language, keys }) => language === undefined && keys === undefined)).toEqual([]);
});
