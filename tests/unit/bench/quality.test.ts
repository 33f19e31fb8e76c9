import { describe, expect, test } from "bun:test";
import { answerFaults } from "../../../src/bench/quality.ts";

const English = { id: "any", prompt: "", language: "en" };
const GOOD =
  "Once upon a time there was a little fox who lived behind the mill. Every morning it went down to the river, looked at its face in the " +
  "water and wondered what the fish were called. One day a heron told it their names, and from then on the fox greeted each of them.";

function faultsOf(text: string, language = "en"): string[] {
  return answerFaults({ ...English, language }, text);
}

test("an ordinary answer has no faults", () => {
  expect(faultsOf(GOOD)).toEqual([]);
  expect(faultsOf("Paris.")).toEqual([]);
});

describe("repetition", () => {
  test("one letter without end is found", () => {
    expect(faultsOf(`It had a rious ${"s".repeat(70)}`)).toContain('It says "s" 40 times in a row.');
  });

  test("a sentence that comes again and again is found", () => {
    expect(faultsOf("The sea is blue. ".repeat(6))[0]).toMatch(/^It says .* 5 times in a row\.$/);
  });

  test("going round with small changes is found", () => {
    const text = Array.from({ length: 12 }, (_, index) => `I like it so very much here today ${index}`).join(" ");
    expect(faultsOf(text)[0]).toMatch(/^It says the same again and again: \d+ % of it is new\.$/);
  });

  test("a laugh, a line of dashes and a refrain are no repetition", () => {
    expect(faultsOf(`Ha ha ha ha ha! ${"-".repeat(80)} The joke is on you, and it is good.`)).toEqual([]);
    expect(faultsOf(`${GOOD}\nRow, row, row your boat.\nRow, row, row your boat.`)).toEqual([]);
  });
});

describe("degeneration", () => {
  test.each([
    ["", "It is empty."],
    ["  \n", "It is empty."],
    ["The capital is Par\uFFFDs.", "It has broken characters (U+FFFD)."],
    ["The capital is\u0000 Paris.", "It has control characters."],
    ["The capital is Paris.<|im_end|>", "It shows the control token <|im_end|>."],
    ["[PAD151935] Paris is the capital.", "It shows the control token [PAD151935]."],
    ["Paris</s>", "It shows the control token </s>."],
    [`It is ${"abcdefghijklmnopqrs".repeat(4)}xyzuv`, "It has a word of 81 characters."],
  ])("%p is found", (text, fault) => {
    expect(faultsOf(text)).toContain(fault);
  });
});

describe("language", () => {
  test("another script is found", () => {
    expect(faultsOf("你好，我很好。")).toEqual(["It is not in the language of the question (en): 0 % of its letters are."]);
    expect(faultsOf("你好，我很好。", "zh")).toEqual([]);
  });

  test("another language in the same script, and words at random, are found", () => {
    const fault = "It is not in the language of the question (en): hardly a common word is in it.";
    expect(faultsOf("Der Hafen liegt offen nach Westen und das Licht kommt abends tief herein.")).toEqual([fault]);
    expect(faultsOf("lamp seven quickly borrow stone under green motion paper window")).toEqual([fault]);
  });

  test("a language that cannot be told is not judged", () => {
    expect(faultsOf("Der Hafen liegt offen nach Westen, und das Licht kommt abends tief herein.", "de")).toEqual([]);
  });
});

test.each([
  ['{"name":"Ada","age":36}', []],
  ["Ada, 36", ["It is not JSON."]],
  ["[1]", ["It is JSON, but no object."]],
  ['{"name":"Ada","age":"36"}', ["Of its keys, age is missing or of another type."]],
  ["{}", ["Of its keys, name and age is missing or of another type."]],
])("of the JSON that was asked for, %p has the faults %p", (text, faults) => {
  expect(answerFaults({ id: "json", prompt: "", keys: { name: "string", age: "integer" } }, text)).toEqual(faults);
});
