/** JSON values that mostly fit a schema: what clients send, and what nobody should. */
import type { TSchema } from "@sinclair/typebox";
import * as fc from "fast-check";

/** How often, in a hundred, a value is one of any kind in place of one that fits. */
const WRONG_PERCENT = 2;
/** How often an optional field is there. Most requests hold few of the many. */
const PRESENT_PERCENT = 12;
/** Texts that have hurt programs before: nothing, a lone surrogate, a NUL, names that objects have by themselves. */
const AWKWARD = ["", " ", "\ud800", "\u0000", "__proto__", "constructor", "a\u2028b", "😀".repeat(20), "<|im_end|>", "/no_think"];

function rarely<T>(percent: number, rare: fc.Arbitrary<T>, common: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: percent, arbitrary: rare }, { weight: 100 - percent, arbitrary: common });
}

/** The words that a description names in backticks: values with a meaning of their own. */
function wordsIn(schema: TSchema): string[] {
  return [...(schema.description ?? "").matchAll(/`([^`]+)`/g)].flatMap(([, word]) => (word === undefined ? [] : [word]));
}

function texts(words: readonly string[]): fc.Arbitrary<unknown> {
  const any = fc.oneof(fc.constantFrom(...AWKWARD), fc.constantFrom("f", "g"), fc.string({ unit: "grapheme", maxLength: 12 }));
  return words.length === 0 ? any : rarely(20, any, fc.constantFrom(...words));
}

function numbers(schema: TSchema): fc.Arbitrary<unknown> {
  const least = (schema["minimum"] as number | undefined) ?? -1e9;
  const most = (schema["maximum"] as number | undefined) ?? 1e9;
  const inRange = schema["type"] === "integer" ? fc.integer({ min: least, max: most }) : fc.double({ min: least, max: most, noNaN: true });
  return rarely(5, fc.constantFrom(least - 1, most + 1, 0.5, -0, 1e300), fc.oneof(fc.constantFrom(least, most), inRange));
}

function objects(schema: TSchema): fc.Arbitrary<unknown> {
  const required = new Set(schema["required"] as readonly string[] | undefined);
  const fields = Object.entries(schema["properties"] as Readonly<Record<string, TSchema>>).map(([name, field]) => {
    const value = schemaValues(field);
    const present = fc.option(
      value.map((inner) => ({ [name]: inner })),
      { nil: {} },
    );
    const kept = required.has(name)
      ? rarely(
          WRONG_PERCENT,
          fc.constant({}),
          value.map((inner) => ({ [name]: inner })),
        )
      : rarely(PRESENT_PERCENT, present, fc.constant({}));
    return kept;
  });
  const unknown = rarely(5, fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 2 }) as fc.Arbitrary<object>, fc.constant({}));
  return fc.tuple(unknown, ...fields).map((parts) => Object.assign({}, ...parts) as unknown);
}

function fitting(schema: TSchema, words: readonly string[]): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema["const"]);
  const options = schema["anyOf"] as readonly TSchema[] | undefined;
  // What a union says of its words holds for its texts.
  if (options !== undefined) return fc.oneof(...options.map((option) => schemaValues(option, words)));
  if (schema["properties"] !== undefined) return objects(schema);
  if (schema["items"] !== undefined) return fc.array(schemaValues(schema["items"] as TSchema), { maxLength: 3 });
  switch (schema["type"]) {
    case "string":
      return texts(words);
    case "integer":
    case "number":
      return numbers(schema);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "object":
      return fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 });
    default:
      return fc.jsonValue();
  }
}

/** Values for a TypeBox schema. `words`: texts that its surroundings name. */
export function schemaValues(schema: TSchema, words: readonly string[] = []): fc.Arbitrary<unknown> {
  return rarely(WRONG_PERCENT, fc.jsonValue() as fc.Arbitrary<unknown>, fitting(schema, [...words, ...wordsIn(schema)]));
}
