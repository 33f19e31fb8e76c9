/** Arithmetic of embeddings. */
import { AppError } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";

/** The vector of length 1 in the same direction. The zero vector has none; the runtime port gives none out. */
export function normalised(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  return length === 0 ? vector : vector.map((value) => value / length);
}

/**
 * The first numbers of a vector. Throws AppError invalid_request when it has not so many, unsupported_parameter when they alone mean
 * nothing because the model was not trained for that.
 */
export function shortened(vector: Float32Array, dimensions: number, model: ModelDescriptor): Float32Array {
  if (dimensions === vector.length) return vector;
  const details = { field: "dimensions", fault: "value" } as const;
  if (dimensions > vector.length) {
    throw new AppError("invalid_request", `The vectors of ${model.id} have ${vector.length} dimensions; ${dimensions} cannot be had.`, {
      details,
    });
  }
  if (model.embedding?.shortens !== true) {
    throw new AppError(
      "unsupported_parameter",
      `The vectors of ${model.id} have ${vector.length} dimensions and cannot be cut: the model is not known to be trained for it. Leave "dimensions" out.`,
      { details },
    );
  }
  return vector.slice(0, dimensions);
}

/** The cosine of the angle between two vectors of length 1; at most 1 in spite of rounding. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let product = 0;
  for (const [index, value] of a.entries()) product += value * (b[index] ?? 0);
  return Math.max(-1, Math.min(1, product));
}
