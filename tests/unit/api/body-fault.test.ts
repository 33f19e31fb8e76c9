import { expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { expectationOf, fieldOfPointer, requestFault } from "../../../src/api/body-fault.ts";
import { object, oneOf, optional } from "../../../src/api/schema.ts";
import { AppError } from "../../../src/core/errors.ts";

test.each([
  ["", ""],
  ["/model", "model"],
  ["/messages/0/role", "messages[0].role"],
  ["/prompt/1/2", "prompt[1][2]"],
  ["/options/a~1b~0c", "options.a/b~c"],
])("the pointer %p is the field %p", (pointer, field) => {
  expect(fieldOfPointer(pointer)).toBe(field);
});

test.each([
  [Type.Number({ minimum: 0, maximum: 2 }), "a number from 0 to 2"],
  [Type.Integer({ minimum: 1 }), "a whole number of at least 1"],
  [Type.Integer({ maximum: 9 }), "a whole number of at most 9"],
  [Type.String({ minLength: 1 }), "a string that is not empty"],
  [Type.Array(Type.String(), { minItems: 2 }), "an array with at least 2 items"],
  [optional(Type.Boolean()), "true or false"],
  [oneOf(["a", "b", "c"]), '"a", "b" or "c"'],
  [Type.Union([Type.String(), object({})]), "a string or an object"],
  [Type.Unknown(), "any value"],
])("a schema is put into words", (schema, words) => {
  expect(expectationOf(schema)).toBe(words);
});

test("what is no fault of the request stays what it is", () => {
  const refusal = new AppError("queue_full", "Full.");
  expect(requestFault("UNKNOWN", refusal)).toBe(refusal);
  expect(requestFault("UNKNOWN", new TypeError("x is not a function"))).toMatchObject({ code: "internal" });
  expect(requestFault("NOT_FOUND", new Error("NOT_FOUND"))).toMatchObject({ code: "not_found" });
});
