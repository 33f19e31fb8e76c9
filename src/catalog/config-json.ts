/** What config.json of the original model tells of a conversion of it. */
import { readSmallText } from "../core/small-file.ts";
import { isFamily } from "./model-family.ts";

/** Facts of the original; what is not told is absent. */
export interface ConfigFacts {
  /** As llama.cpp calls architectures. */
  readonly family?: string;
  /** Positions that the original was trained for: no conversion has a longer context. */
  readonly contextTokensMax?: number;
  /** Length of a hidden state. */
  readonly embeddingLength?: number;
  /** What a token takes in the KV cache, bytes: keys and values of 16 bits, as oRKLLM measured for Qwen3 4B. */
  readonly kvBytesPerToken?: number;
}

/** A key and a value, of two bytes each. */
const KV_BYTES = 2 * 2;

/** Names that differ from llama.cpp's by more than their spelling. source: llama.cpp convert_hf_to_gguf.py */
const RENAMED: Readonly<Record<string, string>> = { deepseek_v2: "deepseek2", deepseek_v3: "deepseek2", phi: "phi2" };

/** Reads it; a file that is none, or too large for one, tells nothing. */
export async function readConfigFacts(path: string): Promise<ConfigFacts> {
  try {
    return factsOf(JSON.parse(await readSmallText(path)));
  } catch {
    return {};
  }
}

function factsOf(parsed: unknown): ConfigFacts {
  const whole = recordOf(parsed);
  // Of models that see as well, the part that writes.
  const config = { ...whole, ...recordOf(whole["text_config"]) };
  const family = familyOf(config["model_type"]);
  const contextTokensMax = countOf(config["max_position_embeddings"]);
  const embeddingLength = countOf(config["hidden_size"]);
  const kvBytesPerToken = kvBytesOf(config);
  return {
    ...(family === null ? {} : { family }),
    ...(contextTokensMax === null || contextTokensMax < 32 ? {} : { contextTokensMax }),
    ...(embeddingLength === null ? {} : { embeddingLength }),
    ...(kvBytesPerToken === null ? {} : { kvBytesPerToken }),
  };
}

/** Layers with linear attention keep a state that does not grow. */
function kvBytesOf(config: Readonly<Record<string, unknown>>): number | null {
  const types = config["layer_types"];
  const all = countOf(config["num_hidden_layers"]);
  const layers = Array.isArray(types) ? types.filter((type) => type !== "linear_attention").length : all;
  const heads = countOf(config["num_attention_heads"]);
  const keyHeads = countOf(config["num_key_value_heads"]) ?? heads;
  const hidden = countOf(config["hidden_size"]);
  const length = countOf(config["head_dim"]) ?? (hidden === null || heads === null ? null : hidden / heads);
  if (layers === null || keyHeads === null || length === null) return null;
  return countOf(layers * keyHeads * length * KV_BYTES);
}

function familyOf(type: unknown): string | null {
  if (typeof type !== "string") return null;
  const name = type.replace(/_text$/, "");
  const family = RENAMED[name] ?? name.replace(/[_-]/g, "");
  // Converters write what they like there, "rkllm" for one.
  return isFamily(family) ? family : null;
}

function countOf(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : null;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
