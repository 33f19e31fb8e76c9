/**
 * What a model's name says of its family. The answers are llama.cpp's architecture names, so that a .rkllm file and the
 * .gguf of the same model tell the same family.
 */

/** First match wins: distilled models are named for the teacher but have the student's weights, and versions go before their family. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/distill-qwen/, "qwen2"],
  [/-0528-qwen3/, "qwen3"],
  [/distill-llama/, "llama"],
  [/^(qwen-?3\.5|qwen35)/, "qwen35"],
  [/^qwen-?3-?vl/, "qwen3vl"],
  [/^qwen-?3/, "qwen3"],
  [/^qwen-?2(\.5)?-?vl/, "qwen2vl"],
  [/^(qwen-?(1\.5|2)|qwq)/, "qwen2"],
  [/^qwen/, "qwen"],
  [/^gemma-?4/, "gemma4"],
  [/^gemma-?3n/, "gemma3n"],
  [/^gemma-?3/, "gemma3"],
  [/^gemma-?2/, "gemma2"],
  [/^(code|function)?gemma/, "gemma"],
  [/^smollm-?3/, "smollm3"],
  [/^(tiny|code|meta-)?llama|^smollm|^yi-|^vicuna/, "llama"],
  [/^phi-?[34]/, "phi3"],
  [/^phi/, "phi2"],
  [/^(mi|mini)stral/, "mistral"],
  [/^deepseek/, "deepseek2"],
  [/^internlm-?[23]/, "internlm2"],
  [/^internvl/, "internvl"],
  [/^minicpm/, "minicpm"],
  [/^chatglm/, "chatglm"],
  [/^glm-?4/, "glm4"],
  [/^granite/, "granite"],
  [/^exaone/, "exaone"],
  [/^olmo/, "olmo2"],
  [/^falcon/, "falcon"],
  [/^rwkv/, "rwkv7"],
  [/^telechat/, "telechat"],
];

const KNOWN: ReadonlySet<string> = new Set(FAMILIES.map(([, family]) => family));

/** Whether a name is one of the families that model names tell. */
export function isFamily(name: string): boolean {
  return KNOWN.has(name);
}

/** Families whose version is written apart as often as not: `gemma-3-1b` and `gemma3-1b` are one model. */
const VERSION_APART =
  /^(qwen|gemma|llama|phi|smollm|minicpm|internlm|internvl|granite|exaone|olmo|falcon|mistral|codellama)-(\d{1,2}(?:\.\d{1,2})?n?)(?=-|$)/;

/**
 * Publishers that converters leave in front of the name, `google_gemma-3-1b`. A publisher named like its models
 * (`Qwen_Qwen3`) is told by the repetition instead.
 */
const PUBLISHER =
  /^(?:google|meta-llama|meta|deepseek-ai|microsoft|mistralai|huggingfacetb|openbmb|opengvlab|thudm|zai-org|01-ai|ibm-granite|liquidai|nvidia|allenai|tiiuae|stabilityai|unsloth|baichuan-inc|lgai-exaone|nousresearch)_(?=[a-z])/;

/** The family that a lower-case model name tells, or "unknown". */
export function familyOf(name: string): string {
  return FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? "unknown";
}

/** The name without its publisher; lower case in and out. */
export function withoutPublisher(name: string): string {
  return name
    .replace(PUBLISHER, "")
    .replace(/^([a-z]{3,})_(?=\1)/, "")
    .replace(/^meta-(?=(code)?llama)/, "");
}

/** `gemma-3-1b` as `gemma3-1b`, the way people ask for it; a name that is written so already is unchanged. */
export function withVersionJoined(name: string): string {
  return name.replace(VERSION_APART, "$1$2");
}
