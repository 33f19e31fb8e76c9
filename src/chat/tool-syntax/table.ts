/** Every syntax by its name. */
import type { ToolSyntax } from "../../core/runtime.ts";
import { deepseek } from "./deepseek.ts";
import { functionary, functionTag } from "./functionary.ts";
import { functionGemma, gemma, gemma4 } from "./gemma.ts";
import { hermes } from "./hermes.ts";
import { llama } from "./llama.ts";
import { mistral, mistralArgs } from "./mistral.ts";
import { qwenXml } from "./qwen-xml.ts";
import type { CallMarker, Syntax } from "./syntax.ts";

/** Files of their own for each family: a new member of the union does not compile until it has its syntax. */
export const SYNTAXES: Readonly<Record<ToolSyntax, Syntax>> = {
  hermes,
  "qwen-xml": qwenXml,
  llama,
  mistral,
  "mistral-args": mistralArgs,
  deepseek,
  gemma,
  "function-gemma": functionGemma,
  "gemma-4": gemma4,
  functionary,
  "function-tag": functionTag,
};

/** What is watched for in an answer: the model's own syntax, and Hermes' tags, which many models have seen and this server may ask for. */
export function watchedSyntax(name: ToolSyntax, names: readonly string[]): { markers: readonly CallMarker[]; noise: readonly string[] } {
  const syntaxes = name === "hermes" ? [hermes] : [SYNTAXES[name], hermes];
  return {
    markers: syntaxes.flatMap((syntax) => syntax.markers(names)),
    noise: [...new Set(syntaxes.flatMap((syntax) => syntax.noise))],
  };
}
