/** What a GGUF's metadata tells of the model. */
import { type GgufFile, openGguf } from "./gguf.ts";
import { elementsOf } from "./gguf-tensors.ts";

/** Facts that overrule those from the file's name; what the metadata does not tell is absent. */
export interface GgufFacts {
  readonly contextTokensMax?: number;
  readonly family?: string;
  readonly parameterSize?: string;
  readonly quantization?: string;
}

/** Names of `general.file_type`. source: llama_ftype in llama.h */
const FILE_TYPES: Readonly<Record<number, string>> = {
  0: "F32",
  1: "F16",
  2: "Q4_0",
  3: "Q4_1",
  7: "Q8_0",
  8: "Q5_0",
  9: "Q5_1",
  10: "Q2_K",
  11: "Q3_K_S",
  12: "Q3_K_M",
  13: "Q3_K_L",
  14: "Q4_K_S",
  15: "Q4_K_M",
  16: "Q5_K_S",
  17: "Q5_K_M",
  18: "Q6_K",
  19: "IQ2_XXS",
  20: "IQ2_XS",
  21: "Q2_K_S",
  22: "IQ3_XS",
  23: "IQ3_XXS",
  24: "IQ1_S",
  25: "IQ4_NL",
  26: "IQ3_S",
  27: "IQ3_M",
  28: "IQ2_S",
  29: "IQ2_M",
  30: "IQ4_XS",
  31: "IQ1_M",
  32: "BF16",
  36: "TQ1_0",
  37: "TQ2_0",
  38: "MXFP4",
};

/** Reads a GGUF's metadata. Throws AppError model_file_invalid for a damaged file. */
export function readGgufFacts(path: string): Promise<GgufFacts> {
  return Promise.try(() => ggufFacts(openGguf(path)));
}

/** The facts of an opened file. */
export function ggufFacts(gguf: GgufFile): GgufFacts {
  const { architecture } = gguf;
  const contextTokensMax = gguf.number(`${architecture}.context_length`);
  const parameterSize = gguf.string("general.size_label") ?? sizeLabel(gguf.tensors.reduce((sum, tensor) => sum + elementsOf(tensor), 0));
  const quantization = FILE_TYPES[gguf.number("general.file_type") ?? -1];
  return {
    ...(contextTokensMax === undefined ? {} : { contextTokensMax }),
    ...(architecture === "" ? {} : { family: architecture }),
    ...(parameterSize === "" ? {} : { parameterSize }),
    ...(quantization === undefined ? {} : { quantization }),
  };
}

/** `135M`, `1.2B`; "" for none. */
export function sizeLabel(parameters: number): string {
  if (parameters >= 1e9) return `${(parameters / 1e9).toFixed(1).replace(/\.0$/, "")}B`;
  if (parameters >= 1e6) return `${Math.round(parameters / 1e6)}M`;
  return parameters >= 1e3 ? `${Math.round(parameters / 1e3)}K` : "";
}
