import { describe, expect, test } from "bun:test";
import { distinctIds, listed, type NameFacts, NameTable } from "../../../src/catalog/model-names.ts";

function facts(longId: string, quantization = "", soc = "", contextTokensMax = 4096): NameFacts {
  return { id: longId.replace(/-(it|instruct)$/, ""), longId, quantization, contextTokensMax, ...(soc === "" ? {} : { soc }) };
}

function chosen(...entries: readonly NameFacts[]): readonly string[] {
  return distinctIds(entries).map(({ id }) => id);
}

describe("distinctIds", () => {
  test("a name of its own stays short", () => {
    expect(chosen(facts("a-1b-it", "w8a8"), facts("b-1b", "w8a8"))).toEqual(["a-1b", "b-1b"]);
  });

  test.each([
    ["quantization", [facts("a-1b", "w8a8"), facts("a-1b", "Q4_0")], ["a-1b-w8a8", "a-1b-q4_0"]],
    ["SoC", [facts("a-1b", "w8a8", "rk3588"), facts("a-1b", "w8a8", "rk3576")], ["a-1b-rk3588", "a-1b-rk3576"]],
    ["context", [facts("a-1b", "w8a8", "rk3588"), facts("a-1b", "w8a8", "rk3588", 16_384)], ["a-1b-4k", "a-1b-16k"]],
    ["odd context", [facts("a-1b"), facts("a-1b", "", "", 1000)], ["a-1b-4k", "a-1b-1000"]],
    ["variant", [facts("a-1b-it", "w8a8"), facts("a-1b", "w8a8")], ["a-1b-it", "a-1b-w8a8"]],
    ["quantization of one only", [facts("a-1b-it", "w8a8"), facts("a-1b-it", "q8")], ["a-1b-it-w8a8", "a-1b-it-q8"]],
    [
      "quantization, then context where that is not enough",
      [facts("a-1b", "w8a8"), facts("a-1b", "w8a8", "", 8192), facts("a-1b", "q8")],
      ["a-1b-w8a8-4k", "a-1b-w8a8-8k", "a-1b-q8"],
    ],
  ])("%s tells files of one name apart", (_, entries, expected) => {
    expect(chosen(...entries)).toEqual(expected);
  });

  test("where nothing tells them apart they are counted", () => {
    expect(chosen(facts("a-1b", "w8a8"), facts("a-1b", "w8a8"))).toEqual(["a-1b-w8a8-4k", "a-1b-w8a8-4k-2"]);
  });

  test("no two ids are equal, whatever the names", () => {
    const entries = ["x", "x", "x-2", "x-4k", "x-4k", "x-it"].map((name) => facts(name));
    expect(new Set(chosen(...entries)).size).toBe(entries.length);
  });
});

describe("NameTable", () => {
  test("an id goes before another model's alias", () => {
    const a = { id: "a", aliases: [] };
    const b = { id: "b", aliases: ["a"] };
    expect(new NameTable([b, a]).find("A")).toBe(a);
  });

  test("an alias of several models is refused", () => {
    const table = new NameTable([
      { id: "a", aliases: ["shared"] },
      { id: "b", aliases: ["shared"] },
      { id: "c", aliases: ["shared"] },
    ]);
    expect(() => table.find("Shared")).toThrow('The model name "Shared" is ambiguous: it could be a, b or c. Use one of these names.');
  });

  test("what is not there is undefined", () => {
    expect(new NameTable([{ id: "a", aliases: [] }]).find("b")).toBeUndefined();
  });
});

test("listed() joins names as in a sentence", () => {
  expect([listed([], "and"), listed(["a"], "and"), listed(["a", "b"], "or"), listed(["a", "b", "c"], "and")]).toEqual([
    "",
    "a",
    "a or b",
    "a, b and c",
  ]);
});
