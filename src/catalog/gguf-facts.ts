/** What a GGUF's metadata tells of the model. */
import type { Pooling } from "../core/model.ts";
import { poolingOfType } from "./embedding-traits.ts";
import { type GgufFile, openGguf } from "./gguf.ts";

/** Facts that overrule those from the file's name; what the metadata does not tell is absent. */
export interface GgufFacts {
  readonly contextTokensMax?: number;
  /** What a token takes in the KV cache, with 16-bit floats. */
  readonly kvBytesPerToken?: number;
  readonly family?: string;
  readonly parameterSize?: string;
  readonly quantization?: string;
  /** Set where the model was made for embeddings. */
  readonly pooling?: Pooling;
  /** Set where the file holds something that goes with a model (`adapter`, `mmproj`, `imatrix`). */
  readonly otherType?: string;
}

/** source: llama.cpp include/llama.h, enum llama_ftype */
const FILE_TYPES: ReadonlyMap<number, string> = new Map(
  [
    [
      "F32",
      "F16",
      "Q4_0",
      "Q4_1",
      "",
      "",
      "",
      "Q8_0",
      "Q5_0",
      "Q5_1",
      "Q2_K",
      "Q3_K_S",
      "Q3_K_M",
      "Q3_K_L",
      "Q4_K_S",
      "Q4_K_M",
      "Q5_K_S",
      "Q5_K_M",
    ],
    [
      "Q6_K",
      "IQ2_XXS",
      "IQ2_XS",
      "Q2_K_S",
      "IQ3_XS",
      "IQ3_XXS",
      "IQ1_S",
      "IQ4_NL",
      "IQ3_S",
      "IQ3_M",
      "IQ2_S",
      "IQ2_M",
      "IQ4_XS",
      "IQ1_M",
      "BF16",
    ],
    ["", "", "", "TQ1_0", "TQ2_0", "MXFP4"],
  ]
    .flat()
    .entries(),
);

const KV_VALUE_BYTES = 2;

/** Reads a GGUF's metadata. Throws AppError model_file_invalid for a damaged file. */
export function readGgufFacts(path: string): GgufFacts {
  const file = openGguf(path);
  const context = file.number(`${file.architecture}.context_length`);
  const size = file.string("general.size_label");
  const quantization = FILE_TYPES.get(file.number("general.file_type") ?? -1) ?? "";
  const pooling = poolingOfType(file.number(`${file.architecture}.pooling_type`));
  const type = file.string("general.type") ?? "model";
  const kvBytes = kvBytesPerToken(file);
  return {
    ...(context !== undefined && Number.isInteger(context) && context > 0 ? { contextTokensMax: context } : {}),
    ...(kvBytes === null ? {} : { kvBytesPerToken: kvBytes }),
    ...(file.architecture === "" ? {} : { family: file.architecture }),
    ...(size === undefined || size === "" ? {} : { parameterSize: size }),
    ...(quantization === "" ? {} : { quantization }),
    ...(pooling === undefined ? {} : { pooling }),
    ...(type === "model" ? {} : { otherType: type }),
  };
}

/** Keys and values of every layer; null where the metadata lacks a figure. Layers that keep less than the whole context count as whole. */
function kvBytesPerToken(file: GgufFile): number | null {
  const figure = (name: string) => file.number(`${file.architecture}.${name}`);
  const layers = figure("block_count");
  const heads = figure("attention.head_count");
  const width = figure("embedding_length");
  if (layers === undefined) return null;
  const headWidth = heads === undefined || width === undefined ? undefined : width / heads;
  const keyAndValue = (figure("attention.key_length") ?? headWidth ?? NaN) + (figure("attention.value_length") ?? headWidth ?? NaN);
  const perLayer = file.numbers(`${file.architecture}.attention.head_count_kv`);
  const kvHeads =
    perLayer === undefined
      ? layers * (figure("attention.head_count_kv") ?? heads ?? NaN)
      : Array.from(perLayer).reduce((sum, count) => sum + count, 0);
  const bytes = kvHeads * keyAndValue * KV_VALUE_BYTES;
  return Number.isFinite(bytes) && bytes >= 0 ? Math.ceil(bytes) : null;
}
