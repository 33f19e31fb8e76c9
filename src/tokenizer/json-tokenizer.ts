/**
 * The tokenizer in a Hugging Face tokenizer.json, with what tokenizer_config.json adds to it.
 * source: https://github.com/huggingface/tokenizers
 */
import { BpeModel } from "./bpe-model.ts";
import { CONTROL_TEXTS } from "./control-texts.ts";
import { arrayOf, invalidJson, isObject, type JsonObject, objectOf, stringOf } from "./json-shape.ts";
import { readWords } from "./json-words.ts";
import { MergeTable } from "./merge-table.ts";
import { PromptTokenizer } from "./prompt-tokenizer.ts";
import type { TextModel } from "./text-model.ts";
import { packTexts, TOKEN_KIND, TokenTable } from "./token-table.ts";
import { UnigramModel } from "./unigram-model.ts";

/** More than any vocabulary has; ids beyond it are damage. */
const VOCABULARY_SIZE_MAX = 1 << 21;

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly isControl: boolean;
  readonly stripsBefore: boolean;
  readonly stripsAfter: boolean;
}

/**
 * Builds the tokenizer of a model from the two files' parsed content; `config` is null where there is no such file.
 * Throws AppError model_file_invalid for what is damaged or not supported.
 */
export function tokenizerFromJson(json: unknown, config: unknown): PromptTokenizer {
  if (!isObject(json) || !isObject(json["model"])) throw invalidJson("has no model in it");
  const model = json["model"];
  const added = arrayOf(json["added_tokens"]).map(readAddedToken);
  const { texts, scores } = readVocabulary(model, added);
  const kinds = new Uint8Array(texts.length).fill(TOKEN_KIND.normal);
  for (const token of added) kinds[token.id] = token.isControl ? TOKEN_KIND.control : TOKEN_KIND.user;
  const tokens = new TokenTable(packTexts(texts), kinds);
  for (const text of CONTROL_TEXTS) {
    const id = tokens.findAny(text);
    if (id >= 0) kinds[id] = TOKEN_KIND.control;
  }
  return new PromptTokenizer({
    tokens,
    model: readModel(json, model, tokens, scores),
    ...readEnds(json, objectOf(config), tokens),
    stripsBefore: new Set(added.filter((token) => token.stripsBefore).map(({ id }) => id)),
    stripsAfter: new Set(added.filter((token) => token.stripsAfter).map(({ id }) => id)),
    notes: [],
  });
}

function readAddedToken(value: unknown): AddedToken {
  const json = objectOf(value);
  const content = stringOf(json["content"]);
  if (content === undefined || content === "") throw invalidJson("has an added token without text");
  return {
    id: readId(json["id"], content),
    content,
    isControl: json["special"] === true || looksLikeControl(content),
    stripsBefore: json["lstrip"] === true,
    stripsAfter: json["rstrip"] === true,
  };
}

/** Some models do not mark as special what begins a turn, such as `<｜User｜>`. */
function looksLikeControl(text: string): boolean {
  return /^<[|｜].*[|｜]>$/u.test(text);
}

function readId(value: unknown, text: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < VOCABULARY_SIZE_MAX) return value;
  throw invalidJson(`gives the token ${JSON.stringify(text)} the id ${JSON.stringify(value)}`);
}

function readVocabulary(model: JsonObject, added: readonly AddedToken[]): { texts: string[]; scores: Float64Array } {
  const vocabulary = model["vocab"];
  const texts: string[] = [];
  const scores: number[] = [];
  if (isObject(vocabulary)) {
    for (const text in vocabulary) texts[readId(vocabulary[text], text)] = text;
  } else {
    for (const entry of arrayOf(vocabulary)) {
      const [text, score] = arrayOf(entry);
      if (typeof text !== "string" || typeof score !== "number") throw invalidJson("has a token without text or score");
      texts.push(text);
      scores.push(score);
    }
  }
  for (const { id, content } of added) texts[id] = content;
  if (texts.length === 0) throw invalidJson("has no vocabulary");
  const whole = Array.from(texts, (text: string | undefined) => text ?? "");
  return { texts: whole, scores: Float64Array.from(scores) };
}

function readModel(json: JsonObject, model: JsonObject, tokens: TokenTable, scores: Float64Array): TextModel {
  const type = stringOf(model["type"]) ?? (Array.isArray(model["vocab"]) ? "Unigram" : "BPE");
  const words = readWords(json);
  if (type === "Unigram") {
    const unknownId = typeof model["unk_id"] === "number" ? model["unk_id"] : 0;
    return new UnigramModel(tokens, { scores, unknownId, byteFallback: model["byte_fallback"] === true, words });
  }
  if (type !== "BPE") throw invalidJson(`has a model of the type "${type}"; BPE and Unigram are supported`);
  for (const key of ["continuing_subword_prefix", "end_of_word_suffix"]) {
    if (typeof model[key] === "string" && model[key] !== "") throw invalidJson(`uses ${key}, which is not supported`);
  }
  return new BpeModel(tokens, readMerges(model["merges"], tokens), {
    byteLevel: mentions(json["pre_tokenizer"], "ByteLevel") || mentions(json["decoder"], "ByteLevel"),
    wholeWords: model["ignore_merges"] === true ? "all" : "none",
    unknownId: tokens.findAny(stringOf(model["unk_token"]) ?? ""),
    words,
  });
}

/** Merges are pairs, or, in older files, strings with a space between the sides. */
function readMerges(value: unknown, tokens: TokenTable): MergeTable {
  const merges = arrayOf(value);
  const table = new MergeTable(tokens, merges.length);
  const encoder = new TextEncoder();
  let bytes = new Uint8Array(4096);
  for (const merge of merges) {
    const [left, right] = typeof merge === "string" ? splitMerge(merge) : arrayOf(merge);
    if (typeof left !== "string" || typeof right !== "string")
      throw invalidJson(`has the merge ${JSON.stringify(merge)}, which is no pair`);
    if (bytes.length < (left.length + right.length) * 3) bytes = new Uint8Array((left.length + right.length) * 3);
    const middle = encoder.encodeInto(left, bytes).written;
    const end = middle + encoder.encodeInto(right, bytes.subarray(middle)).written;
    table.add(bytes, 0, middle, middle, end);
  }
  return table;
}

function splitMerge(merge: string): string[] {
  const space = merge.indexOf(" ", 1);
  return space < 0 ? [] : [merge.slice(0, space), merge.slice(space + 1)];
}

/** Whether a pre-tokenizer or decoder is of a type, or a sequence with one. */
function mentions(value: unknown, type: string): boolean {
  const json = objectOf(value);
  const parts = [...arrayOf(json["pretokenizers"]), ...arrayOf(json["decoders"]), ...arrayOf(json["processors"])];
  return json["type"] === type || parts.some((part) => mentions(part, type));
}

/** BOS and EOS: named by tokenizer_config.json, or put around the text by the post-processor. */
function readEnds(
  json: JsonObject,
  config: JsonObject,
  tokens: TokenTable,
): { bosId: number | null; eosId: number | null; addBos: boolean; textEndId: number | null } {
  const idOf = (text: string | undefined): number | null => {
    const id = text === undefined || text === "" ? -1 : tokens.findAny(text);
    return id < 0 ? null : id;
  };
  const named = (key: string): string | undefined => stringOf(config[key]) ?? stringOf(objectOf(config[key])["content"]);
  const leading = addedToken(json["post_processor"], 0);
  const eosId = idOf(named("eos_token"));
  const addBos = typeof config["add_bos_token"] === "boolean" ? config["add_bos_token"] : leading !== undefined;
  const textEndId = config["add_eos_token"] === true ? eosId : idOf(addedToken(json["post_processor"], -1));
  return { bosId: idOf(named("bos_token")) ?? idOf(leading), eosId, addBos, textEndId };
}

/**
 * The special token that a post-processor puts around a text.
 * @param place 0: the one in front, -1: the one behind
 */
function addedToken(value: unknown, place: 0 | -1): string | undefined {
  const json = objectOf(value);
  if (json["type"] === "Sequence")
    return arrayOf(json["processors"])
      .map((processor) => addedToken(processor, place))
      .find((text) => text !== undefined);
  if (json["type"] !== "TemplateProcessing") return undefined;
  return stringOf(objectOf(objectOf(arrayOf(json["single"]).at(place))["SpecialToken"])["id"]);
}
