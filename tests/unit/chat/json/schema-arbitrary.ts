/** Schemas together with a value that fits each, for tests that hold for any. */
import * as fc from "fast-check";

/** A schema and a value that fits it. */
export interface SchemaWithValue {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

const key = fc.oneof(
  fc.constantFrom("a", "b", "name", "x-1", "__proto__", "a/b~c", "é\u{1f600}", ""),
  fc.string({ maxLength: 4, unit: "grapheme" }),
);

const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e308 }).map((value) => (Object.is(value, -0) ? 0 : value)),
);

const scalar: fc.Arbitrary<SchemaWithValue> = fc.oneof(
  fc.string().map((value) => ({ schema: { type: "string", minLength: Math.min(1, value.length), maxLength: value.length + 1 }, value })),
  number.map((value) => ({
    schema: { type: "number", minimum: value, exclusiveMaximum: value + Math.max(1, Math.abs(value) / 1e3) },
    value,
  })),
  fc.maxSafeInteger().map((value) => ({ schema: { type: ["integer", "null"], minimum: -9007199254740991 }, value })),
  fc.boolean().map((value) => ({ schema: { type: "boolean" }, value })),
  fc.constant({ schema: { type: ["string", "null"] }, value: null }),
  fc
    .tuple(fc.oneof(fc.string(), fc.boolean(), fc.maxSafeInteger(), fc.constant(null)), fc.string())
    .map(([value, other]) => ({ schema: { enum: [other, value] }, value })),
  fc.jsonValue({ maxDepth: 2 }).map((value) => {
    const plain = JSON.parse(JSON.stringify(value)) as unknown;
    return { schema: { const: plain }, value: plain };
  }),
  fc.constantFrom("x", "xyz").map((value) => ({ schema: { type: "string", pattern: "^x[a-z]*$" }, value })),
);

/** An object of these members, also where a key is `__proto__`. */
function objectOf(entries: readonly (readonly [string, unknown])[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries);
}

const any: { readonly part: fc.Arbitrary<SchemaWithValue> } = fc.letrec<{ part: SchemaWithValue }>((tie) => {
  const part = tie("part");
  const object = fc
    .record({
      members: fc.uniqueArray(fc.tuple(key, part), { selector: ([name]) => name, maxLength: 4 }),
      required: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
      rest: fc.constantFrom<unknown>(false, true, {}, undefined),
      named: fc.boolean(),
    })
    .map(({ members, required, rest, named }): SchemaWithValue => {
      const names = [...new Set(required.flatMap((at) => members[at]?.[0] ?? []))];
      const properties = objectOf(members.map(([name, { schema }]) => [name, schema]));
      return {
        schema: {
          type: "object",
          properties,
          required: names,
          ...(rest === undefined ? {} : { additionalProperties: rest }),
          ...(named ? { propertyNames: { type: "string" }, maxProperties: members.length } : {}),
        },
        value: objectOf(members.map(([name, { value }]) => [name, value])),
      };
    });
  const others = fc.tuple(part, fc.uniqueArray(key, { maxLength: 1 })).map(([{ schema, value }, names]) => ({
    schema: { type: "object", additionalProperties: schema, patternProperties: { "^x-": {} } },
    value: objectOf(names.map((name) => [name, value])),
  }));
  const list = fc.tuple(part, fc.nat({ max: 3 })).map(([{ schema, value }, length]) => ({
    schema: { type: "array", items: schema, maxItems: length, minItems: length },
    value: Array<unknown>(length).fill(value),
  }));
  const tuple = fc.array(part, { maxLength: 3 }).map((parts) => ({
    schema: { prefixItems: parts.map(({ schema }) => schema), items: false },
    value: parts.map(({ value }) => value),
  }));
  const wrapped = fc.tuple(part, part, fc.nat({ max: 5 })).map(([one, other, kind]): SchemaWithValue => {
    const { schema, value } = one;
    const wraps: readonly Readonly<Record<string, unknown>>[] = [
      { anyOf: [other.schema, schema] },
      { anyOf: [schema, { type: "null" }], description: "x" },
      { allOf: [schema, { title: "x" }] },
      { $ref: "#/$defs/one", $defs: { one: schema } },
      { oneOf: [schema, { not: {} }] },
      { if: { not: {} }, else: schema },
    ];
    return { schema: wraps[kind] ?? schema, value };
  });
  return { part: fc.oneof({ depthSize: "small", withCrossShrink: true }, scalar, object, others, list, tuple, wrapped) };
});

/** References lead from the root, so the schema that has them stands there. */
export const schemaWithValue: fc.Arbitrary<SchemaWithValue> = any.part.map(({ schema, value }) => {
  const definitions: unknown[] = [];
  return { schema: { ...(lift(schema, definitions) as SchemaWithValue["schema"]), $defs: definitionsOf(definitions) }, value };
});

function definitionsOf(definitions: readonly unknown[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(definitions.map((definition, i) => [`d${i}`, definition]));
}

/** Moves what `wrapped` puts under `$defs` to the root. */
function lift(schema: unknown, definitions: unknown[]): unknown {
  if (Array.isArray(schema)) return schema.map((part) => lift(part, definitions));
  if (typeof schema !== "object" || schema === null) return schema;
  const { $ref, $defs } = schema as { $ref?: unknown; $defs?: { one: unknown } };
  if ($ref === "#/$defs/one" && $defs !== undefined) {
    definitions.push(lift($defs.one, definitions));
    return { $ref: `#/$defs/d${definitions.length - 1}` };
  }
  return Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, lift(part, definitions)]));
}
