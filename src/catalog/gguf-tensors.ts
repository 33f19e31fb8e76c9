/** The list of tensors in a GGUF file, and how many bytes they take. */
import type { GgufHead } from "./gguf-head.ts";

/** A tensor's shape; `dims[0]` is the length of a contiguous row. */
export interface GgufTensorInfo {
  readonly name: string;
  readonly dims: readonly number[];
  /** Number of ggml's type. */
  readonly type: number;
  /** From the beginning of the tensor data. */
  readonly offset: number;
}

const DIMS_MAX = 4;

/** Elements and bytes of a block of each type, by ggml's number. source: ggml_type and its traits in ggml.h and ggml-common.h */
const BLOCKS: Readonly<Record<number, readonly [elements: number, bytes: number]>> = {
  0: [1, 4], // F32
  1: [1, 2], // F16
  2: [32, 18], // Q4_0
  3: [32, 20], // Q4_1
  6: [32, 22], // Q5_0
  7: [32, 24], // Q5_1
  8: [32, 34], // Q8_0
  10: [256, 84], // Q2_K
  11: [256, 110], // Q3_K
  12: [256, 144], // Q4_K
  13: [256, 176], // Q5_K
  14: [256, 210], // Q6_K
  20: [32, 18], // IQ4_NL
  23: [256, 136], // IQ4_XS
  30: [1, 2], // BF16
};

/** Reads `count` tensor descriptions. Throws AppError model_file_invalid. */
export function readTensors(head: GgufHead, count: number): GgufTensorInfo[] {
  const tensors: GgufTensorInfo[] = [];
  for (let i = 0; i < count; i++) {
    const name = head.string();
    const rank = head.u32();
    if (rank > DIMS_MAX) head.fail(`is damaged: tensor ${JSON.stringify(name)} has ${rank} dimensions. Download it again.`);
    const dims: number[] = [];
    for (let axis = 0; axis < rank; axis++) dims.push(head.u64());
    const type = head.u32();
    const offset = head.u64();
    tensors.push({ name, dims, type, offset });
  }
  return tensors;
}

/** Number of weights. */
function elementsOf(tensor: GgufTensorInfo): number {
  return tensor.dims.reduce((product, dim) => product * dim, 1);
}

/** The least that the tensor data takes; tensors of types not known here count from where they begin. */
export function tensorDataBytes(tensors: readonly GgufTensorInfo[]): number {
  let end = 0;
  for (const tensor of tensors) {
    const [elements, bytes] = BLOCKS[tensor.type] ?? [1, 0];
    end = Math.max(end, tensor.offset + (elementsOf(tensor) / elements) * bytes);
  }
  return end;
}
