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
}

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
  return {
    ...(family === null ? {} : { family }),
    ...(contextTokensMax === null || contextTokensMax < 32 ? {} : { contextTokensMax }),
    ...(embeddingLength === null ? {} : { embeddingLength }),
  };
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
