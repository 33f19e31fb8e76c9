/**
 * How the families of byte-level BPE cut text into words, by the name that GGUF gives them (`tokenizer.ggml.pre`).
 * The patterns come from the models' own tokenizer.json, in the form in which llama.cpp computes them.
 * source: https://github.com/ggml-org/llama.cpp/blob/master/src/llama-vocab.cpp
 */

/** How one family cuts text. */
export interface NamedPatterns {
  /** Applied one after the other. */
  readonly patterns: readonly string[];
  /** A word that is a token stays whole. */
  readonly wholeWords?: boolean;
  /** BOS goes in front unless the metadata says otherwise. */
  readonly addBos?: boolean;
}

const raw = String.raw;
const APOSTROPHE = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const GPT2 = raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)`;
const SPACES = raw`\s*[\r\n]+|\s+(?!\S)|\s+`;
const LETTERS = raw`[^\r\n\p{L}\p{N}]?\p{L}+`;
/** The rest of the pattern that began with OpenAI's cl100k_base. */
const cl100k = (digits: string, letters: string = LETTERS): string =>
  raw`${APOSTROPHE}|${letters}|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|${SPACES}`;
/** Letters in camel case; `[^\P{L}a-z]` is every letter but a to z. */
const camel = (suffix: string): string =>
  raw`[^\r\n\p{L}\p{N}]?[^\P{L}a-z]*[^\P{L}A-Z]+${suffix}|[^\r\n\p{L}\p{N}]?[^\P{L}a-z]+[^\P{L}A-Z]*${suffix}`;
const CJK = raw`[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+`;
const CJK_HANGUL = raw`[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+`;
const DEEPSEEK_WORDS = raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${"`"}{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|${SPACES}`;
/** Cased letters as DeepSeek lists them. */
const DEEPSEEK_LETTERS =
  raw`A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-` +
  raw`\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-` +
  raw`\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45` +
  raw`\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-` +
  raw`\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128` +
  raw`\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2` +
  raw`\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a` +
  raw`\uff41-\uff5a\u{10400}-\u{1044f}\u{104b0}-\u{104d3}\u{104d8}-\u{104fb}\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-` +
  raw`\u{118df}\u{1e900}-\u{1e943}`;

const GPT2_FAMILY: NamedPatterns = { patterns: [GPT2] };
const SINGLE_DIGITS: NamedPatterns = { patterns: [raw`\p{N}`, GPT2] };
const LLAMA3: NamedPatterns = { patterns: [cl100k(raw`\p{N}{1,3}`)], wholeWords: true, addBos: true };
const QWEN2: NamedPatterns = { patterns: [cl100k(raw`\p{N}`)] };
const GPT4O: NamedPatterns = { patterns: [raw`${camel(`${APOSTROPHE}?`)}|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${SPACES}`] };
const DEEPSEEK_V3: NamedPatterns = { patterns: [raw`\p{N}{1,3}`, CJK, DEEPSEEK_WORDS] };

/** What a file without a name, or with an unknown one, is cut by. */
export const DEFAULT_PATTERNS: NamedPatterns = {
  patterns: [raw`[\p{P}\$\+<=>\^~\|]+`, GPT2, raw`\p{N}+`, "[0-9][0-9][0-9]"],
};

const FAMILIES: readonly (readonly [names: string, NamedPatterns])[] = [
  ["default", DEFAULT_PATTERNS],
  [
    "gpt-2 phi-2 jina-es jina-de jina-v2-es jina-v2-de gigachat a.x-4.0 mellum modern-bert jina-v1-en jina-v2-code roberta-bpe exaone4 mpt olmo jais trillion granite-docling",
    GPT2_FAMILY,
  ],
  ["starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", SINGLE_DIGITS],
  ["llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano", LLAMA3],
  ["dbrx smaug-bpe glm4 chatglm-bpe", { patterns: LLAMA3.patterns }],
  ["qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2", QWEN2],
  ["qwen35", { patterns: [raw`${APOSTROPHE}|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|${SPACES}`] }],
  ["minicpm5", { patterns: [raw`\p{N}{1,3}`, cl100k(raw`\p{N}+`)], wholeWords: true }],
  ["ufakzeka", { patterns: [raw`${LETTERS}|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|${SPACES}`] }],
  ["laguna", { patterns: [raw`[^\n]+|[\n]+`, ...QWEN2.patterns] }],
  [
    "bailingmoe bailingmoe2 llada-moe",
    {
      patterns: [raw`'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|${LETTERS}|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`],
    },
  ],
  ["seed-coder", { patterns: [raw`${APOSTROPHE}|${LETTERS}|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|${SPACES}`] }],
  ["tekken", { patterns: [raw`${camel("")}|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${SPACES}`], wholeWords: true, addBos: true }],
  ["gpt-4o llama4 kanana2 talkie minimax-m2", GPT4O],
  ["falcon", { patterns: [raw`[\p{P}\$\+<=>\^~\|${"`"}]+`, GPT2, "[0-9][0-9][0-9]"] }],
  ["deepseek-v3 hunyuan-dense joyai-llm hy_v4", DEEPSEEK_V3],
  ["deepseek-coder", { patterns: ["[\r\n]", raw`\s?\p{L}+`, raw`\s?\p{P}+`, CJK_HANGUL, raw`\p{N}`] }],
  [
    "deepseek-llm",
    {
      patterns: [
        "[\r\n]",
        raw`\s?[${DEEPSEEK_LETTERS}]+`,
        raw`\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3001-\u3002]+`,
        raw`\s+$`,
        CJK_HANGUL,
        raw`\p{N}+`,
      ],
    },
  ],
  ["poro-chat bloom gpt3-finnish", { patterns: [raw` ?[^(\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+`] }],
  ["viking", { patterns: [raw` ?[^(\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+`, raw`\p{N}`] }],
];

const BY_NAME: ReadonlyMap<string, NamedPatterns> = new Map(
  FAMILIES.flatMap(([names, patterns]) => names.split(" ").map((name) => [name, patterns] as const)),
);

/** The patterns of a pre-tokenizer, undefined for an unknown one. */
export function namedPatterns(name: string): NamedPatterns | undefined {
  return BY_NAME.get(name);
}
