/** Which listed model a name means, however it is written. */
import type { ModelFormat } from "../core/model.ts";
import { modelFormatOf, parseModelFileName } from "./model-file-name.ts";
import { SHORT_MODELS, type ShortModel, titleOf } from "./short-models.ts";

/** What a short name means. */
export interface ShortName {
  readonly model: ShortModel;
  /** A quantization that was named with it, `Q4_K_M`, and the format that has such ones; null where none was. */
  readonly wanted: { readonly quantization: string; readonly format: ModelFormat } | null;
}

/** The model that a short name means: `qwen3:0.6b`, `Qwen3-0.6B`, `qwen3:0.6b-q8_0`, `:latest` behind it; null for any other text. */
export function findShortName(text: string): ShortName | null {
  const wanted = text.trim().replace(/:latest$/i, "");
  if (!/^[\w.:-]{2,80}$/.test(wanted) || modelFormatOf(wanted) !== null) return null;
  for (const ending of ["gguf", "rkllm"]) {
    const { id, quantization, format } = parseModelFileName(`${wanted.replaceAll(":", "-")}.${ending}`);
    const model = SHORT_MODELS.find((each) => [idOf(each.name), idOf(titleOf(each))].includes(id));
    if (model !== undefined) return { model, wanted: quantization === "" ? null : { quantization, format } };
  }
  return null;
}

/** Short names that begin as the text does; all of them where none does. */
export function shortNamesLike(text: string): readonly string[] {
  const names = SHORT_MODELS.map(({ name }) => name);
  const wanted = text
    .trim()
    .toLowerCase()
    .replace(/[:-].*$/s, "");
  const like = names.filter((name) => wanted !== "" && name.startsWith(wanted));
  return like.length > 0 ? like : names;
}

function idOf(name: string): string {
  return parseModelFileName(`${name.replaceAll(":", "-")}.gguf`).id;
}
