/** Finds a model's vocabulary among its files. */
import { openGguf } from "../catalog/gguf.ts";
import { AppError } from "../core/errors.ts";
import type { ModelFormat, ModelSidecars } from "../core/model.ts";
import { readSmallText, TOKENIZER_BYTES_MAX } from "../core/small-file.ts";
import { tokenizerFromGguf } from "./gguf-tokenizer.ts";
import { tokenizerFromJson } from "./json-tokenizer.ts";
import type { PromptTokenizer } from "./prompt-tokenizer.ts";

/** The part of a model that its vocabulary is found by. */
export interface TokenizedModel {
  readonly path: string;
  readonly format: ModelFormat;
  readonly sidecars: ModelSidecars;
}

/**
 * The tokenizer of a model: a GGUF file carries its own, other formats need tokenizer.json beside the weights. Null where there is none.
 * Throws AppError model_file_invalid when it is damaged or of a kind that is not supported.
 */
export async function loadTokenizer(model: TokenizedModel): Promise<PromptTokenizer | null> {
  if (model.format === "gguf") return tokenizerFromGguf(openGguf(model.path));
  const { tokenizer, tokenizerConfig } = model.sidecars;
  if (tokenizer === undefined) return null;
  const config = tokenizerConfig === undefined ? null : await readJson(tokenizerConfig);
  return tokenizerFromJson(await readJson(tokenizer), config);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readSmallText(path, TOKENIZER_BYTES_MAX));
  } catch (error) {
    throw new AppError("model_file_invalid", `${path} cannot be read: ${String(error)}. Download it again.`, { cause: error });
  }
}
