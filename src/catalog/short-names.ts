/**
 * Models that can be pulled by a short name. A repository is listed only where a source names it; `verified` is set by whoever has pulled and
 * run it. A model without a conversion for a machine is still known: `pull` then says what to look for.
 */
import type { ModelFormat, Soc } from "../core/model.ts";
import { modelFormatOf, parseModelFileName } from "./model-file-name.ts";

/** A repository with weights of a model. */
export interface Conversion {
  readonly repository: string;
  readonly format: ModelFormat;
  /** What a .rkllm is for. */
  readonly soc?: Soc;
  /** Somebody has pulled it with this program and had an answer from it. */
  readonly verified: boolean;
}

/** A model with a short name. */
export interface ShortModel {
  /** As Ollama writes it: `qwen3:0.6b`. */
  readonly name: string;
  /** As its publisher writes it, for a search. */
  readonly title: string;
  /** Best first. */
  readonly conversions: readonly Conversion[];
}

const unverifiedGguf = (repository: string): Conversion => ({ repository, format: "gguf", verified: false });

/** The list. The .gguf repositories are those that node-llama-cpp 3 recommends. */
export const SHORT_MODELS: readonly ShortModel[] = [
  { name: "qwen3:0.6b", title: "Qwen3-0.6B", conversions: [unverifiedGguf("Qwen/Qwen3-0.6B-GGUF")] },
  { name: "qwen3:1.7b", title: "Qwen3-1.7B", conversions: [] },
  { name: "qwen3:4b", title: "Qwen3-4B", conversions: [unverifiedGguf("Qwen/Qwen3-4B-GGUF")] },
  { name: "qwen3-embedding:0.6b", title: "Qwen3-Embedding-0.6B", conversions: [] },
  { name: "gemma3:1b", title: "gemma-3-1b-it", conversions: [] },
  { name: "smollm2:135m", title: "SmolLM2-135M-Instruct", conversions: [] },
  { name: "smollm2:360m", title: "SmolLM2-360M-Instruct", conversions: [] },
  { name: "smollm2:1.7b", title: "SmolLM2-1.7B-Instruct", conversions: [] },
  { name: "llama3.2:1b", title: "Llama-3.2-1B-Instruct", conversions: [] },
  { name: "llama3.2:3b", title: "Llama-3.2-3B-Instruct", conversions: [unverifiedGguf("mradermacher/Llama-3.2-3B-Instruct-GGUF")] },
  { name: "deepseek-r1:1.5b", title: "DeepSeek-R1-Distill-Qwen-1.5B", conversions: [] },
];

/** What a short name means. */
export interface ShortName {
  readonly model: ShortModel;
  /** A quantization that was named with it, `Q4_K_M`, or "". */
  readonly quantization: string;
}

/** The model that a short name means, however it is written: `qwen3:0.6b`, `Qwen3-0.6B`, `qwen3:0.6b-q8_0`, `:latest` behind it; null for any other text. */
export function findShortName(text: string): ShortName | null {
  const wanted = text.trim().replace(/:latest$/i, "");
  if (!/^[\w.:-]{2,80}$/.test(wanted) || modelFormatOf(wanted) !== null) return null;
  for (const ending of ["gguf", "rkllm"]) {
    const { id, quantization } = parseModelFileName(`${wanted.replaceAll(":", "-")}.${ending}`);
    const model = SHORT_MODELS.find(({ name, title }) => [idOf(name), idOf(title)].includes(id));
    if (model !== undefined) return { model, quantization };
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
