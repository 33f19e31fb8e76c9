/** Reading JSON of unknown shape: a tokenizer.json is anybody's file. */
import { AppError } from "../core/errors.ts";

/** An object whose values nobody has looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object; an empty one where it is something else. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** Whether a value is an object, and neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as an array; an empty one where it is something else. */
export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The value where it is a string. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The refusal of a tokenizer.json. `fault` continues "The model's tokenizer.json". */
export function invalidJson(fault: string): AppError {
  return new AppError("model_file_invalid", `The model's tokenizer.json ${fault}. Take the file from the model's original repository.`);
}
