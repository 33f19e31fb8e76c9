import { expect, test } from "bun:test";
import { fencesOf, reasonOf, unknownWords } from "./fences.ts";
import { outputFaults } from "./output-shape.ts";

test("an output fits with other figures and other names, and not without a line, a key or a type", () => {
  expect(outputFaults("text", "… 12 models\ndone", "There are 3 models\nwell\ndone\n")).toEqual([]);
  expect(outputFaults("text", "one\ntwo", "two\none\n")).toEqual([expect.stringContaining('no line like "two"')]);
  const shown = '{ "id": "chat-…", "choices": [{ "index": 0 }] }';
  expect(outputFaults("json", shown, '{"id":"x","choices":[{"index":7,"more":1}]}')).toEqual([]);
  expect(outputFaults("json", shown, '{"id":1,"choices":[{}]}')).toEqual([
    ".id is a number, not a string",
    ".choices[0].index is not there",
  ]);
});

test("blocks are found in lists as well, with the reason not to run them, and a misspelt one is noticed", () => {
  const page = "1. First:\n\n   ```sh board\n   ls\n     -l\n   ```\n\n```json file=a.json\n{}\n```\n```sh bored\n```\n";
  const fences = fencesOf(page);
  expect(fences.map(({ line, language, code }) => [line, language, code])).toEqual([
    [3, "sh", "ls\n  -l"],
    [8, "json", "{}"],
    [11, "sh", ""],
  ]);
  expect([fences.map(reasonOf), fences.flatMap(unknownWords)]).toEqual([["board", null, null], ["bored"]]);
});
