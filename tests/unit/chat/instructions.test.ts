import { expect, test } from "bun:test";
import { z } from "zod";
import { formatInstruction } from "../../../src/chat/instructions.ts";

const ORDER = "Answer with JSON that fits this JSON Schema and nothing else: no other words, no code fence.\n";

function shown(schema: unknown): unknown {
  const text = formatInstruction({ kind: "json_schema", schema: schema as Record<string, unknown> | boolean });
  expect(text).toStartWith(ORDER);
  return JSON.parse(text.slice(ORDER.length));
}

test("a schema of zod's is shown without its draft and the bounds of every integer", () => {
  const schema = z.toJSONSchema(z.object({ age: z.int(), ages: z.array(z.int().min(3)) }));
  expect(JSON.stringify(schema)).toContain("9007199254740991");
  expect(shown(schema)).toEqual({
    type: "object",
    properties: { age: { type: "integer" }, ages: { type: "array", items: { type: "integer", minimum: 3 } } },
    required: ["age", "ages"],
    additionalProperties: false,
  });
});

test("all else of a schema is shown as it came, keys of those names too", () => {
  const schema = {
    properties: { $schema: { type: "string" }, minimum: { type: "number", minimum: 0, maximum: 9 } },
    enum: [9007199254740991, null],
    description: "Bounds.",
  };
  expect([shown(schema), shown(true)]).toEqual([schema, true]);
});
