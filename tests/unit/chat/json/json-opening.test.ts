import { describe, expect, test } from "bun:test";
import { jsonOpening } from "../../../../src/chat/json/json-opening.ts";

const opening = (schema: Readonly<Record<string, unknown>> | boolean): string => jsonOpening({ kind: "json_schema", schema });

describe("an answer may be made to begin", () => {
  test("as an object with a key, where only such a one fits", () => {
    expect(jsonOpening({ kind: "json_object" })).toBe('{"');
    for (const schema of [
      { type: "object", required: ["a"] },
      { type: ["object"], minProperties: 1 },
      { $ref: "#/$defs/a", $defs: { a: { type: "object", required: ["a"] } } },
      {
        anyOf: [
          { type: "object", required: ["a"] },
          { type: "object", required: ["b"] },
        ],
      },
    ]) {
      expect(opening(schema)).toBe('{"');
    }
  });

  test("with nothing, where anything else fits too", () => {
    for (const schema of [
      true,
      false,
      {},
      { type: "object" },
      { required: ["a"] },
      { type: "object", properties: { a: { type: "string" } }, required: [] },
      { type: ["object", "null"], required: ["a"] },
      { type: "array", items: { type: "object", required: ["a"] } },
      { anyOf: [{ type: "object", required: ["a"] }, { type: "object" }] },
    ]) {
      expect(opening(schema)).toBe("");
    }
  });

  test("by a schema whose parts double at each reference", () => {
    const doubling = (keyword: string, innermost: object): object => {
      const parts: Record<string, unknown> = { part0: innermost };
      for (let i = 1; i <= 90; i++) parts[`part${i}`] = { [keyword]: [{ $ref: `#/$defs/part${i - 1}` }, { $ref: `#/$defs/part${i - 1}` }] };
      return { $ref: "#/$defs/part90", $defs: parts };
    };
    expect(opening({ ...doubling("allOf", { type: "object" }) })).toBe("");
    expect(opening({ ...doubling("anyOf", { type: "object", required: ["a"] }) })).toBe('{"');
  });
});
