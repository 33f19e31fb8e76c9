import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { patternTextMax } from "../../../../src/chat/json/pattern-limit.ts";

test("patterns that clients send are usable on texts of the length they are made for", () => {
  const uuid =
    "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}|00000000-0000-0000-0000-000000000000)$";
  for (const [pattern, length] of [
    ["^\\d{4}-\\d{2}-\\d{2}$", 60_000],
    ["^(red|green|blue)$", 60_000],
    ["^[A-Z][a-z]+$", 60_000],
    ["^\\+[1-9]\\d{1,14}$", 60_000],
    [uuid, 60_000],
    ["^((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.|$)){4}$", 15],
    ["\\S", 2000],
    ["^[^@]+@[^@]+$", 1000],
    ["^[^@]+@[^@]+\\.[a-z]+$", 99],
  ] as const) {
    expect({ pattern, isUsable: patternTextMax(pattern, 1_000_000) >= length }).toEqual({ pattern, isUsable: true });
  }
});

test("patterns that are no expression, refer back or divide a text in too many ways are not used", () => {
  const long = "a".repeat(1001);
  for (const pattern of [
    "(",
    "\\Z",
    "(?i)a",
    "(a)\\1",
    "(?<x>a)\\k<x>",
    "(a+)+",
    "(a|b)*",
    "((a?)b?){2,}",
    "a?".repeat(30),
    "a*".repeat(9),
    long,
  ]) {
    expect({ pattern, textMax: patternTextMax(pattern, 1_000_000) }).toEqual({ pattern, textMax: 0 });
  }
});

test("whatever pattern is let through ends soon on its longest text", () => {
  const atom = fc.constantFrom("a", ".", "[a-b]", "(?:a)", "(a|aa)", "(?=a)", "\\w", "(a?b?)", "(?:aa|a.)", "(a+)", "(?:a{2}){3}");
  const quantifier = fc.constantFrom("", "", "*", "+", "?", "{3}", "{2,4}", "{20}", "{2,}", "*?");
  const pattern = fc.tuple(
    fc.constantFrom("", "^"),
    fc.array(fc.tuple(atom, quantifier), { minLength: 1, maxLength: 6 }),
    fc.constantFrom("", "$", "c$"),
  );
  fc.assert(
    fc.property(pattern, ([begin, parts, end]) => {
      const source = begin + parts.map(([atom, quantifier]) => atom + quantifier).join("") + end;
      const textMax = patternTextMax(source, 1_000_000);
      // A pattern that goes on for ever is caught by the test's own time limit.
      if (textMax > 0) expect(new RegExp(source, "u").test(`${"a".repeat(Math.min(textMax, 20_000) - 1)}!`)).toBeBoolean();
    }),
    { numRuns: 300, seed: 7 },
  );
});
