/** How much memory a model will take, before it is loaded. */
import type { ModelDescriptor } from "../core/model.ts";

/**
 * Of the weights' file, what a KV cache takes with all else, where nothing tells: a fifth, and for each further 4,096 tokens of context the little
 * that the large models take, as what is estimated too high is refused, and what is too low is tried.
 */
const UNKNOWN_SHARE = 0.2;
const UNKNOWN_SHARE_FURTHER = 0.05;
const UNKNOWN_TOKENS = 4096;

/**
 * Of the weights' file, what takes addresses of the NPU: the embedding table stays outside. Of reports of what fits into one domain of 4 GB
 * (two of 1.7B and no third, six of 0.6B, one of 4B) this is the least that agrees with all.
 */
const NPU_SHARE = 0.65;

/** Bytes of the NPU's addresses that a .rkllm takes; what was estimated too low fails to load, and is tried again with more room. */
export function estimateNpuBytes({ bytes }: Pick<ModelDescriptor, "bytes">): number {
  return Math.ceil(bytes * NPU_SHARE);
}

/** How a model is opened. */
export interface Opening {
  /** Of each KV cache. */
  readonly contextTokens: number;
  /** KV caches of each copy. */
  readonly lanes: number;
  readonly copies: number;
}

/** Weights and KV caches; what the runtime needs beside them is small against both, or counted in by `UNKNOWN_SHARE`. */
export function estimateMemoryBytes(model: Pick<ModelDescriptor, "bytes" | "format" | "kvBytesPerToken">, opening: Opening): number {
  const { contextTokens, lanes, copies } = opening;
  if (model.kvBytesPerToken === undefined) {
    const share = UNKNOWN_SHARE + UNKNOWN_SHARE_FURTHER * Math.max(0, contextTokens / UNKNOWN_TOKENS - 1);
    return Math.ceil(model.bytes * (1 + share * lanes) * copies);
  }
  // The CPU runtime maps its file: copies share it.
  const weights = model.format === "gguf" ? model.bytes : model.bytes * copies;
  return weights + model.kvBytesPerToken * contextTokens * lanes * copies;
}
