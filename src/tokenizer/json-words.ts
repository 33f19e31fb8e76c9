/** What a tokenizer.json does to text before the vocabulary sees it: normalizers change it, pre-tokenizers cut it into words. */
import { arrayOf, invalidJson, type JsonObject, objectOf, stringOf } from "./json-shape.ts";
import { literalPattern, splitPattern } from "./split-pattern.ts";
import { SPACE_MARK, type TextPlace } from "./text-model.ts";
import { type SplitRule, splitWords } from "./word-split.ts";

type Normalizer = (text: string) => string;
type Cutter = (words: readonly string[], place: TextPlace) => readonly string[];

/** source: https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/pre_tokenizers/byte_level.rs */
const BYTE_LEVEL_PATTERN = String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const PUNCTUATION_PATTERN = "[!-/:-@\\[-`{-~\\p{P}]";

const BEHAVIORS: Readonly<Record<string, NonNullable<SplitRule["matches"]>>> = {
  Isolated: "isolated",
  Removed: "removed",
  MergedWithPrevious: "joinPrevious",
  MergedWithNext: "joinNext",
  Contiguous: "contiguous",
};

/** The way from a text to words. Throws AppError model_file_invalid for what is not supported. */
export function readWords(json: JsonObject): (text: string, place: TextPlace) => readonly string[] {
  const normalize = readNormalizer(json["normalizer"]);
  const cut = readCutter(json["pre_tokenizer"]);
  return (text, place) => {
    const normalized = normalize(text);
    return normalized === "" ? [] : cut([normalized], place);
  };
}

function readNormalizer(value: unknown): Normalizer {
  if (value === null || value === undefined) return (text) => text;
  const json = objectOf(value);
  const type = stringOf(json["type"]) ?? "";
  switch (type) {
    case "Sequence": {
      const steps = arrayOf(json["normalizers"]).map(readNormalizer);
      return (text) => steps.reduce((changed, step) => step(changed), text);
    }
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      return (text) => text.normalize(type);
    case "Precompiled":
      // SentencePiece's own table, which is NFKC with small differences in control characters.
      return (text) => text.normalize("NFKC");
    case "Lowercase":
      return (text) => text.toLowerCase();
    case "Strip":
      return (text) => text.trim();
    case "Prepend": {
      const prefix = stringOf(json["prepend"]) ?? "";
      return (text) => (text === "" ? "" : prefix + text);
    }
    case "Replace": {
      const pattern = readPattern(json["pattern"]);
      const content = stringOf(json["content"]) ?? "";
      return (text) => text.replace(pattern, () => content);
    }
    default:
      throw invalidJson(`asks for the normalizer "${type}", which is not supported`);
  }
}

function readCutter(value: unknown): Cutter {
  if (value === null || value === undefined) return (words) => words;
  const json = objectOf(value);
  const type = stringOf(json["type"]) ?? "";
  switch (type) {
    case "Sequence": {
      const steps = arrayOf(json["pretokenizers"]).map(readCutter);
      return (words, place) => steps.reduce((cut, step) => step(cut, place), words);
    }
    case "Split":
      return cutBy({ pattern: readPattern(json["pattern"]), ...readBehavior(json), inverted: json["invert"] === true });
    case "ByteLevel":
      return readByteLevel(json);
    case "Digits":
      return cutBy({ pattern: /\p{N}/gu, matches: json["individual_digits"] === true ? "isolated" : "contiguous" });
    case "Punctuation":
      return cutBy({ pattern: new RegExp(PUNCTUATION_PATTERN, "gu"), ...readBehavior(json) });
    case "WhitespaceSplit":
      return cutBy({ pattern: splitPattern(String.raw`\s+`), matches: "removed" });
    case "Metaspace":
      return readMetaspace(json);
    default:
      throw invalidJson(`asks for the pre-tokenizer "${type}", which is not supported`);
  }
}

function cutBy(rule: SplitRule): Cutter {
  return (words) => words.flatMap((word) => splitWords(word, [rule]));
}

function readByteLevel(json: JsonObject): Cutter {
  const cut = json["use_regex"] === false ? (words: readonly string[]) => words : cutBy({ pattern: splitPattern(BYTE_LEVEL_PATTERN) });
  if (json["add_prefix_space"] !== true) return cut;
  return (words, place) =>
    cut(
      words.map((word) => (/^\s/u.test(word) ? word : ` ${word}`)),
      place,
    );
}

function readMetaspace(json: JsonObject): Cutter {
  const mark = stringOf(json["replacement"]) ?? SPACE_MARK;
  const scheme = stringOf(json["prepend_scheme"]) ?? (json["add_prefix_space"] === false ? "never" : "always");
  const split = json["split"] === false ? null : cutBy({ pattern: literalPattern(mark), matches: "joinNext" });
  return (words, place) => {
    const marked = words.map((word, index) => {
      const spelled = word.replaceAll(" ", mark);
      const prefixed = scheme === "always" || (scheme === "first" && place.first && index === 0);
      return prefixed && !spelled.startsWith(mark) ? mark + spelled : spelled;
    });
    return split === null ? marked : split(marked, place);
  };
}

function readBehavior(json: JsonObject): { readonly matches: NonNullable<SplitRule["matches"]> } {
  const name = stringOf(json["behavior"]) ?? "Isolated";
  const matches = BEHAVIORS[name];
  if (matches === undefined) throw invalidJson(`asks for the unknown split behavior "${name}"`);
  return { matches };
}

function readPattern(value: unknown): RegExp {
  const json = objectOf(value);
  const literal = stringOf(json["String"]) ?? stringOf(value);
  if (literal !== undefined) return literalPattern(literal);
  const source = stringOf(json["Regex"]) ?? "";
  try {
    return splitPattern(source);
  } catch (error) {
    throw invalidJson(`cuts text by a pattern that cannot be read (${String(error)})`);
  }
}
