/** Control tokens that a model's vocabulary has, or the ones that are common where it brings no vocabulary. */
import { KNOWN_CONTROL_TOKENS } from "../../chat/text-prompt.ts";
import { loadTokenizer } from "../../tokenizer/load.ts";

const TEXTS_MAX = 4;
/** A text this short may be one ordinary token. */
const CHARACTERS_MIN = 6;

/** A few of them, as they are spelled. Throws AppError model_file_invalid. */
export async function controlTextsOf(model: Parameters<typeof loadTokenizer>[0]): Promise<readonly string[]> {
  const tokenizer = await loadTokenizer(model);
  const all = tokenizer?.controlTokens ?? KNOWN_CONTROL_TOKENS;
  return [...all].filter((text) => text.length >= CHARACTERS_MIN).slice(0, tokenizer === null ? undefined : TEXTS_MAX);
}
