import { describe, expect, test } from "bun:test";
import { assert, constantFrom, jsonValue, property } from "fast-check";
import { JsonFault, parseJsonDocument } from "../../../src/config/json-file.ts";

function fault(source: string): string {
  try {
    parseJsonDocument(source);
  } catch (thrown) {
    if (thrown instanceof JsonFault) return `${thrown.line}: ${thrown.message}`;
    throw thrown;
  }
  return "parsed";
}

test("what JSON.stringify writes is read back", () => {
  assert(
    property(jsonValue(), constantFrom(0, 2), (value, indent) => {
      const source = JSON.stringify(value, null, indent);
      expect(parseJsonDocument(source).value).toEqual(JSON.parse(source));
    }),
  );
});

test("every key has its line", () => {
  const document = parseJsonDocument('\uFEFF{\r\n "a": 1,\r\n "b": {\r\n  "c": [\r\n   1], "d": 2 }}');
  expect([document.lineOf(["a"]), document.lineOf(["b", "c"]), document.lineOf(["b", "d"]), document.lineOf(["z"])]).toEqual([2, 4, 5, 1]);
});

describe("faults", () => {
  test.each([
    ["", "1: the file ends too early"],
    ['{\n"a": 1', "2: the file ends too early"],
    ['{\n"a": 1,\n}', "3: no comma may stand before this: }"],
    ["[1,]", "1: no comma may stand before this: ]"],
    ['{"a" 1}', "1: a colon is missing before this: 1"],
    ['{"a": }', "1: a value is missing here: }"],
    ['{"a": 1\n "b": 2}', '2: a comma is missing before this: "b"'],
    ["[1 2]", "1: a comma is missing before this: 2"],
    ["{a: 1}", "1: this is not JSON: a"],
    ["{1: 1}", "1: a key in double quotes belongs here: 1"],
    ['{"a": 1,\n\n"a": 2}', '3: this key stands twice: "a"'],
    ["{} {}", "1: nothing may follow the value: {"],
    ["{\n // why\n}", "2: this is not JSON: //"],
    ['{"a": "\t"}', '1: tabs and other control characters must be escaped in a text: "\t"'],
    ["{\"a\": 'x'}", "1: this is not JSON: 'x'"],
  ])("%p", (source, message) => {
    expect(fault(source)).toBe(message);
  });
});
