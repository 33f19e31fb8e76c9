/**
 * Writes small Llama models with random weights, the same ones every time, in a few milliseconds. They are real models for any runtime:
 * what they say means nothing, but it is made of words, now and then of characters that are spread over several tokens, and it does not end by itself.
 *
 * The first channel of the residual stream is a constant that nothing writes to; through it a token's logit gets a bias, which keeps control tokens away.
 * A row of the output matrix that points along a token's embedding makes its token follow that one: the upper half of the channels serves for this.
 * In the lower half the first layer's attention adds up the last dozen tokens (its queries and keys come from the constant channel, so only distance
 * counts), and the output matrix avoids what it finds there: without that, greedy decoding of a random model soon repeats itself.
 */
import { writeFileSync } from "node:fs";
import { encodeGguf, type GgufEntry, type GgufTensor } from "./gguf-writer.ts";
import { tinyVocabulary, type VocabularyKind } from "./tiny-vocabulary.ts";

export interface TinyGgufOptions {
  /** Default `spm`: scores, byte fallback, BOS in front. `bpe`: byte-level, no BOS. */
  readonly vocabulary?: VocabularyKind;
  /** `tokenizer.ggml.pre` of a BPE vocabulary, default `gpt-2`. */
  readonly pre?: string;
  /** Default 4096. */
  readonly contextTokens?: number;
  /** Default 2. */
  readonly layers?: number;
  /** Embedding length, a multiple of 32; default 64. */
  readonly dim?: number;
  /** Attention heads, default 4; one alone is the quickest with long contexts. Half of them, at least one, have keys and values. */
  readonly heads?: number;
  /** Jinja text; default ChatML, null leaves it out. */
  readonly chatTemplate?: string | null;
  /** Control tokens besides `<|im_start|>` and `<|im_end|>` (which ends the model's turn). */
  readonly controlTokens?: readonly string[];
  /** User-defined tokens (type 4). */
  readonly userTokens?: readonly string[];
  /** `general.name`, default `Tiny`. */
  readonly name?: string;
  /** Metadata to add or replace; null takes a key away. */
  readonly metadata?: Readonly<Record<string, GgufEntry | null>>;
  /**
   * What greedy decoding answers after a newline, such as the one that ends ChatML's `<|im_start|>assistant\n`; then the turn ends.
   * Its pieces become tokens of their own. Default: endless random words.
   */
  readonly says?: string;
  /** Default 1. */
  readonly seed?: number;
}

export interface TinyLoraOptions {
  /** Must be those of the model it is for. */
  readonly layers?: number;
  readonly dim?: number;
  /** Default 4. */
  readonly rank?: number;
  /** Standard deviation of the weights, default 0.5; 0 changes nothing. */
  readonly strength?: number;
  readonly seed?: number;
}

const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

const HEADS = 4;
const BIAS_CHANNEL = 4;
/** Logit that the token which must follow gains, and that the token just written loses. */
const SUCCESSOR_LOGIT = 200;
const REPEAT_LOGIT = 36;
/** How much of the recent tokens' embeddings is added to the current one's. */
const RECENT_SHARE = 2;
/** Strength of the random layers: more makes the words depend on more of the prompt, and less readable. */
const LAYER_SCALE = 0.9;

/** Writes a model to `path`. */
export function writeTinyGguf(path: string, options: TinyGgufOptions = {}): void {
  const { vocabulary: kind = "spm", pre = "gpt-2", layers = 2, dim = 64, heads = HEADS, says = "", seed = 1 } = options;
  const shape: Shape = { dim, heads, kvHeads: Math.max(1, heads / 2), headDim: dim / heads };
  const { controlTokens = [], userTokens = [] } = options;
  const vocabulary = tinyVocabulary({ kind, pre, controlTokens, userTokens, says });
  const hidden = dim * 2;
  const metadata = new Map<string, GgufEntry>([
    ["general.architecture", { type: "string", value: "llama" }],
    ["general.name", { type: "string", value: options.name ?? "Tiny" }],
    ["general.file_type", { type: "u32", value: 0 }],
    ["llama.context_length", { type: "u32", value: options.contextTokens ?? 4096 }],
    ["llama.embedding_length", { type: "u32", value: dim }],
    ["llama.block_count", { type: "u32", value: layers }],
    ["llama.feed_forward_length", { type: "u32", value: hidden }],
    ["llama.attention.head_count", { type: "u32", value: heads }],
    ["llama.attention.head_count_kv", { type: "u32", value: shape.kvHeads }],
    ["llama.rope.dimension_count", { type: "u32", value: shape.headDim }],
    ["llama.rope.freq_base", { type: "f32", value: 10000 }],
    ["llama.attention.layer_norm_rms_epsilon", { type: "f32", value: 1e-5 }],
    ["llama.vocab_size", { type: "u32", value: vocabulary.size }],
    ...vocabulary.metadata,
  ]);
  const template = options.chatTemplate === undefined ? CHATML : options.chatTemplate;
  if (template !== null) metadata.set("tokenizer.chat_template", { type: "string", value: template });
  for (const [key, entry] of Object.entries(options.metadata ?? {})) {
    if (entry === null) metadata.delete(key);
    else metadata.set(key, entry);
  }

  const random = gaussian(seed);
  const embedding = randomMatrix(random, dim, vocabulary.size, 1);
  const followed = new Set(vocabulary.successors.map(([from]) => from));
  for (let id = 0; id < vocabulary.size; id++) {
    embedding.data[id * dim] = BIAS_CHANNEL;
    // Only a token that another must follow says something in the upper half.
    for (let i = dim / 2; i < dim; i++) embedding.data[id * dim + i] = followed.has(id) ? Math.sign(random()) : 0;
  }
  const output = outputMatrix(random, embedding.data, dim, vocabulary.biases, vocabulary.successors);
  const tensors: GgufTensor[] = [{ name: "token_embd.weight", ...embedding }];
  for (let layer = 0; layer < layers; layer++) tensors.push(...layerTensors(random, layer, shape, hidden));
  tensors.push({ name: "output_norm.weight", dims: [dim], data: new Float32Array(dim).fill(1) }, { name: "output.weight", ...output });
  writeFileSync(path, encodeGguf(metadata, tensors));
}

/** Writes a LoRA adapter for the query and output projections of a tiny model. */
export function writeTinyLora(path: string, options: TinyLoraOptions = {}): void {
  const { layers = 2, dim = 64, rank = 4, strength = 0.5, seed = 2 } = options;
  const random = gaussian(seed);
  const tensors: GgufTensor[] = [];
  for (let layer = 0; layer < layers; layer++) {
    for (const name of ["attn_q", "attn_output"]) {
      tensors.push({ name: `blk.${layer}.${name}.weight.lora_a`, ...randomMatrix(random, dim, rank, strength) });
      tensors.push({ name: `blk.${layer}.${name}.weight.lora_b`, ...randomMatrix(random, rank, dim, strength) });
    }
  }
  const metadata = new Map<string, GgufEntry>([
    ["general.architecture", { type: "string", value: "llama" }],
    ["general.type", { type: "string", value: "adapter" }],
    ["general.name", { type: "string", value: "Tiny LoRA" }],
    ["adapter.type", { type: "string", value: "lora" }],
    ["adapter.lora.alpha", { type: "f32", value: rank }],
  ]);
  writeFileSync(path, encodeGguf(metadata, tensors));
}

interface Matrix {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

interface Shape {
  readonly dim: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

function layerTensors(random: () => number, layer: number, shape: Shape, hidden: number): GgufTensor[] {
  const { dim } = shape;
  const prefix = `blk.${layer}.`;
  const scale = LAYER_SCALE / Math.sqrt(dim);
  const kv = shape.headDim * shape.kvHeads;
  const query = randomMatrix(random, dim, dim, scale);
  const key = randomMatrix(random, dim, kv, scale);
  const value = randomMatrix(random, dim, kv, scale);
  const attentionOutput = randomMatrix(random, dim, dim, scale);
  const ffnDown = randomMatrix(random, hidden, dim, LAYER_SCALE / Math.sqrt(hidden));
  if (layer === 0) lookBack(query, key, value, attentionOutput, shape, scale);
  // The constant channel and the upper half are nobody's to write.
  for (const { data, dims } of [attentionOutput, ffnDown]) {
    const row = dims[0] ?? 0;
    data.fill(0, 0, row).fill(0, (row * dim) / 2);
  }
  const ones = { dims: [dim], data: new Float32Array(dim).fill(1) };
  return [
    { name: `${prefix}attn_norm.weight`, ...ones },
    { name: `${prefix}ffn_norm.weight`, ...ones },
    { name: `${prefix}attn_q.weight`, ...query },
    { name: `${prefix}attn_k.weight`, ...key },
    { name: `${prefix}attn_v.weight`, ...value },
    { name: `${prefix}attn_output.weight`, ...attentionOutput },
    { name: `${prefix}ffn_gate.weight`, ...randomMatrix(random, dim, hidden, scale) },
    { name: `${prefix}ffn_up.weight`, ...randomMatrix(random, dim, hidden, scale) },
    { name: `${prefix}ffn_down.weight`, ...ffnDown },
  ];
}

/** Makes a layer's attention add the mean of the recent tokens to the current one. */
function lookBack(query: Matrix, key: Matrix, value: Matrix, output: Matrix, shape: Shape, scale: number): void {
  const { dim, heads, kvHeads, headDim } = shape;
  // Rotated pairs that turn by about 0.1, 0.03 and 0.01 a token: their sum falls off with distance and does not come back.
  for (const row of [headDim / 4, (headDim * 3) / 8, headDim / 2]) {
    for (let head = 0; head < heads; head++) query.data[(head * headDim + row) * dim] = 1.1;
    for (let head = 0; head < kvHeads; head++) key.data[(head * headDim + row) * dim] = 1.1;
  }
  // The value matrix is a random projection of the lower half; its transpose leads back.
  const back = RECENT_SHARE / (heads * headDim * scale ** 2);
  output.data.fill(0);
  for (let channel = 1; channel < dim / 2; channel++) {
    for (let input = 0; input < dim; input++) {
      const kvHead = Math.floor(input / headDim / (heads / kvHeads));
      output.data[channel * dim + input] = back * (value.data[(kvHead * headDim + (input % headDim)) * dim + channel] ?? 0);
    }
  }
}

function outputMatrix(
  random: () => number,
  embedding: Float32Array,
  dim: number,
  biases: readonly number[],
  successors: readonly (readonly [number, number])[],
): Matrix {
  const output = randomMatrix(random, dim, biases.length, 2.5 / Math.sqrt(dim));
  const half = dim / 2;
  for (let id = 0; id < biases.length; id++) output.data.fill(0, id * dim + half, (id + 1) * dim);
  const along = (token: number, row: number, logit: number, from: number): void => {
    for (let i = from; i < from + half; i++) {
      if (i > 0) output.data[row * dim + i] = (output.data[row * dim + i] ?? 0) + (logit / half) * (embedding[token * dim + i] ?? 0);
    }
  };
  // The constant channel reaches the output divided by the final state's RMS, about 1.6.
  for (const [id, bias] of biases.entries()) {
    output.data[id * dim] = (bias * 1.6) / BIAS_CHANNEL;
    along(id, id, -REPEAT_LOGIT, 0);
  }
  for (const [from, to] of successors) along(from, to, SUCCESSOR_LOGIT, half);
  return output;
}

function randomMatrix(random: () => number, row: number, rows: number, deviation: number): Matrix {
  const data = new Float32Array(row * rows);
  for (let i = 0; i < data.length; i++) data[i] = random() * deviation;
  return { dims: [row, rows], data };
}

/** Normally distributed numbers (Box and Muller) from mulberry32. */
function gaussian(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
