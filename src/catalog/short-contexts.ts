/**
 * How long contexts of the models with short names may be, and what they take.
 * source: config.json of each original repository (max_position_embeddings, num_hidden_layers, num_key_value_heads, head_dim)
 */

/** Of one model. */
export interface ShortContext {
  /** Tokens it was trained for. */
  readonly tokensMax: number;
  readonly layers: number;
  readonly keyHeads: number;
  /** Numbers in a key, and in a value. */
  readonly headSize: number;
}

/** By short name. */
export const SHORT_CONTEXTS: Readonly<Record<string, ShortContext>> = {
  "qwen3:0.6b": { tokensMax: 40_960, layers: 28, keyHeads: 8, headSize: 128 },
  "qwen3:1.7b": { tokensMax: 40_960, layers: 28, keyHeads: 8, headSize: 128 },
  "qwen3:4b": { tokensMax: 40_960, layers: 36, keyHeads: 8, headSize: 128 },
  "gemma3:1b": { tokensMax: 32_768, layers: 26, keyHeads: 1, headSize: 256 },
  "smollm2:135m": { tokensMax: 8192, layers: 30, keyHeads: 3, headSize: 64 },
  "smollm2:360m": { tokensMax: 8192, layers: 32, keyHeads: 5, headSize: 64 },
  "smollm2:1.7b": { tokensMax: 8192, layers: 24, keyHeads: 32, headSize: 64 },
  "llama3.2:1b": { tokensMax: 131_072, layers: 16, keyHeads: 8, headSize: 64 },
  "llama3.2:3b": { tokensMax: 131_072, layers: 28, keyHeads: 8, headSize: 128 },
  "deepseek-r1:1.5b": { tokensMax: 131_072, layers: 28, keyHeads: 2, headSize: 128 },
};

/** The longest context that Rockchip's toolkit converts for, tokens. source: RKLLM SDK manual 1.3.0 */
export const TOOLKIT_CONTEXT_TOKENS_MAX = 16_384;

/** Bytes that keys and values of one token take: two numbers of 16 bits. */
export function kvBytesOf({ layers, keyHeads, headSize }: ShortContext): number {
  return 2 * 2 * layers * keyHeads * headSize;
}
