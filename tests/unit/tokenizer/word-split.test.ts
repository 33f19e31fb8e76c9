import { describe, expect, test } from "bun:test";
import { namedPatterns } from "../../../src/tokenizer/named-patterns.ts";
import { literalPattern, splitPattern } from "../../../src/tokenizer/split-pattern.ts";
import { type SplitRule, splitWords } from "../../../src/tokenizer/word-split.ts";

describe("splitWords", () => {
  const cut = (matches: NonNullable<SplitRule["matches"]>, inverted = false): readonly string[] =>
    splitWords("--a-b--", [{ pattern: /-/gu, matches, inverted }]);

  test.each<[NonNullable<SplitRule["matches"]>, string[]]>([
    ["isolated", ["-", "-", "a", "-", "b", "-", "-"]],
    ["removed", ["a", "b"]],
    ["joinPrevious", ["-", "-", "a-", "b-", "-"]],
    ["joinNext", ["-", "-a", "-b", "-", "-"]],
    ["contiguous", ["--", "a", "-", "b", "--"]],
  ])("lets matches be %s", (matches, words) => {
    expect(cut(matches)).toEqual(words);
  });

  test("lets the text between the matches take their part", () => {
    expect(cut("removed", true)).toEqual(["-", "-", "-", "-", "-"]);
  });

  test("applies each rule within what the one before has left", () => {
    expect(splitWords("ab12 c", [{ pattern: /\d/gu }, { pattern: /[a-z]+/gu }])).toEqual(["ab", "1", "2", " ", "c"]);
  });

  test("cuts at an empty match", () => {
    expect(splitWords("1234567", [{ pattern: /(?=(?:\d{3})+$)/gu }])).toEqual(["1", "234", "567"]);
  });
});

describe("namedPatterns", () => {
  const TEXT = "I'LL don't  pay 12345\n\n x_y über";
  const words = (name: string): readonly string[] =>
    splitWords(
      TEXT,
      (namedPatterns(name)?.patterns ?? []).map((pattern) => ({ pattern: splitPattern(pattern) })),
    );

  test.each([
    ["gpt-2", ["I", "'", "LL", " don", "'t", " ", " pay", " 12345", "\n\n", " x", "_", "y", " über"]],
    ["llama-bpe", ["I", "'LL", " don", "'t", " ", " pay", " ", "123", "45", "\n\n", " x", "_y", " über"]],
    ["qwen2", ["I", "'LL", " don", "'t", " ", " pay", " ", "1", "2", "3", "4", "5", "\n\n", " x", "_y", " über"]],
    ["smollm", ["I", "'", "LL", " don", "'t", " ", " pay", " ", "1", "2", "3", "4", "5", "\n\n", " x", "_", "y", " über"]],
    ["gpt-4o", ["I'LL", " don't", " ", " pay", " ", "123", "45", "\n\n", " x", "_y", " über"]],
  ])("of %s cut as its model's tokenizer does", (name, expected) => {
    expect(words(name)).toEqual(expected);
  });

  test("knows no other name", () => {
    expect(namedPatterns("next-year")).toBeUndefined();
  });
});

describe("splitPattern", () => {
  test.each([
    ["white space is Unicode's", String.raw`^\s+$`, "\u0085\u3000 \t", "\ufeff"],
    ["digits are Unicode's", String.raw`^\d+$`, "1٣", "½"],
    ["scripts are named", String.raw`^\p{Han}+$`, "中文", "カ"],
    ["properties can be negated", String.raw`^\p{^Lu}+$`, "aß", "A"],
    ["groups can ignore case", "^(?i:'s|'t)$", "'S", "'x"],
    ["possessive quantifiers are read", String.raw`^[^\n]?+\p{L}++$`, "-abc", "--"],
    ["escapes are kept", String.raw`^[\-\]\\\^\[]+$`, "-]\\^[", "a"],
    ["needless escapes are dropped", String.raw`^\'\"\ $`, "'\" ", "\\"],
    ["counted quantifiers are read", String.raw`^\p{N}{1,3}$`, "123", "1234"],
  ])("%s", (_, source, matching, other) => {
    const pattern = splitPattern(source);
    expect([matching, other].map((text) => text.search(pattern))).toEqual([0, -1]);
  });

  test("refuses what JavaScript cannot express", () => {
    expect(() => splitPattern(String.raw`[\p{L}&&[^\p{Han}]]+`)).toThrow(SyntaxError);
  });

  test("takes a literal for itself", () => {
    expect("a.*▁b".split(literalPattern(".*▁"))).toEqual(["a", "b"]);
  });
});
