import { expect, test } from "bun:test";
import { shownSchema } from "../../../src/chat/shown-schema.ts";

test("properties may be called like the keywords that are left out", () => {
  const schema = { $schema: "draft", properties: { $schema: { type: "string" }, minimum: { type: "integer", minimum: 0 } } };
  expect(shownSchema(schema)).toEqual({ properties: { $schema: { type: "string" }, minimum: { type: "integer", minimum: 0 } } } as never);
});

test("nesting without end is left for the next to refuse", () => {
  let deep: unknown = {};
  for (let level = 0; level < 100_000; level++) deep = { items: deep };
  expect(() => shownSchema(deep)).not.toThrow();
});
