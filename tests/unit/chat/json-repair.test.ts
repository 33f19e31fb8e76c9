import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { jsonText } from "../../../src/chat/json-node.ts";
import { repairJson } from "../../../src/chat/json-repair.ts";

function repaired(text: string): { text: string; ending: string } | null {
  const json = repairJson(text);
  return json === null ? null : { text: json.values.map(jsonText).join(" "), ending: json.ending };
}

describe("Faults that models make are repaired", () => {
  const cases: readonly (readonly [says: string, text: string, json: string])[] = [
    ["single quotes", "{'a': 'b'}", '{"a": "b"}'],
    ["an apostrophe between single quotes", "{'a': 'it's', 'b': 1}", '{"a": "it\'s", "b": 1}'],
    ["unescaped quotes in a string", '{"a": "say "hi" to him"}', '{"a": "say \\"hi\\" to him"}'],
    ["unquoted keys and words", "{city: New York, n: 1}", '{"city": "New York", "n": 1}'],
    ["trailing and doubled commas", '{"a": [1,, 2,],}', '{"a": [1, 2]}'],
    ["Python's words", "{'a': True, 'b': False, 'c': None}", '{"a": true, "b": false, "c": null}'],
    ["JavaScript's words", "{a: undefined, b: NaN}", '{"a": null, "b": null}'],
    ["comments", '{"a": 1, // one\n "b": 2, # two\n /* three */ "c": 3}', '{"a": 1, "b": 2, "c": 3}'],
    ["raw line breaks and tabs in strings", '{"a": "x\n\ty"}', '{"a": "x\\n\\ty"}'],
    ["escapes that JSON does not know", String.raw`{"a": "C:\dir \alpha \' "}`, String.raw`{"a": "C:\\dir \\alpha ' "}`],
    ["numbers that JSON does not know", "{a: .5, b: +1, c: 1_000, d: 0x10}", '{"a": 0.5, "b": 1, "c": 1000, "d": 16}'],
    ["a code fence", '```json\n{"a": 1}\n```', '{"a": 1}'],
    ["equals signs", "{a=1}", '{"a": 1}'],
    ["a missing value", '{"a": , "b": }', '{"a": null, "b": null}'],
    ["one bracket too many", '{"a": 1}}', '{"a": 1}'],
    ["brackets mixed up", '{"a": [1, 2}', '{"a": [1, 2]}'],
  ];
  for (const [says, text, json] of cases) {
    test(says, () => {
      expect(repaired(text)).toEqual({ text: json, ending: "whole" });
    });
  }
});

test("What is valid stands as it was written: spacing, key order, long numbers, unicode", () => {
  const text = '{"b":1,  "2": 12345678901234567890, "1": 1.0,\n"a":"é\\u00e9😀"}';
  expect(repaired(text)).toEqual({ text, ending: "whole" });
});

test("Missing brackets are closed, and an end inside a value is told from them", () => {
  const texts = ['{"a": {"b": "c"}', '{"a": [true', '{"a": "b"', '{"a": "b", ', '{"a": "b', '{"a": 1', '{"a":', '{"a', "{"];
  expect(texts.map((text) => repaired(text)?.ending)).toEqual([
    "unclosed",
    "unclosed",
    "unclosed",
    "unclosed",
    "cut",
    "cut",
    "cut",
    "cut",
    "unclosed",
  ]);
});

test("What is no JSON is not repaired", () => {
  expect(["", "hello", "a: 1", "{} and so on", "```\n```", "[".repeat(100_000)].map(repaired)).toEqual([
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
});

test("Several values follow each other", () => {
  expect(repaired('{"a": 1}\n{"b": 2};')).toEqual({ text: '{"a": 1} {"b": 2}', ending: "whole" });
});

test("Any valid object is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(repaired(text)).toEqual({ text, ending: "whole" });
    }),
    { numRuns: 1000 },
  );
});

test("Whatever comes in, what comes out parses", () => {
  const parts = [
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    ":",
    ",",
    "a",
    "1",
    "-",
    ".",
    "\\",
    "\n",
    "True",
    "//",
    "#",
    "/*",
    "=",
    "😀",
    "\ud83d",
    " ",
    ")",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 30 }), (pieces) => {
      for (const node of repairJson(pieces.join(""))?.values ?? []) expect(() => JSON.parse(jsonText(node))).not.toThrow();
    }),
    { numRuns: 5000 },
  );
});
