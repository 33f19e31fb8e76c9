/** What a decoder says to a body that it does not take. */
import { AppError } from "../../src/core/errors.ts";

/** The refusal of a body, as code and field. */
export function refusal(decode: () => unknown): unknown {
  try {
    decode();
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.details.field];
    throw error;
  }
  return "accepted";
}
