/** How much memory a model will take, before it is loaded. */
import type { ModelDescriptor } from "../core/model.ts";

/** Of the weights' file, where nothing tells how large the KV cache gets. */
const UNKNOWN_SHARE = 1.2;

/**
 * Of the weights' file, what takes addresses of the NPU: the embedding table stays outside. Of reports of what fits into one domain of 4 GB
 * (two of 1.7B and no third, six of 0.6B, one of 4B) this is the least that agrees with all.
 */
const NPU_SHARE = 0.65;

/** Bytes of the NPU's addresses that a .rkllm takes; what was estimated too low fails to load, and is tried again with more room. */
export function estimateNpuBytes({ bytes }: Pick<ModelDescriptor, "bytes">): number {
  return Math.ceil(bytes * NPU_SHARE);
}

/** Weights and KV cache; what the runtime needs beside them is small against both, or counted in by `UNKNOWN_SHARE`. */
export function estimateMemoryBytes(model: Pick<ModelDescriptor, "bytes" | "kvBytesPerToken">, contextTokens: number): number {
  if (model.kvBytesPerToken === undefined) return Math.ceil(model.bytes * UNKNOWN_SHARE);
  return model.bytes + model.kvBytesPerToken * contextTokens;
}
