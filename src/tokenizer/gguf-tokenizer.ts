/** The tokenizer that lies in a GGUF file's metadata. Defaults where metadata is silent are llama.cpp's. */
import type { GgufFile, GgufStrings } from "../catalog/gguf.ts";
import { AppError } from "../core/errors.ts";
import { BpeModel } from "./bpe-model.ts";
import { CONTROL_TEXTS } from "./control-texts.ts";
import { MergeTable } from "./merge-table.ts";
import { DEFAULT_PATTERNS, type NamedPatterns, namedPatterns } from "./named-patterns.ts";
import { PromptTokenizer } from "./prompt-tokenizer.ts";
import { splitPattern } from "./split-pattern.ts";
import { SpmModel } from "./spm-model.ts";
import { SPACE_MARK, type TextModel } from "./text-model.ts";
import { TOKEN_KIND, TokenTable } from "./token-table.ts";
import { splitWords } from "./word-split.ts";

/** A U+FEFF at the beginning is text like any other. */
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const SPACE = 0x20;
const NONE: ReadonlySet<number> = new Set();

/** What depends on the kind of vocabulary. */
interface VocabularyModel {
  readonly model: TextModel;
  readonly addBos: boolean;
  readonly bosId: number | null;
  readonly eosId: number | null;
  readonly notes: readonly string[];
}

/**
 * Builds the tokenizer of a GGUF file; the file's head may be given up afterwards.
 * Throws AppError model_file_invalid where the vocabulary is missing, damaged or of a kind that is not supported.
 */
export function tokenizerFromGguf(gguf: GgufFile): PromptTokenizer {
  const tokens = readTokens(gguf);
  const { model, addBos, bosId, eosId, notes } = readModel(gguf, tokens);
  const named = (key: string, byDefault: number | null): number | null => {
    const id = gguf.number(`tokenizer.ggml.${key}_token_id`) ?? byDefault;
    return id !== null && id >= 0 && id < tokens.size ? id : null;
  };
  const eos = named("eos", eosId);
  return new PromptTokenizer({
    tokens,
    model,
    bosId: named("bos", bosId),
    eosId: eos,
    addBos: gguf.boolean("tokenizer.ggml.add_bos_token") ?? addBos,
    textEndId: gguf.boolean("tokenizer.ggml.add_eos_token") === true ? eos : null,
    stripsBefore: NONE,
    stripsAfter: strippingTokens(gguf, tokens),
    notes,
  });
}

function readTokens(gguf: GgufFile): TokenTable {
  const texts = gguf.strings("tokenizer.ggml.tokens");
  if (texts === undefined || texts.count === 0) throw invalid(gguf, "has no vocabulary");
  const kinds = new Uint8Array(texts.count).fill(TOKEN_KIND.normal);
  const types = gguf.numbers("tokenizer.ggml.token_type");
  if (types !== undefined) {
    if (types.length < texts.count) throw invalid(gguf, `has ${texts.count} tokens and types for ${types.length} only`);
    kinds.set(types.subarray(0, texts.count));
  }
  const tokens = new TokenTable(texts, kinds);
  for (const text of CONTROL_TEXTS) {
    const id = tokens.findAny(text);
    if (id >= 0) kinds[id] = TOKEN_KIND.control;
  }
  return tokens;
}

function readModel(gguf: GgufFile, tokens: TokenTable): VocabularyModel {
  const kind = gguf.string("tokenizer.ggml.model") ?? "";
  switch (kind) {
    case "llama":
      return { model: readSpm(gguf, tokens), addBos: true, bosId: 1, eosId: 2, notes: [] };
    case "gpt2":
      return readByteLevelBpe(gguf, tokens);
    case "gemma4":
      return { model: readTextBpe(gguf, tokens), addBos: true, bosId: null, eosId: null, notes: [] };
    default:
      throw invalid(gguf, `has a vocabulary of the kind "${kind}"; "llama", "gpt2" and "gemma4" are supported`);
  }
}

function readSpm(gguf: GgufFile, tokens: TokenTable): SpmModel {
  const scores = gguf.numbers("tokenizer.ggml.scores") ?? new Float32Array(tokens.size);
  if (scores.length < tokens.size) throw invalid(gguf, `has ${tokens.size} tokens and scores for ${scores.length} only`);
  return new SpmModel(tokens, {
    scores: scores instanceof Float32Array ? scores : Float32Array.from(scores),
    addSpacePrefix: gguf.boolean("tokenizer.ggml.add_space_prefix") ?? true,
    unknownId: gguf.number("tokenizer.ggml.unknown_token_id") ?? 0,
  });
}

function readByteLevelBpe(gguf: GgufFile, tokens: TokenTable): VocabularyModel {
  const name = gguf.string("tokenizer.ggml.pre") ?? "";
  const family: NamedPatterns = namedPatterns(name === "" ? "default" : name) ?? DEFAULT_PATTERNS;
  const notes = namedPatterns(name) === undefined ? [preTokenizerNote(name)] : [];
  const rules = family.patterns.map((pattern) => ({ pattern: splitPattern(pattern) }));
  const model = new BpeModel(tokens, readMerges(gguf, tokens), {
    byteLevel: true,
    wholeWords: family.wholeWords === true ? "all" : "none",
    unknownId: -1,
    words: (text) => splitWords(text, rules),
  });
  return { model, addBos: family.addBos ?? false, bosId: null, eosId: null, notes };
}

function readTextBpe(gguf: GgufFile, tokens: TokenTable): BpeModel {
  const rules = [{ pattern: /[^\n]+|\n+/gu }];
  return new BpeModel(tokens, readMerges(gguf, tokens), {
    byteLevel: false,
    wholeWords: "newlines",
    unknownId: -1,
    words: (text) => splitWords(text.replaceAll(" ", SPACE_MARK), rules),
  });
}

function preTokenizerNote(name: string): string {
  const which = name === "" ? "names no pre-tokenizer" : `names the pre-tokenizer "${name}", which is not known here`;
  return `The model's file ${which}: text is cut into words by the default rule, and token counts and answers may suffer.`;
}

function readMerges(gguf: GgufFile, tokens: TokenTable): MergeTable {
  const merges: GgufStrings | undefined = gguf.strings("tokenizer.ggml.merges");
  if (merges === undefined) throw invalid(gguf, "has no merges in its vocabulary");
  const table = new MergeTable(tokens, merges.count);
  const { bytes, starts, gap } = merges;
  for (let rank = 0; rank < merges.count; rank++) {
    const start = starts[rank] ?? 0;
    const end = (starts[rank + 1] ?? 0) - gap;
    // A space can be the first character of the left side, never the separator.
    const space = bytes.subarray(0, end).indexOf(SPACE, start + 1);
    if (space < 0) throw invalid(gguf, `has the merge ${JSON.stringify(DECODER.decode(bytes.subarray(start, end)))}, which is no pair`);
    table.add(bytes, start, space, space + 1, end);
  }
  return table;
}

/** Phi-3's special tokens swallow the white space after them; its files do not say so. */
function strippingTokens(gguf: GgufFile, tokens: TokenTable): ReadonlySet<number> {
  if (!/phi-?3/i.test(gguf.string("general.name") ?? "")) return NONE;
  const ids = new Set<number>();
  const keep = new Set(["<unk>", "<s>", "<|endoftext|>"]);
  for (let id = 0; id < tokens.size; id++) {
    const kind = tokens.kinds[id];
    if (kind !== TOKEN_KIND.control && kind !== TOKEN_KIND.user && kind !== TOKEN_KIND.unknown) continue;
    if (!keep.has(tokens.text(id))) ids.add(id);
  }
  return ids;
}

function invalid(gguf: GgufFile, fault: string): AppError {
  return new AppError("model_file_invalid", `${gguf.path} ${fault}. Convert or download the model again.`);
}
