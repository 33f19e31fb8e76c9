/**
 * What a model's file name tells. Nothing standardises these names: every converter and every publisher has a scheme of
 * its own, so each fact is looked for by its own pattern, wherever it stands, and what is left over is the model's name.
 * Metadata and manifests overrule all of it (`catalog.ts`).
 */
import type { ModelFormat, Soc } from "../core/model.ts";
import { familyOf, withoutPublisher, withVersionJoined } from "./model-family.ts";

/** Context of a .rkllm whose name gives none, tokens: the toolkit's default. */
export const RKLLM_CONTEXT_TOKENS_DEFAULT = 4096;
/** The toolkit converts to no more than this (RKLLM SDK manual); a larger figure in a name belongs to the base model. */
const RKLLM_CONTEXT_TOKENS_MAX = 16_384;

/** Facts from a file name; what it does not tell is absent or "". */
export interface ModelFileName {
  readonly format: ModelFormat;
  /** File name without its ending and without the part number of a split GGUF. */
  readonly stem: string;
  /** Friendly name, lower case: `qwen3-0.6b`. A final instruct, it or chat is left out. */
  readonly id: string;
  /** The friendly name with everything that tells the variant: `gemma3-1b-it`. Equal to `id` where nothing was left out. */
  readonly longId: string;
  /** Every other name that this file alone would answer to, lower case. */
  readonly aliases: readonly string[];
  readonly family: string;
  /** `0.6B`, or "". */
  readonly parameterSize: string;
  /** `w8a8_g128`, `Q4_K_M`, or "". */
  readonly quantization: string;
  readonly soc?: Soc;
  /** Tokens; always present for .rkllm, where it falls back to 4,096. */
  readonly contextTokensMax?: number;
  /** RKLLM toolkit that converted the file, `1.2.3`. */
  readonly toolkitVersion?: string;
}

// A fact stands between separators. A dot separates too, but not inside a number.
const fact = (body: string): RegExp => new RegExp(`(?<=^|[-_. (+])(?:${body})(?=$|[-_. )+])`, "i");

// Bare figures count only where they are contexts people convert to: 2507 is a date.
const CONTEXT = fact(
  "(?:max[-_]?)?(?:ctx|context)(?:[-_]?len(?:gth)?)?[-_]?(\\d{1,6})(k?)|(\\d{1,3})(k)(?:[-_]?(?:ctx|context))?|(2048|4096|8192|16384)",
);
/** Cores and context behind the quantization, `w4a16-2-1024`: figures that mean something in this place alone. */
const CORES_AND_CONTEXT = /(?<=[-_]w\da\d{1,2}(?:_g\d{2,3})?)-[123]-(\d{3,5})(?=$|[-_. ])/i;
const SOC = fact("rk3588s?2?|rk3576[jms]?|rk3562j?|rv1126b[jp]?");
const RKLLM_QUANTIZATION = fact("w(?:4|8|16)a(?:8|16)(?:[-_]?g(?:\\d{2,3}|x))?|fp16|int[48]");
const GGUF_QUANTIZATION = fact(
  "(?:ud[-_])?(?:i?q[1-8](?:_(?:k(?:_(?:xxl|xl|l|m|s|p))?|[01](?:_\\d_\\d)?|nl|xxs|xs|s|m|l|xl))*|tq[12]_0|mxfp4(?:_moe)?|bf16|fp?16|fp?32)",
);
const TOOLKIT_VERSION = fact("(?:rkllm[-_]?)?v?1\\.[0-9]\\.\\d{1,2}(?:b\\d+)?|v1\\.[0-9]\\d|1[1-9]\\d");
const PARAMETER_SIZE = /(?<=^|-)(?:\d+x|e)?\d+(?:\.\d+)?[bm](?=-|$)/;
/** Words that describe the conversion and never the model. */
const CONVERSION = [
  "opt(?:imization)?[-_]?\\d",
  "level[-_]?\\d",
  "hybrid(?:[-_]?ratio)?[-_]?\\d(?:\\.\\d+)?",
  "npu(?:[-_]?core(?:s)?)?[-_]?\\d|\\d[-_]?cores?",
  "normal|grq|gdq",
  "rkllm|rknn|gguf|ggml|npu|imat(?:rix)?|i1",
].map((body) => new RegExp(fact(body).source, "gi"));
/** Endings that tell a tuned model from its base; people leave them out when they ask for it. */
const TUNED = /-(?:instruct|it|chat)$/;

/** `0.6B` as a number; 0 where it is none, or not of parameters that are all used for a token. */
export function parameterCountOf(parameterSize: string): number {
  const size = /^(\d+(?:\.\d+)?)([BM])$/.exec(parameterSize);
  return size === null ? 0 : Number(size[1]) * (size[2] === "M" ? 1e6 : 1e9);
}

/** `.gguf` and `.rkllm` files in any case; null for every other name. */
export function modelFormatOf(fileName: string): ModelFormat | null {
  const ending = /\.(gguf|rkllm)$/i.exec(fileName)?.[1]?.toLowerCase();
  return ending === "gguf" || ending === "rkllm" ? ending : null;
}

/** Each part is looked for whenever models are listed; the largest models have some dozens. */
const PARTS_MAX = 1000;

/** Part number and parts of a split GGUF, `…-00001-of-00003.gguf`; null for a whole file, and for more parts than any has. */
export function splitPartOf(fileName: string): { readonly part: number; readonly parts: number } | null {
  const match = /-(\d{5})-of-(\d{5})\.gguf$/i.exec(fileName);
  const parts = Number(match?.[2]);
  return match === null || parts > PARTS_MAX ? null : { part: Number(match[1]), parts };
}

/** Reads a model's file name. Pure; a name of no known shape still gives an id, its own words. */
export function parseModelFileName(fileName: string): ModelFileName {
  const format: ModelFormat = /\.gguf$/i.test(fileName) ? "gguf" : "rkllm";
  const stem = fileName.replace(/\.(gguf|rkllm)$/i, "").replace(/-\d{5}-of-\d{5}$/, "");
  const rest = { text: stem };

  // A .gguf says its context itself; "4k" in its name is part of the model's name.
  const context = format === "rkllm" || /ctx|context/i.test(stem) ? takeContext(rest, format) : undefined;
  const soc = take(rest, SOC)?.toLowerCase();
  const quantization = take(rest, format === "gguf" ? GGUF_QUANTIZATION : RKLLM_QUANTIZATION) ?? "";
  for (const pattern of CONVERSION) rest.text = rest.text.replace(pattern, "");
  const toolkit = format === "rkllm" ? take(rest, TOOLKIT_VERSION) : undefined;

  const longId = friendlyName(rest.text, stem);
  const id = longId.replace(TUNED, "");
  const contextTokensMax = context ?? (format === "rkllm" ? RKLLM_CONTEXT_TOKENS_DEFAULT : undefined);
  const written = format === "gguf" ? quantization.toUpperCase() : quantization.toLowerCase().replace(/-g/, "_g");
  return {
    format,
    stem,
    id,
    longId,
    aliases: aliasesOf(fileName, stem, id, longId, written),
    family: familyOf(longId),
    parameterSize: PARAMETER_SIZE.exec(longId)?.[0].toUpperCase() ?? "",
    quantization: written,
    ...(soc === undefined ? {} : { soc: /^(?:rk\d{4}|rv1126b)/.exec(soc)?.[0] as Soc }),
    ...(contextTokensMax === undefined ? {} : { contextTokensMax }),
    ...(toolkit === undefined ? {} : { toolkitVersion: toolkitVersion(toolkit) }),
  };
}

/** Every spelling of a friendly name: as it is, and with the size as an Ollama tag, `qwen3:0.6b`. */
export function spellings(name: string): readonly string[] {
  const size = PARAMETER_SIZE.exec(name);
  if (size === null || size.index === 0) return [name];
  return [name, `${name.slice(0, size.index - 1)}:${name.slice(size.index)}`];
}

function aliasesOf(fileName: string, stem: string, id: string, longId: string, quantization: string): readonly string[] {
  const names = [id, longId, ...(quantization === "" ? [] : [id, longId].map((name) => `${name}-${quantization.toLowerCase()}`))];
  const all = new Set([...names.flatMap(spellings), stem.toLowerCase(), fileName.toLowerCase()]);
  all.delete(id);
  return [...all];
}

/** Cuts the first match out of the text and returns it; undefined where there is none. */
function take(rest: { text: string }, pattern: RegExp): string | undefined {
  const match = pattern.exec(rest.text)?.[0];
  if (match !== undefined) rest.text = rest.text.replace(pattern, "");
  return match;
}

/** The context in tokens. A figure that the format cannot have stays in the name: `phi-3-mini-128k` is a model, not a conversion. */
function takeContext(rest: { text: string }, format: ModelFormat): number | undefined {
  const [placed, figure] = (format === "rkllm" ? CORES_AND_CONTEXT.exec(rest.text) : null) ?? [];
  if (placed !== undefined) {
    rest.text = rest.text.replace(placed, "");
    return Number(figure) <= RKLLM_CONTEXT_TOKENS_MAX ? Number(figure) : undefined;
  }
  const match = CONTEXT.exec(rest.text);
  if (match === null) return undefined;
  const thousands = (match[2] ?? match[4] ?? "") !== "";
  const tokens = Number(match[1] ?? match[3] ?? match[5]) * (thousands ? 1024 : 1);
  if (tokens < 32 || (format === "rkllm" && tokens > RKLLM_CONTEXT_TOKENS_MAX)) return undefined;
  rest.text = rest.text.replace(CONTEXT, "");
  return tokens;
}

/** What is left of a stem, as a name: publisher gone, separators made hyphens, version joined to its family. */
function friendlyName(rest: string, stem: string): string {
  const tidy = (text: string): string =>
    text
      .toLowerCase()
      .replace(/[\s_+()[\]]+|\.(?=[^\d]|$)/g, "-")
      .replace(/[^\p{L}\p{N}.-]+/gu, "-")
      .replace(/-{2,}/g, "-")
      .replace(/^[-.]+|[-.]+$/g, "");
  const name = withVersionJoined(tidy(withoutPublisher(rest.toLowerCase().replace(/^[-_. ]+/, ""))));
  return name !== "" ? name : tidy(stem) || "model";
}

/** `v1.22` and `122` are how some write 1.2.2. */
function toolkitVersion(text: string): string {
  const digits = text.replace(/^(?:rkllm[-_]?)?v?/i, "");
  if (/^1\.?\d\d$/.test(digits)) return digits.replace(/^1\.?(\d)(\d)$/, "1.$1.$2");
  return digits.replace(/b\d+$/i, "");
}
