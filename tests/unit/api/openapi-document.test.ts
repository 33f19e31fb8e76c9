import { expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { tidySchema } from "../../../src/api/ops/openapi-document.ts";

/** As a schema looks once it has gone through JSON. */
function plain(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema));
}

test.each([
  [
    "a choice of words",
    Type.Union([Type.Literal("a"), Type.Literal("b")], { description: "Which." }),
    { description: "Which.", type: "string", enum: ["a", "b"] },
  ],
  ["a record", Type.Record(Type.String(), Type.Integer()), { type: "object", additionalProperties: { type: "integer" } }],
  ["a nullable field", Type.Union([Type.String(), Type.Null()]), { anyOf: [{ type: "string" }, { type: "null" }] }],
  [
    "a name",
    Type.Object({ $id: Type.String() }, { $id: "Thing" }),
    { type: "object", required: ["$id"], properties: { $id: { type: "string" } } },
  ],
  ["an example", Type.String({ examples: [{ $id: 1 }] }), { type: "string", examples: [{ $id: 1 }] }],
])("%s becomes plain JSON Schema", (_what, schema, expected) => {
  expect(tidySchema(plain(schema))).toEqual(expected);
});
