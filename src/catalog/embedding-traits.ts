/** Whether a model was made for embeddings, and how. */
import type { EmbeddingTraits, Pooling } from "../core/model.ts";

/** source: llama.cpp include/llama.h, enum llama_pooling_type. Others belong to models that do not run here: encoders, classifiers. */
const POOLING_TYPES: ReadonlyMap<number, Pooling> = new Map([
  [1, "mean"],
  [3, "last"],
]);

/** `qwen3-embedding-0.6b`, `embeddinggemma-300m`, `nomic-embed-text-v1.5`. */
const EMBEDDING_NAME = /(?:^|[-_ .])embed/;

/**
 * Families of which the publishers say that their vectors may be cut (Matryoshka representation learning).
 * source: the model cards of Qwen3-Embedding, EmbeddingGemma, nomic-embed-text-v1.5 and -v2-moe, jina-embeddings-v3 and -v4
 */
const SHORTENING_NAME = /qwen3-embedding|embedding-?gemma|nomic-embed-text-v(?:1\.5|2)|jina-embeddings-v[34]/;

/** Rerankers that answer yes or no: they are language models, and their files say nothing of it. */
const JUDGE_NAME = /qwen3-(?:vl-)?reranker/;

/** Whether a model judges documents by the words yes and no. */
export function judgesDocuments(names: readonly string[]): boolean {
  return names.some((name) => JUDGE_NAME.test(name.toLowerCase()));
}

/** The pooling of a GGUF's `<architecture>.pooling_type`; undefined for what cannot be done here. */
export function poolingOfType(type: number | undefined): Pooling | undefined {
  return type === undefined ? undefined : POOLING_TYPES.get(type);
}

/**
 * The traits of a model, or undefined for one that was made for something else. A name alone means the last token, as in the models that
 * the RKLLM toolkit converts.
 * @param names its names
 * @param pooling what its metadata says
 */
export function embeddingTraits(names: readonly string[], pooling: Pooling | undefined): EmbeddingTraits | undefined {
  const lower = names.map((name) => name.toLowerCase());
  if (pooling === undefined && !lower.some((name) => EMBEDDING_NAME.test(name))) return undefined;
  return { pooling: pooling ?? "last", shortens: lower.some((name) => SHORTENING_NAME.test(name)) };
}
