import { expect, test } from "bun:test";
import { jsonText } from "../../../src/chat/json-node.ts";
import { readPythonicCalls } from "../../../src/chat/pythonic-call.ts";

function read(text: string): unknown {
  const found = readPythonicCalls(text);
  if (found === null) return null;
  const calls = found.calls.map(({ name, positional, named }) => {
    const values = [...positional.map(jsonText), ...named.map(([key, value]) => `${key}=${jsonText(value)}`)];
    return `${name}(${values.join(", ")})`;
  });
  return found.cut ? [...calls, "cut"] : calls;
}

test("Calls are read with all kinds of values", () => {
  expect(read(`f(a=1, b="x", c=[1, 2.5], d={"k": True}, e=None, g='it\\'s (so)')`)).toEqual([
    `f(a=1, b="x", c=[1, 2.5], d={"k": true}, e=null, g="it's (so)")`,
  ]);
});

test("Calls stand alone, in lists, on lines and in print()", () => {
  expect(["f()", "[f(), g.h(1)]", "f(a=1)\ng(b=2)", "print(f(1))\nprint(g())", "[f(a=1),]"].map(read)).toEqual([
    ["f()"],
    ["f()", "g.h(1)"],
    ["f(a=1)", "g(b=2)"],
    ["f(1)", "g()"],
    ["f(a=1)"],
  ]);
});

test("A missing bracket is forgiven, a cut value is told", () => {
  expect(['f(a="x"', '[f(a="x")', 'f(a="x', "f(a=1, b", "f(", "f(1), g"].map(read)).toEqual([
    ['f(a="x")'],
    ['f(a="x")'],
    ['f(a="x")', "cut"],
    ['f("b", a=1)', "cut"],
    ["f()", "cut"],
    ["f(1)", "cut"],
  ]);
});

test("Everything else is no call", () => {
  expect(["", "x = 1", "f", "import os", "for i in range(3): f(i)", "f(1) + 2", "3(1)"].map(read)).toEqual([
    null,
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
});
