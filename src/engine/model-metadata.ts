/** What a model's file says of itself, for clients that show it. Read anew each time: it can be megabytes. */
import { type GgufFile, openGguf } from "../catalog/gguf.ts";
import type { ModelDescriptor } from "../core/model.ts";

/** A value of the metadata. */
export type MetadataValue = string | number | boolean | readonly (string | number)[];

/** One tensor. */
export interface TensorShape {
  readonly name: string;
  /** As ggml calls it: `Q4_K`. */
  readonly type: string;
  /** The first is the length of a contiguous row. */
  readonly shape: readonly number[];
}

/** Metadata of a GGUF file; of other formats nothing is known but what their descriptor says. */
export interface ModelMetadata {
  readonly values: Readonly<Record<string, MetadataValue>>;
  readonly tensors: readonly TensorShape[];
}

/** Arrays that are longer are left empty unless all is wanted. */
const SHORT_ARRAY_MAX = 5;

/** source: ggml.h, enum ggml_type */
const TENSOR_TYPES: Readonly<Record<number, string>> = {
  0: "F32",
  1: "F16",
  2: "Q4_0",
  3: "Q4_1",
  6: "Q5_0",
  7: "Q5_1",
  8: "Q8_0",
  10: "Q2_K",
  11: "Q3_K",
  12: "Q4_K",
  13: "Q5_K",
  14: "Q6_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  29: "IQ1_M",
  30: "BF16",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
};

/** Reads it; `verbose` asks for long arrays, such as the vocabulary, too. Throws AppError model_file_invalid. */
export function readModelMetadata(model: ModelDescriptor, verbose: boolean): ModelMetadata {
  if (model.format !== "gguf") return { values: {}, tensors: [] };
  const file = openGguf(model.path);
  const values = Object.fromEntries(file.keys().map((key) => [key, file.get(key) ?? arrayOf(file, key, verbose)]));
  return {
    values,
    tensors: file.tensors.map(({ name, dims, type }) => ({ name, type: TENSOR_TYPES[type] ?? `type ${type}`, shape: dims })),
  };
}

function arrayOf(file: GgufFile, key: string, verbose: boolean): readonly (string | number)[] {
  const numbers = file.numbers(key);
  if (numbers !== undefined) return verbose || numbers.length <= SHORT_ARRAY_MAX ? [...numbers] : [];
  const strings = file.strings(key);
  if (strings === undefined || (!verbose && strings.count > SHORT_ARRAY_MAX)) return [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const { bytes, starts, gap } = strings;
  return Array.from({ length: strings.count }, (_, i) => decoder.decode(bytes.subarray(starts[i], (starts[i + 1] ?? 0) - gap)));
}
