/**
 * Checks a value against a client's JSON Schema. The checking is `@cfworker/json-schema`'s, which reads a schema as data and makes no
 * code of it; what it is given is not the client's object but our reading of it (`parse-schema.ts`), and it works within a bound.
 *
 * What is not checked: `format` beyond the common ones, and patterns that could take too long or are no JavaScript.
 */
import { type Schema, validate } from "@cfworker/json-schema";
import type { ResponseFormat } from "../../core/generation.ts";
import { JSON_DEPTH_MAX, KEY_LENGTH_MAX } from "./json-limits.ts";
import { parseSchema } from "./parse-schema.ts";
import { type Place, describeFault, subject } from "./schema-fault.ts";
import type { SchemaNode } from "./schema-node.ts";

/**
 * Schemas applied in one check, slow ones counted several times. An ordinary answer takes a few thousand; this many take some seconds at
 * worst.
 */
const STEPS_MAX = 250_000;
const TOO_MUCH = "it takes too long to check";

/** A schema ready to check values with. */
export interface JsonSchema {
  /**
   * Null when the value fits, else one plain sentence fragment that names the place and what is wrong there, e.g. `"age" must be a number,
   * not text`.
   * @param value As JSON.parse gives it.
   */
  fault(value: unknown): string | null;
  /** For following a value while it is being written (`schema-cursor.ts`). */
  readonly root: SchemaNode;
  /** `fault` for a part of the value, by nodes of this schema, all of which it must fit. The steps of all calls come out of one bound. */
  partChecker(): (value: unknown, nodes: readonly SchemaNode[], place: Place) => string | null;
}

class StepsSpent extends Error {}

/** A request's schema is asked for at admission, for the prompt and again for every try: it is read once. */
const compiled = new WeakMap<object, JsonSchema>();

/**
 * @param field The request's field that holds the schema, e.g. `response_format.json_schema.schema`.
 * @throws AppError invalid_request when it is no JSON Schema or goes beyond the bounds. Unknown keywords are passed over.
 */
export function compileSchema(schema: Readonly<Record<string, unknown>> | boolean, field: string): JsonSchema {
  if (typeof schema === "boolean") return compile(schema, field);
  let known = compiled.get(schema);
  if (known === undefined) compiled.set(schema, (known = compile(schema, field)));
  return known;
}

/** The schema of an answer's form. @throws AppError invalid_request, naming the field where the client put it. */
export function compileFormat({ schema, field = "response_format" }: Extract<ResponseFormat, { kind: "json_schema" }>): JsonSchema {
  return compileSchema(schema, field);
}

function compile(schema: Readonly<Record<string, unknown>> | boolean, field: string): JsonSchema {
  let stepsLeft = Infinity;
  const root = parseSchema(schema, field, (steps) => {
    stepsLeft -= steps;
    if (stepsLeft < 0) throw new StepsSpent();
  });
  const check = (value: unknown, node: SchemaNode, place: Place): string | null => {
    const { valid, errors } = validate(value, node as Schema | boolean, "2020-12", {}, true);
    return valid ? null : describeFault(errors, node, value, place);
  };
  return {
    root,
    fault: (value) => {
      const excess = excessOf(value);
      if (excess !== null) return excess;
      stepsLeft = STEPS_MAX;
      try {
        return check(value, root, []);
      } catch (thrown) {
        // A RangeError is the stack's: a schema of many layers on a value of many levels.
        if (thrown instanceof StepsSpent || thrown instanceof RangeError) return TOO_MUCH;
        throw thrown;
      } finally {
        stepsLeft = Infinity;
      }
    },
    partChecker: () => {
      let partsLeft = STEPS_MAX;
      return (value, nodes, place) => {
        stepsLeft = partsLeft;
        try {
          for (const node of nodes) {
            const fault = check(value, node, place);
            if (fault !== null) return fault;
          }
          return null;
        } catch (thrown) {
          // The whole value is judged in the end; until then it has the benefit of the doubt.
          if (thrown instanceof StepsSpent || thrown instanceof RangeError) return null;
          throw thrown;
        } finally {
          partsLeft = stepsLeft;
          stepsLeft = Infinity;
        }
      };
    },
  };
}

/** What no schema can allow: a value too deep, keys too long or not Unicode, numbers that JSON cannot write again. */
function excessOf(value: unknown, place: Place = []): string | null {
  if (typeof value === "number" && !Number.isFinite(value)) return `${subject(place)} is too large a number`;
  if (typeof value !== "object" || value === null) return null;
  if (place.length >= JSON_DEPTH_MAX) return `it goes deeper than ${JSON_DEPTH_MAX} levels`;
  const isList = Array.isArray(value);
  for (const [key, member] of Object.entries(value)) {
    if (key.length > KEY_LENGTH_MAX) return `a key is longer than ${KEY_LENGTH_MAX} characters`;
    if (!key.isWellFormed()) return "a key is not Unicode text";
    const fault = excessOf(member, [...place, isList ? Number(key) : key]);
    if (fault !== null) return fault;
  }
  return null;
}
