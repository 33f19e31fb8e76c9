import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { compileSchema } from "../../../../src/chat/json/json-schema.ts";
import { AppError } from "../../../../src/core/errors.ts";

type Schema = Readonly<Record<string, unknown>> | boolean;

const faultOf = (schema: Schema, value: unknown): string | null => compileSchema(schema, "schema").fault(value);

function refusal(schema: unknown): unknown {
  try {
    compileSchema(schema as Schema, "response_format.json_schema.schema");
  } catch (thrown) {
    return thrown instanceof AppError ? { ...thrown.toRecord() } : thrown;
  }
  return "compiled";
}

const PERSON = {
  type: "object",
  properties: {
    name: { type: "string", minLength: 1 },
    age: { type: "integer", minimum: 0 },
    tags: { type: "array", items: { enum: ["a", 3, null] }, maxItems: 2 },
    child: { anyOf: [{ $ref: "#" }, { type: "null" }] },
  },
  required: ["name"],
  additionalProperties: false,
};

describe("a fault names the place and what is wrong there", () => {
  test.each<[unknown, string | null]>([
    [{ name: "Ada", age: 36, tags: ["a", null], child: { name: "B", child: null } }, null],
    [{}, 'the key "name" is missing'],
    [{ name: "Ada", foo: 1 }, 'the key "foo" is not allowed'],
    [{ name: 3 }, '"name" must be text, not a number'],
    [{ name: "" }, '"name" must have at least 1 characters'],
    [{ name: "Ada", age: "old" }, '"age" must be a whole number, not text'],
    [{ name: "Ada", age: 1.5 }, '"age" must be a whole number'],
    [{ name: "Ada", age: -1 }, '"age" must be 0 or more'],
    [{ name: "Ada", tags: ["b"] }, '"tags[0]" must be one of "a", 3, null'],
    [{ name: "Ada", tags: ["a", "a", "a"] }, '"tags" must have at most 2 items'],
    [{ name: "Ada", child: {} }, 'the key "name" is missing in "child"'],
    [{ name: "Ada", child: { name: "B", x: 1 } }, 'the key "x" is not allowed in "child"'],
    [{ name: "Ada", child: "B" }, '"child" must be an object or null, not text'],
    [[], "it must be an object, not an array"],
    [null, "it must be an object, not null"],
  ])("%j: %s", (value, fault) => expect(faultOf(PERSON, value)).toBe(fault));

  test.each<[Schema, unknown, string]>([
    [{ const: "yes" }, "no", 'it must be "yes"'],
    [{ type: "boolean" }, 1, "it must be true or false, not a number"],
    [{ exclusiveMinimum: 0 }, 0, "it must be more than 0"],
    [{ exclusiveMaximum: 5 }, 5, "it must be less than 5"],
    [{ maximum: 5 }, 6, "it must be 5 or less"],
    [{ multipleOf: 5 }, 6, "it must be a multiple of 5"],
    [{ maxLength: 2 }, "abc", "it must have at most 2 characters"],
    [{ minItems: 1 }, [], "it must have at least 1 item"],
    [{ minProperties: 1 }, {}, "it must have at least 1 keys"],
    [{ maxProperties: 1 }, { a: 1, b: 2 }, "it must have at most 1 keys"],
    [{ uniqueItems: true }, [1, 1], "it must not hold the same item twice"],
    [{ uniqueItems: true }, [...Array(20).keys(), 3], "it must not hold the same item twice"],
    [{ items: { pattern: "^[a-z]+$" } }, ["A"], '"[0]" must match ^[a-z]+$'],
    [{ format: "date" }, "tomorrow", "it must have the format date"],
    [{ prefixItems: [{}], items: false }, [1, 2], "it has more items than allowed"],
    [{ contains: { const: 1 } }, [2], "it holds too few or too many of the items that the schema asks for"],
    [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, "it has a key whose name is not allowed"],
    [{ dependentRequired: { a: ["b"] } }, { a: 1 }, "it lacks a key that another one of its keys asks for"],
    [{ not: { type: "string" } }, "a", "it has a value that the schema does not allow"],
    [{ oneOf: [{ minimum: 0 }, { minimum: 1 }] }, 2, "it fits none, or more than one, of the forms that the schema allows"],
    [{ anyOf: [{ const: 1 }, { const: 2 }] }, 3, "it fits none of the forms that the schema allows"],
    [{ if: { required: ["a"] }, else: { required: ["b"] } }, { c: 1 }, 'the key "b" is missing'],
    [false, 1, "no value fits the schema"],
    [{ properties: { "a/b~c d%é": { type: "string" } } }, { "a/b~c d%é": 1 }, '"a/b~c d%é" must be text, not a number'],
  ])("%j of %j: %s", (schema, value, fault) => expect(faultOf(schema, value)).toBe(fault));
});

describe("the dialects that clients send are understood", () => {
  test.each<[string, Schema, readonly unknown[], readonly unknown[]]>([
    [
      "zod's draft 7 with definitions",
      {
        $schema: "http://json-schema.org/draft-07/schema#",
        $ref: "#/definitions/A",
        definitions: {
          A: { type: "object", properties: { a: { type: "number", exclusiveMinimum: 0 } }, required: ["a"], additionalProperties: false },
        },
      },
      [{ a: 1 }],
      [{ a: 0 }, {}, 1],
    ],
    [
      "draft 2020-12 with $defs",
      {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        $defs: { P: { type: "string" } },
        type: "array",
        items: { $ref: "#/$defs/P" },
      },
      [["a"], []],
      [[1]],
    ],
    ["a type or null", { type: ["number", "null"] }, [1, null], ["a"]],
    ["null as an alternative", { anyOf: [{ type: "string" }, { type: "null" }], default: null }, ["a", null], [1]],
    [
      "the bounds of safe integers",
      { type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 },
      [0, 9007199254740991],
      [1e16, 0.5],
    ],
    ["any other key with a schema", { type: "object", additionalProperties: {} }, [{ a: 1 }, {}], [1]],
    ["other keys as numbers", { type: "object", additionalProperties: { type: "number" } }, [{ a: 1 }], [{ a: "b" }]],
    ["an enum of mixed types", { enum: ["a", 1, null, true, { a: 1 }] }, ["a", 1, null, true, { a: 1 }], ["b", false]],
    ["no parameters at all", {}, [{}, { a: 1 }, 3], []],
    ["empty properties", { type: "object", properties: {} }, [{}, { a: 1 }], [1]],
    ["draft 4's exclusive bounds", { minimum: 1, exclusiveMinimum: true }, [2], [1]],
    ["draft 7's tuples", { items: [{ type: "string" }], additionalItems: false }, [["a"], []], [[1], ["a", "b"]]],
    [
      "draft 7's dependencies",
      { dependencies: { a: ["b"], c: { required: ["d"] } } },
      [
        { a: 1, b: 1 },
        { c: 1, d: 1 },
      ],
      [{ a: 1 }, { c: 1 }],
    ],
    ["required as true beside a property", { properties: { a: { type: "string", required: true } } }, [{ a: "b" }], [{ a: 1 }]],
    [
      "a reference by $id and by anchor",
      { anyOf: [{ $ref: "item" }, { $ref: "#flag" }], $defs: { a: { $id: "item", const: 1 }, b: { $anchor: "flag", type: "boolean" } } },
      [1, true],
      [2],
    ],
    ["keywords nobody knows", { type: "string", "x-order": 3, nullable: true, examples: [1], format: "color" }, ["a"], [1]],
    [
      "keys beyond the given ones named by a pattern",
      { patternProperties: { "^x-": { type: "number" } }, additionalProperties: false },
      [{ "x-a": 1 }],
      [{ "x-a": "b" }, { b: 1 }],
    ],
    ["keys judged across parts", { allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, [{ a: 1 }], [{ b: 1 }]],
  ])("%s", (_, schema, fitting, others) => {
    const compiled = compileSchema(schema, "schema");
    expect(fitting.filter((value) => compiled.fault(value) !== null)).toEqual([]);
    expect(others.filter((value) => compiled.fault(value) === null)).toEqual([]);
  });

  test("the client's own object is left as it was", () => {
    const schema = Object.freeze({ type: "object", properties: Object.freeze({ a: Object.freeze({ $ref: "#" }) }) });
    expect(faultOf(schema, { a: { a: 1 } })).toBe('"a.a" must be an object, not a number');
    expect(JSON.stringify(schema)).toBe('{"type":"object","properties":{"a":{"$ref":"#"}}}');
  });
});

describe("what is no schema is refused with its place", () => {
  const FIELD = "response_format.json_schema.schema";
  test.each<[unknown, string]>([
    [{ type: "banana" }, '.type is not a type of JSON: "banana"'],
    [{ type: [] }, ".type is not a type of JSON: []"],
    [{ properties: [] }, ".properties is not an object"],
    [{ properties: { a: 3 } }, ".properties.a is neither an object nor true or false"],
    [{ required: "a" }, ".required is not a list of names"],
    [{ enum: [] }, ".enum is not a list with something in it"],
    [{ anyOf: {} }, ".anyOf is not a list with something in it"],
    [{ minimum: "0" }, ".minimum is not a number"],
    [{ minLength: -1 }, ".minLength is not a whole number from 0 on"],
    [{ multipleOf: 0 }, ".multipleOf is not a number above 0"],
    [{ pattern: 3 }, ".pattern is not a string"],
    [{ properties: { a: { $ref: "#/$defs/none" } } }, '.properties.a.$ref leads nowhere in this schema: "#/$defs/none"'],
    [{ $ref: "https://example.com/schema" }, '.$ref leads nowhere in this schema: "https://example.com/schema"'],
    [{ $ref: "#/%" }, '.$ref leads nowhere in this schema: "#/%"'],
    [{ $ref: 3 }, ".$ref leads nowhere in this schema: 3"],
    [{ $ref: "#" }, " refers to itself in a circle that no value can leave"],
    [{ anyOf: [{ type: "null" }, { not: { $ref: "#" } }] }, " refers to itself in a circle that no value can leave"],
    [{ properties: { "\ud800": {} } }, ".properties has a key that is not Unicode text"],
  ])("%j", (schema, fault) => {
    expect(refusal(schema)).toEqual({
      code: "invalid_request",
      message: `${FIELD}${fault}. Send a valid JSON Schema.`,
      details: { field: FIELD, fault: "schema" },
    });
  });

  test("a schema beyond the bounds", () => {
    const deep = Array.from({ length: 5000 }).reduce<Schema>((inner) => ({ not: inner }), {});
    expect(refusal(deep)).toMatchObject({ code: "invalid_request", message: expect.stringContaining("goes deeper than 200 levels") });
    expect(refusal({ enum: Array(30_000).fill(1) })).toMatchObject({ message: expect.stringContaining("may have 20000 parts") });
  });
});

describe("hostile schemas and values end in a fault, not in a standstill", () => {
  test("references that double at each step", () => {
    const defs = Array.from({ length: 40 }, (_, i) => [`d${i}`, { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] }]);
    const schema = { $ref: "#/$defs/d0", $defs: { ...Object.fromEntries(defs), d40: { type: "object" } } };
    expect(faultOf(schema, {})).toBe("it takes too long to check");
  });

  test("alternatives that double at each step, all of which fail", () => {
    const parts: Record<string, unknown> = { part0: { required: ["a"] } };
    for (let i = 1; i <= 14; i++) parts[`part${i}`] = { anyOf: [{ $ref: `#/$defs/part${i - 1}` }, { $ref: `#/$defs/part${i - 1}` }] };
    expect(faultOf({ $ref: "#/$defs/part14", $defs: parts }, {})).toBe('the key "a" is missing');
  });

  test("alternatives that double at each level of the value", () => {
    const schema = { properties: { a: { anyOf: [{ $ref: "#" }, { $ref: "#" }] } } };
    const value = Array.from({ length: 60 }).reduce<unknown>((inner) => ({ a: inner }), 1);
    expect(faultOf(schema, value)).toBe("it takes too long to check");
  });

  test("many alternatives for many items", () => {
    const schema = { items: { anyOf: Array.from({ length: 5000 }, (_, i) => ({ const: i })) } };
    expect(faultOf(schema, Array(30_000).fill(1))).toBe("it takes too long to check");
  });

  test("patterns that could take for ever are passed over, others are not", () => {
    const text = `${"a".repeat(60_000)}!`;
    for (const pattern of ["^(a+)+$", "^(a|a)*$", "(.*)\\1x", "a*a*a*a*a*$", "(?:a?){40}b"]) expect(faultOf({ pattern }, text)).toBeNull();
    expect(faultOf({ pattern: "^a+$" }, text)).toBe("it must match ^a+$");
    expect(faultOf({ pattern: "(?P<python>a)" }, "b")).toBeNull();
    expect(faultOf({ patternProperties: { "^(a+)+$": {} }, additionalProperties: false }, { [text.slice(0, 50)]: 1 })).toBeNull();
  });

  test("a slow pattern for many texts is checked for as many as can be", () => {
    const schema = { items: { allOf: Array.from({ length: 100 }, (_, i) => ({ pattern: `^a*a*(?:${i})?$` })) } };
    expect(faultOf(schema, Array(60).fill("a".repeat(380)))).toBe("it takes too long to check");
    expect(faultOf({ items: { pattern: "^[^@]+@[^@]+[.][a-z]+$" } }, Array(1000).fill("someone@example.org"))).toBeNull();
  });

  test("all items different is checked as long as comparing them ends soon", () => {
    const schema = { allOf: Array.from({ length: 700 }, () => ({ uniqueItems: true })) };
    expect(faultOf({ uniqueItems: true }, [...Array(256).keys()])).toBeNull();
    expect(faultOf({ uniqueItems: true }, [...Array(257).keys()])).toBe("it must have at most 256 items");
    expect(faultOf(schema, [...Array(250).keys()])).toBe("it takes too long to check");
  });

  test("values that no schema can allow", () => {
    const deep = Array.from({ length: 5000 }).reduce<unknown>((inner) => [inner], 1);
    expect([deep, { ["k".repeat(2000)]: 1 }, { "\ud800": 1 }, { a: [Infinity] }].map((value) => faultOf({}, value))).toEqual([
      "it goes deeper than 64 levels",
      "a key is longer than 512 characters",
      "a key is not Unicode text",
      '"a[0]" is too large a number',
    ]);
  });

  test("a constant without a prototype is shown like any other", () => {
    expect(faultOf({ const: [Object.create(null)] }, 0)).toBe("it must be [{}]");
  });

  test("keys that JavaScript's own objects have are keys like others", () => {
    const schema = JSON.parse(
      '{"properties":{"__proto__":{"type":"string"}},"required":["constructor"],"additionalProperties":false}',
    ) as Schema;
    const values = ['{"__proto__":"a"}', '{"__proto__":1,"constructor":1}', '{"toString":1,"constructor":1}'].map(
      (text) => JSON.parse(text) as unknown,
    );
    expect(values.map((value) => faultOf(schema, value))).toEqual([
      'the key "constructor" is missing',
      '"__proto__" must be text, not a number',
      'the key "toString" is not allowed',
    ]);
  });

  test("any JSON at all is a schema or refused, and judges any value", () => {
    const keyword = fc.constantFrom(
      "type",
      "properties",
      "items",
      "anyOf",
      "allOf",
      "not",
      "enum",
      "const",
      "required",
      "$ref",
      "pattern",
      "minimum",
      "uniqueItems",
      "if",
      "then",
      "$defs",
      "a",
    );
    const { schema } = fc.letrec<{ schema: unknown }>((tie) => ({
      schema: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom<unknown>(true, false, "string", "object", "array", 1, null, "#", "#/$defs/a", ["a"], "^(a+)+$"),
        fc.array(tie("schema"), { maxLength: 3 }),
        fc.dictionary(keyword, tie("schema"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keyword, schema, { maxKeys: 4 }), fc.jsonValue(), (raw, value) => {
        try {
          const fault = faultOf(raw, value);
          expect(fault === null || (fault.length > 0 && fault.length < 1000)).toBe(true);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
