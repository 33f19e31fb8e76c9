import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createOutputStream } from "../../../src/chat/output-stream.ts";
import { cut } from "./answer-pieces.ts";

const PLAIN = { format: { reasoning: null, toolSyntax: "hermes" }, tools: [], opening: "" } as const;

/** Deltas of a text given in pieces, the last one from `end`. */
function deltas(pieces: readonly string[], stop: readonly string[]): { deltas: string[]; stop: string | null } {
  const stream = createOutputStream({ ...PLAIN, stop });
  const out = [...pieces.map((piece) => stream.push(piece)), stream.end()];
  return {
    deltas: out.map(({ events }) => events.map((event) => (event.kind === "text" ? event.text : `(${event.kind})`)).join("")),
    stop: out.at(-1)?.stopSequence ?? null,
  };
}

test("Text without stop sequences passes through at once", () => {
  expect(deltas(["Hel", "lo", ""], [])).toEqual({ deltas: ["Hel", "lo", "", ""], stop: null });
});

test("A stop sequence across piece borders ends the text before it and is not returned", () => {
  expect(deltas(["one\nUs", "er", ": two", "three"], ["\nUser:"])).toEqual({ deltas: ["one", "", "", "", ""], stop: "\nUser:" });
});

test("Only the end that may still become a stop sequence is held back", () => {
  expect(deltas(["abcEN", "DEN", "x"], ["END!"])).toEqual({ deltas: ["abc", "END", "ENx", ""], stop: null });
});

test("A held end comes out when the model has ended", () => {
  expect(deltas(["abcEN"], ["END"])).toEqual({ deltas: ["abc", "EN"], stop: null });
});

test("The stop sequence completed first wins, and of two completed together the longer", () => {
  expect([deltas(["xabcd"], ["abcd", "bc"]), deltas(["xabc"], ["bc", "abc"])]).toEqual([
    { deltas: ["xa", ""], stop: "bc" },
    { deltas: ["x", ""], stop: "abc" },
  ]);
});

test("Overlapping beginnings are found: the sequence starts inside a failed attempt", () => {
  expect(deltas(["aaa", "ab"], ["aab"])).toEqual({ deltas: ["a", "a", ""], stop: "aab" });
});

test("Empty stop sequences mean nothing", () => {
  expect(deltas(["abc"], ["", "c"])).toEqual({ deltas: ["ab", ""], stop: "c" });
});

test("Nothing comes after a stop", () => {
  const stream = createOutputStream({ ...PLAIN, stop: ["X"] });
  expect([stream.push("aXb"), stream.push("c"), stream.end()]).toEqual([
    { events: [{ kind: "text", text: "a" }], stopSequence: "X" },
    { events: [], stopSequence: "X" },
    { events: [], stopSequence: "X" },
  ]);
});

test("Padding tokens are dropped, look-alikes are not", () => {
  expect(deltas(["a[PAD151935]b[PA", "D1][PAD", "][PADx][[PAD2]", "[PAD12345678]", "[P"], [])).toEqual({
    deltas: ["ab", "", "[PAD][PADx][", "[PAD12345678]", "", "[P"],
    stop: null,
  });
});

test("A stop sequence is recognised around a dropped padding token, and in what was held as one", () => {
  expect([deltas(["aE[PAD7]ND"], ["END"]), deltas(["a[PA"], ["[PA"])]).toEqual([
    { deltas: ["a", ""], stop: "END" },
    { deltas: ["a", ""], stop: "[PA" },
  ]);
});

test("A surrogate pair is never split between deltas", () => {
  expect(deltas(["a\ud83d", "\ude00b"], [])).toEqual({ deltas: ["a", "😀b", ""], stop: null });
});

test("A pair that never becomes whole still comes out at the end", () => {
  expect(deltas(["a\ud83d"], [])).toEqual({ deltas: ["a", "\ud83d"], stop: null });
});

const fragments = fc.array(
  fc.constantFrom("a", "b", "ab", "[", "[PAD", "[PAD12]", "]", "1", "😀", "\ud83d", "\ude00", "END", "E", "N", "\n"),
  { maxLength: 24 },
);
const stops = fc.array(fc.constantFrom("ab", "abab", "ba", "END", "NE", "\nE", "[PA", "[PAD1", "😀", "\ude00", "aa", "]"), {
  maxLength: 4,
});

test("However a text is cut, the joined deltas and the outcome are equal, and equal to a plain search", () => {
  fc.assert(
    fc.property(fragments, stops, fc.array(fc.nat(), { maxLength: 10 }), (parts, stop, cuts) => {
      const text = parts.join("");
      const { deltas: out, stop: stopped } = deltas(cut(text, cuts), stop);
      expect({ text: out.join(""), stop: stopped }).toEqual(searched(text, stop));
    }),
    { numRuns: 5000 },
  );
});

test("Deltas never part a surrogate pair", () => {
  fc.assert(
    fc.property(fragments, stops, fc.array(fc.nat(), { maxLength: 10 }), (parts, stop, cuts) => {
      const out = deltas(cut(parts.join(""), cuts), stop).deltas;
      const joined = out.join("");
      let at = 0;
      for (const delta of out.slice(0, -1)) {
        at += delta.length;
        expect(/^[\ud800-\udbff][\udc00-\udfff]$/.test(joined.slice(at - 1, at + 1))).toBe(false);
      }
    }),
    { numRuns: 2000 },
  );
});

/** What the stream promises, said slowly: padding removed, then the shortest beginning of the text that ends in a stop sequence. */
function searched(text: string, stop: readonly string[]): { text: string; stop: string | null } {
  const kept = text.replace(/\[PAD\d{1,7}\]/g, "");
  for (let end = 1; end <= kept.length; end++) {
    const found = stop.filter((sequence) => kept.slice(0, end).endsWith(sequence)).sort((a, b) => b.length - a.length)[0];
    if (found !== undefined) return { text: kept.slice(0, end - found.length), stop: found };
  }
  return { text: kept, stop: null };
}
