/** What is wrong with a request body, in words a person can act on: from errors of schemas and of Elysia to AppError. */
import type { TSchema } from "@sinclair/typebox";
import type { ValueError } from "@sinclair/typebox/errors";
import { ParseError, ValidationError } from "elysia";
import { AppError } from "../core/errors.ts";

/** `/messages/0/role` as `messages[0].role`; "" for the body itself. */
export function fieldOfPointer(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === "" ? part : `${path}.${part}`), "");
}

function alternatives(schema: TSchema): readonly TSchema[] {
  return (schema["anyOf"] as readonly TSchema[] | undefined) ?? [];
}

/**
 * Follows a failed union into the alternative that got furthest. "Expected union value" says nothing, and every optional field is a
 * union with null.
 */
function innermost(error: ValueError): ValueError {
  const reached = alternatives(error.schema)
    .map((schema, index) => ({ schema, fault: error.errors[index]?.First() }))
    .filter((entry): entry is { schema: TSchema; fault: ValueError } => entry.fault !== undefined && entry.schema["type"] !== "null");
  const [first, ...others] = reached;
  if (first === undefined || reached.every(({ schema }) => "const" in schema)) return error;
  const best = others.reduce((deepest, entry) => (entry.fault.path.length > deepest.fault.path.length ? entry : deepest), first);
  if (others.length > 0 && best.fault.path.length <= error.path.length) return error;
  return innermost(best.fault);
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a string",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "an array",
  object: "an object",
};

function bounds(schema: TSchema): string {
  const { minimum, maximum, minItems, maxItems, minLength } = schema as Readonly<Record<string, number | undefined>>;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  if (maximum !== undefined) return ` of at most ${maximum}`;
  if (maxItems !== undefined) return ` with ${minItems === undefined ? "at most" : `${minItems} to`} ${maxItems} items`;
  if (minItems !== undefined) return ` with at least ${minItems} item${minItems === 1 ? "" : "s"}`;
  return minLength === undefined ? "" : " that is not empty";
}

/** What a schema takes, as a phrase: `a number from 0 to 2`. */
export function expectationOf(schema: TSchema): string {
  const options = alternatives(schema).filter((option) => option["type"] !== "null");
  if (options.length > 0) {
    const words = options.map((option) => ("const" in option ? `"${String(option["const"])}"` : expectationOf(option)));
    const last = words.pop() ?? "";
    return words.length === 0 ? last : `${words.join(", ")} or ${last}`;
  }
  return `${KINDS[String(schema["type"])] ?? "any value"}${bounds(schema)}`;
}

/** Whether a value is of the schema's JSON type, so that only its range can be wrong. */
function hasType(schema: TSchema, value: unknown): boolean {
  const type = String(schema["type"]);
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  return typeof value === type && value !== null && !Array.isArray(value);
}

/** The AppError for what is not as its schema says. */
export function schemaFault(error: ValueError): AppError {
  const fault = innermost(error);
  const field = fieldOfPointer(fault.path);
  const expected = expectationOf(fault.schema);
  if (field === "") return new AppError("invalid_request", `The request body must be ${expected}.`, { details: { fault: "type" } });
  if (fault.value === undefined) {
    return new AppError("invalid_request", `The field "${field}" is missing: it must be ${expected}.`, {
      details: { field, fault: "missing" },
    });
  }
  const words = alternatives(fault.schema).filter((option) => option["type"] !== "null");
  const wrongValue =
    words.length > 0
      ? words.every((option) => "const" in option) || words.some((option) => hasType(option, fault.value))
      : hasType(fault.schema, fault.value);
  return new AppError("invalid_request", `The field "${field}" must be ${expected}.`, {
    details: { field, fault: wrongValue ? "value" : "type" },
  });
}

/** Anything thrown while a request was parsed, validated or routed, as an AppError. */
export function requestFault(code: string | number, error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof ParseError && error.cause instanceof AppError) return error.cause;
  if (error instanceof ValidationError && error.type !== "response") {
    const first: ValueError | undefined = error.valueError;
    return first === undefined ? new AppError("invalid_request", "The request is not valid.") : schemaFault(first);
  }
  if (code === "NOT_FOUND") return new AppError("not_found", "There is nothing at this path. GET /swagger lists what there is.");
  return AppError.from(error);
}
