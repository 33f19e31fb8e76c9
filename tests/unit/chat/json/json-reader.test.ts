import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type JsonProgress, createJsonReader } from "../../../../src/chat/json/json-reader.ts";
import { compileSchema } from "../../../../src/chat/json/json-schema.ts";
import { schemaWithValue } from "./schema-arbitrary.ts";

type Schema = Readonly<Record<string, unknown>> | boolean;

interface Wanted {
  readonly schema?: Schema;
  readonly objectOnly?: boolean;
}

function readerFor({ schema, objectOnly = false }: Wanted) {
  return createJsonReader({ schema: schema === undefined ? null : compileSchema(schema, "schema"), objectOnly });
}

/** The answer character by character: how much of it was read before it was decided, and what was decided. */
function read(answer: string, wanted: Wanted = {}): { readonly used: string; readonly progress: JsonProgress } {
  const reader = readerFor(wanted);
  for (let at = 0; at < answer.length; at++) {
    const progress = reader.push(answer.charAt(at));
    if (progress.state !== "open") return { used: answer.slice(0, at + 1), progress };
  }
  return { used: answer, progress: reader.end() };
}

const complete = (text: string): JsonProgress => ({ state: "complete", text, value: JSON.parse(text) as unknown });
const impossible = (fault: string): JsonProgress => ({ state: "impossible", fault });

describe("a value is complete with its last character", () => {
  test.each<[string, string, Wanted]>([
    ['{"a":1}', " and more", { objectOnly: true }],
    ['{"a":[{"b":"}"},"\\"]"],"c":{}}', "\n```", { objectOnly: true }],
    ['[1,-2.5e+3 , "x",true,null,{ }]', "]", {}],
    ['"te\\u00e9xt\\n"', '"', {}],
    ["true", "r", {}],
    ["null", "", { schema: { type: "null" } }],
    ['{"\u{1f600}":"\u{1f600}"}', "}", { objectOnly: true }],
  ])("%s before %j", (value, rest, wanted) => {
    expect(read(value + rest, wanted)).toEqual({ used: value, progress: complete(value) });
  });

  test("a number by itself is complete with what follows it, or with the answer", () => {
    expect(read("-12.5e3 apples")).toEqual({ used: "-12.5e3 ", progress: complete("-12.5e3") });
    expect(read("0\n")).toEqual({ used: "0\n", progress: complete("0") });
    expect(read("42", { schema: { type: "integer" } })).toEqual({ used: "42", progress: complete("42") });
    expect(read("42,", { schema: { maximum: 41 } }).progress).toEqual(impossible("it must be 41 or less"));
  });

  test("it stays as it is, whatever comes later", () => {
    const reader = readerFor({ objectOnly: true });
    expect([reader.push("{"), reader.push("}x"), reader.push("{"), reader.end()]).toEqual([
      { state: "open" },
      complete("{}"),
      complete("{}"),
      complete("{}"),
    ]);
  });
});

describe("what stands in front of the value is passed over", () => {
  test.each<[string, Wanted]>([
    [" \r\n\t", {}],
    ["\ufeff", {}],
    ["```json\n", { objectOnly: true }],
    ["```json\n", {}],
    ["```", { objectOnly: true }],
    ["Here is what you asked for:\n\n", { objectOnly: true }],
    ["Here you are:\n```json\n", { schema: { type: "object" } }],
    ["x".repeat(400), { objectOnly: true }],
  ])("%j", (before, wanted) => {
    expect(read(`${before}{"a":1} etc.`, wanted)).toEqual({ used: `${before}{"a":1}`, progress: complete('{"a":1}') });
  });

  test("a fence, but no words, stands in front of what may be no array or object", () => {
    expect(read("```json\n42\n```", { schema: { type: "integer" } }).progress).toEqual(complete("42"));
    expect(read('```\n"a"', { schema: { enum: ["a", "b"] } }).progress).toEqual(complete('"a"'));
    expect(read("My answer is 42", { schema: { type: "integer" } })).toEqual({ used: "M", progress: impossible("it is not JSON") });
  });

  test("too many words are not", () => {
    expect(read(`${"x".repeat(401)}{}`, { objectOnly: true })).toEqual({
      used: "x".repeat(401),
      progress: impossible("there is text around the object"),
    });
    expect(read(`${"x".repeat(401)}[]`).progress).toEqual(impossible("it is not JSON"));
    expect(read("`".repeat(500)).progress).toEqual(impossible("it is not JSON"));
  });
});

test.each([
  ['{"poem":"Roses\r\n\tare\u0000 red\b"}', '{"poem":"Roses\\r\\n\\tare\\u0000 red\\b"}'],
  ['{\n\t"a\nb":\n"\\n\n"\n}', '{\n\t"a\\nb":\n"\\n\\n"\n}'],
  ['"\n"', '"\\n"'],
])("a control character in a string is spelled as JSON wants it, and others stay: %j", (answer, text) => {
  expect(read(answer)).toEqual({ used: answer, progress: complete(text) });
});

test("a key that stands twice is known as such however it is spelled", () => {
  expect(read('{"a\n":1,"a\\n"').progress).toEqual(impossible('the key "a\n" stands twice'));
});

describe("what can no longer become JSON is known at the first wrong character", () => {
  test.each([
    ["{,", "it is not JSON"],
    ["{a", "it is not JSON"],
    ["{'", "it is not JSON"],
    ['{"a"}', "it is not JSON"],
    ['{"a":}', "it is not JSON"],
    ['{"a":1,}', "it is not JSON"],
    ['{"a":1]', "it is not JSON"],
    ['{"a":1 "', "it is not JSON"],
    ['{"a":"\\\n', "it is not JSON"],
    ['{"a":"\\x', "it is not JSON"],
    ['{"a":"\\u12g', "it is not JSON"],
    ['{"a":01', "it is not JSON"],
    ['{"a":1.}', "it is not JSON"],
    ['{"a":-}', "it is not JSON"],
    ['{"a":+', "it is not JSON"],
    ['{"a":.', "it is not JSON"],
    ['{"a":1e}', "it is not JSON"],
    ['{"a":12a', "it is not JSON"],
    ['{"a":N', "it is not JSON"],
    ['{"a":tx', "it is not JSON"],
    ['{"a":[1,]', "it is not JSON"],
    ["{/", "it is not JSON"],
    ['{"a":1,"a"', 'the key "a" stands twice'],
    ['{"b":{"a":1,"\\u0061"', 'the key "a" stands twice in "b"'],
    [`{"a":${"[".repeat(64)}`, "it goes deeper than 64 levels"],
    [`{"a":0.${"3".repeat(399)}`, "a number has too many digits"],
    ["[", "it must be an object, not an array"],
  ])("%j", (answer, fault) => {
    expect(read(`${answer}}}}`, { objectOnly: true })).toEqual({ used: answer, progress: impossible(fault) });
  });
});

describe("what ends too early says so", () => {
  test.each<[string, string, Wanted]>([
    ["", "it is not JSON", { objectOnly: true }],
    ["Sure, I can do that!", "it is not JSON", { objectOnly: true }],
    ["```json\n", "it is not JSON", {}],
    ['{"a":1', "the object does not end", { objectOnly: true }],
    ['{"a":"b', "the object does not end", { objectOnly: true }],
    ["[{}", "the array does not end", {}],
    ['"a', "the text does not end", {}],
    ["tru", "it is not JSON", {}],
    ["-", "it is not JSON", {}],
  ])("%j: %s", (answer, fault, wanted) => {
    const reader = readerFor(wanted);
    expect([reader.push(answer), reader.end(), reader.end()]).toEqual([{ state: "open" }, impossible(fault), impossible(fault)]);
  });
});

describe("what can no longer fit the schema is known as early as it shows", () => {
  const schema = {
    type: "object",
    properties: {
      name: { type: "string" },
      age: { type: "integer", minimum: 0 },
      color: { enum: ["red", "green"] },
      tags: { type: "array", items: { type: "string" }, minItems: 1, maxItems: 2 },
      point: { type: "array", prefixItems: [{ type: "number" }, { type: "number" }], items: false },
      child: { anyOf: [{ $ref: "#" }, { type: "null" }] },
      either: {
        oneOf: [
          { type: "object", required: ["a"] },
          { type: "object", required: ["b"] },
        ],
      },
      all: { allOf: [{ required: ["a"] }, { properties: { a: { type: "boolean" } } }] },
    },
    patternProperties: { "^x-": { type: "number" } },
    additionalProperties: false,
    required: ["name"],
  };
  test.each([
    ["[", "it must be an object, not an array"],
    ["{}", 'the key "name" is missing'],
    ['{"foo"', 'the key "foo" is not allowed'],
    ['{"name":1', '"name" must be text, not a number'],
    ['{"name":n', '"name" must be text, not null'],
    ['{"age":"', '"age" must be a whole number, not text'],
    ['{"age":1.5,', '"age" must be a whole number'],
    ['{"age":-1}', '"age" must be 0 or more'],
    ['{"color":"blue"', '"color" must be one of "red", "green"'],
    ['{"color":{', '"color" must be text, not an object'],
    ['{"tags":[]', '"tags" must have at least 1 item'],
    ['{"tags":["a",1', '"tags[1]" must be text, not a number'],
    ['{"tags":["a","b","', '"tags" must have at most 2 items'],
    ['{"point":[1,2,3', '"point" has more items than allowed'],
    ['{"x-a":"', '"x-a" must be a number, not text'],
    ['{"child":{"child":{"age":n', '"child.child.age" must be a whole number, not null'],
    ['{"child":{}', 'the key "name" is missing in "child"'],
    ['{"child":t', '"child" must be an object or null, not true or false'],
    ['{"all":{}', 'the key "a" is missing in "all"'],
    ['{"all":{"a":1', '"all.a" must be true or false, not a number'],
    ['{"either":1', '"either" must be an object, not a number'],
    ['{"name":"a","either":{"c":1}}', 'the key "a" is missing in "either"'],
  ])("%j: %s", (answer, fault) => {
    expect(read(`${answer} `, { schema })).toEqual({ used: answer, progress: impossible(fault) });
  });

  test("no value at all fits the schema false, nor a key whose name it does not allow", () => {
    expect(read("{", { schema: false }).progress).toEqual(impossible("no value fits the schema"));
    expect(read('{"ab"', { schema: { propertyNames: { maxLength: 1 } } }).progress).toEqual(impossible('the key "ab" is not allowed'));
  });

  test("what only the whole value shows is judged with its last character", () => {
    const answer = '{"a":[1,1]}';
    expect(read(answer, { schema: { properties: { a: { uniqueItems: true } } } })).toEqual({
      used: answer,
      progress: impossible('"a" must not hold the same item twice'),
    });
  });

  test("a schema that takes too long to follow is followed no further, and judged in the end", () => {
    const part = { anyOf: Array.from({ length: 2000 }, (_, i) => ({ const: i })) };
    const answer = `[${Array(500).fill(1999).join(",")}]`;
    expect(read(answer, { schema: { items: part } })).toEqual({ used: answer, progress: impossible("it takes too long to check") });
  });
});

describe("for any schema and any value that fits it", () => {
  const space = fc.constantFrom(0, 1, "\t");

  test("no beginning is called impossible, and the whole is complete and fits", () => {
    fc.assert(
      fc.property(schemaWithValue, space, ({ schema, value }, indent) => {
        const compiled = compileSchema(schema, "schema");
        expect(compiled.fault(value)).toBeNull();
        const answer = JSON.stringify(value, null, indent);
        const reader = createJsonReader({ schema: compiled, objectOnly: false });
        for (const character of answer.slice(0, -1)) expect(reader.push(character)).toEqual({ state: "open" });
        reader.push(answer.slice(-1));
        expect(reader.end()).toEqual(complete(answer));
      }),
      { numRuns: 1500 },
    );
  });
});

describe("for any text", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        '"a":',
        "\\u00e9",
        "\\",
        "1",
        "-",
        ".5",
        "e3",
        "true",
        "null",
        " ",
        "```json\n",
        "words ",
        "\n",
        '"\t\u0001',
      ),
      fc.json({ maxDepth: 3 }),
      fc.string(),
    ),
    { maxLength: 8 },
  );

  test("it does not matter how it is cut", () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(), { maxLength: 5 }), fc.boolean(), schemaWithValue, (parts, cuts, objectOnly, { schema }) => {
        const answer = parts.join("");
        const borders = [0, ...cuts.map((cut) => cut % (answer.length + 1)).sort((a, b) => a - b), answer.length];
        const reader = readerFor({ objectOnly, schema });
        for (let i = 1; i < borders.length; i++) reader.push(answer.slice(borders[i - 1], borders[i]));
        expect(reader.end()).toEqual(read(answer, { objectOnly, schema }).progress);
      }),
      { numRuns: 1500 },
    );
  });

  test("without a schema, exactly what JSON.parse takes is complete, but for keys that stand twice", () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const answer = parts.join("");
        const { progress } = read(answer);
        if (progress.state === "complete") expect(progress.value).toEqual(JSON.parse(progress.text));
        if (isJson(answer))
          expect(progress.state === "complete" || /stands twice/.test(progress.state === "open" ? "" : progress.fault)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  test("what is complete or impossible agrees with the check of the whole", () => {
    // A text by itself could be taken for words in front of the object that it quotes.
    const part = fc.jsonValue({ maxDepth: 2 });
    const whole = fc.oneof(fc.array(part), fc.dictionary(fc.oneof(fc.constantFrom("a", "b", "name", "x-1"), fc.string()), part));
    fc.assert(
      fc.property(schemaWithValue, whole, ({ schema }, value) => {
        const compiled = compileSchema(schema, "schema");
        const { progress } = read(JSON.stringify(value), { schema });
        expect(progress.state).toBe(compiled.fault(JSON.parse(JSON.stringify(value))) === null ? "complete" : "impossible");
      }),
      { numRuns: 1500 },
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
