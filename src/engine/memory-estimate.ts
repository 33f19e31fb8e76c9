/** How much memory a model will take, before it is loaded. */
import type { ModelDescriptor } from "../core/model.ts";

/** Of the weights' file, where nothing tells how large the KV cache gets. */
const UNKNOWN_SHARE = 1.2;

/** Weights and KV cache; what the runtime needs beside them is small against both, or counted in by `UNKNOWN_SHARE`. */
export function estimateMemoryBytes(model: Pick<ModelDescriptor, "bytes" | "kvBytesPerToken">, contextTokens: number): number {
  if (model.kvBytesPerToken === undefined) return Math.ceil(model.bytes * UNKNOWN_SHARE);
  return model.bytes + model.kvBytesPerToken * contextTokens;
}
