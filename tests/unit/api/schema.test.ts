import { expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { object, oneOf, optional, present } from "../../../src/api/schema.ts";

const SCHEMA = object({
  name: Type.String(),
  size: optional(Type.Integer()),
  kind: optional(oneOf(["a", "b"])),
  inner: optional(object({ x: Type.Number() })),
});

test.each([
  [{ name: "n" }, true],
  [{ name: "n", size: null, kind: null, inner: null }, true],
  [{ name: "n", size: 1, kind: "b", inner: { x: 1, y: 2 }, more: true }, true],
  [{}, false],
  [{ name: null }, false],
  [{ name: "n", size: "1" }, false],
  [{ name: "n", kind: "c" }, false],
  [{ name: "n", inner: {} }, false],
])("%j fits: %p", (value, fits) => {
  expect(Value.Check(SCHEMA, value)).toBe(fits);
});

test("absent and null fields are dropped, and all other values kept", () => {
  expect(
    Object.keys(present<{ a?: number; b?: number; c?: number; d?: string; e?: boolean }>({ a: 0, b: null, c: undefined, d: "", e: false })),
  ).toEqual(["a", "d", "e"]);
});
