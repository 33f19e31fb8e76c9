import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PromptSegment } from "../../../src/core/prompt.ts";
import { spellBytes } from "../../../src/tokenizer/byte-level.ts";
import { tokenizerFromJson } from "../../../src/tokenizer/json-tokenizer.ts";
import { loadTokenizer } from "../../../src/tokenizer/load.ts";
import type { PromptTokenizer } from "../../../src/tokenizer/prompt-tokenizer.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const plain = (text: string): PromptSegment => ({ kind: "plain", text });
const control = (text: string): PromptSegment => ({ kind: "control", text });

function pieces(tokenizer: PromptTokenizer, ...segments: PromptSegment[]): string[] {
  return Array.from(tokenizer.encode(segments), (id) => new TextDecoder().decode(tokenizer.tokenBytes(id)));
}

const bytes = Array.from({ length: 256 }, (_, byte) => spellBytes(Uint8Array.of(byte)));
const hexBytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
const vocabularyOf = (texts: readonly string[]): Record<string, number> => Object.fromEntries(texts.map((text, id) => [text, id]));
const added = (id: number, content: string, special: boolean, more: object = {}): object => ({ id, content, special, ...more });

/** Byte-level BPE as in Qwen. */
const byteLevel = {
  added_tokens: [
    added(260, "<|im_start|>", true),
    added(261, "<|im_end|>", true),
    added(262, "<think>", false),
    added(263, "<｜User｜>", false),
    added(264, "<mask>", true, { lstrip: true, rstrip: true }),
  ],
  normalizer: { type: "NFC" },
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern: { Regex: String.raw`(?i:'s)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}|\s+` }, behavior: "Isolated", invert: false },
      { type: "ByteLevel", add_prefix_space: false, use_regex: false },
    ],
  },
  decoder: { type: "ByteLevel" },
  model: {
    type: "BPE",
    vocab: vocabularyOf(
      [...bytes, "Ġt", "Ġth", "Ġthe", "é"].map((text, id) => (id === 259 ? spellBytes(new TextEncoder().encode("é")) : text)),
    ),
    merges: ["Ġ t", "Ġt h", "Ġth e", `${spellBytes(Uint8Array.of(0xc3))} ${spellBytes(Uint8Array.of(0xa9))}`],
  },
};

/** Characters with merges and byte tokens, as Llama 2 and Gemma are converted. */
const textBpe = {
  added_tokens: [added(0, "<unk>", true), added(1, "<s>", true), added(2, "</s>", true)],
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "Prepend", prepend: "▁" },
      { type: "Replace", pattern: { String: " " }, content: "▁" },
    ],
  },
  pre_tokenizer: null,
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
  },
  model: {
    type: "BPE",
    byte_fallback: true,
    unk_token: "<unk>",
    vocab: vocabularyOf(["<unk>", "<s>", "</s>", ...hexBytes, "▁", "a", "b", "▁a", "▁ab"]),
    merges: [
      ["▁", "a"],
      ["▁a", "b"],
    ],
  },
};

const unigram = {
  added_tokens: [added(0, "<unk>", true)],
  normalizer: { type: "Precompiled", precompiled_charsmap: "" },
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always" },
  model: {
    type: "Unigram",
    unk_id: 0,
    vocab: [
      ["<unk>", 0],
      ["▁", -3],
      ["a", -3],
      ["b", -3],
      ["ab", -4],
      ["▁a", -3.5],
      ["▁ab", -9],
    ],
  },
};

describe("byte-level BPE", () => {
  const tokenizer = tokenizerFromJson(byteLevel, { bos_token: null, eos_token: { content: "<|im_end|>" }, add_bos_token: false });

  test("normalizes, cuts and merges", () => {
    expect(pieces(tokenizer, plain("e\u0301 the1"))).toEqual(["é", " the", "1"]);
  });

  test("takes its ends from tokenizer_config.json", () => {
    expect([tokenizer.addBos, tokenizer.bosToken, tokenizer.eosToken, tokenizer.vocabSize]).toEqual([false, null, "<|im_end|>", 265]);
  });

  test("finds added tokens that are not special in any text", () => {
    expect(pieces(tokenizer, plain(" the<think> the"))).toEqual([" the", "<think>", " the"]);
  });

  test("takes what looks like a control token for one, whatever the file says", () => {
    expect(tokenizer.controlTokens).toEqual(["<|im_start|>", "<|im_end|>", "<｜User｜>", "<mask>"]);
    expect([pieces(tokenizer, control("<｜User｜>")), pieces(tokenizer, plain("<｜User｜>")).includes("<｜User｜>")]).toEqual([
      ["<｜User｜>"],
      false,
    ]);
  });

  test("lets a token swallow the white space around it", () => {
    expect(pieces(tokenizer, plain(" the \n"), control("<mask>"), plain("  the"))).toEqual([" the", "<mask>", "t", "h", "e"]);
  });

  test("keeps words whole that are tokens, where the model ignores merges", () => {
    const model = { ...byteLevel.model, merges: [], ignore_merges: true };
    expect([
      pieces(tokenizerFromJson({ ...byteLevel, model }, null), plain(" the")),
      pieces(tokenizerFromJson({ ...byteLevel, model: { ...model, ignore_merges: false } }, null), plain(" th")),
    ]).toEqual([[" the"], [" ", "t", "h"]]);
  });
});

describe("BPE with byte tokens", () => {
  const tokenizer = tokenizerFromJson(textBpe, null);

  test("merges characters and spells the unknown ones in bytes", () => {
    expect(pieces(tokenizer, plain("ab a\n"))).toEqual(["<s>", " ab", " a", "\n"]);
  });

  test("puts the mark after every control token", () => {
    expect(pieces(tokenizer, control("<s>"), plain("a"), control("</s>"), plain("ab"))).toEqual(["<s>", " a", "</s>", " ab"]);
  });

  test("takes BOS from the post-processor, unless tokenizer_config.json says no", () => {
    const without = tokenizerFromJson(textBpe, { add_bos_token: false, bos_token: "<s>" });
    expect([tokenizer.addBos, tokenizer.bosToken, without.addBos, without.bosId]).toEqual([true, "<s>", false, 1]);
  });

  test("takes the end of a text to be embedded from the post-processor, or from tokenizer_config.json", () => {
    const single = [{ SpecialToken: { id: "<s>" } }, { Sequence: { id: "A" } }, { SpecialToken: { id: "</s>" } }];
    const ending = { ...textBpe, post_processor: { type: "Sequence", processors: [{ type: "TemplateProcessing", single }] } };
    const told = tokenizerFromJson(textBpe, { add_eos_token: true, eos_token: "</s>" });
    expect([tokenizer.textEndId, tokenizerFromJson(ending, null).textEndId, told.textEndId]).toEqual([null, 2, 2]);
  });

  test("falls back to the unknown token where byte tokens are missing", () => {
    const model = { ...textBpe.model, vocab: vocabularyOf(["<unk>", "<s>", "</s>", "▁", "a"]), merges: [] };
    expect(pieces(tokenizerFromJson({ ...textBpe, model }, null), plain("aé"))).toEqual(["<s>", " ", "a", "<unk>"]);
  });
});

describe("Metaspace", () => {
  const scheme = (prepend_scheme: string): PromptTokenizer =>
    tokenizerFromJson({ ...unigram, pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme } }, null);

  test.each([
    ["always", [" a", "<unk>", " a"]],
    ["first", [" a", "<unk>", "a"]],
    ["never", ["a", "<unk>", "a"]],
  ])("with the scheme %s prepends its mark accordingly", (name, expected) => {
    expect(pieces(scheme(name), plain("a"), control("<unk>"), plain("a"))).toEqual(expected);
  });
});

describe("Unigram", () => {
  const tokenizer = tokenizerFromJson(unigram, null);

  test("chooses the spelling with the best score", () => {
    expect([pieces(tokenizer, plain("ab")), pieces(tokenizer, plain("ａb"))]).toEqual([
      [" a", "b"],
      [" a", "b"],
    ]);
  });

  test("makes one unknown token of neighbouring unknown characters", () => {
    expect(pieces(tokenizer, plain("ayzb"))).toEqual([" a", "<unk>", "b"]);
  });
});

describe("a tokenizer.json that cannot be used", () => {
  const change = (model: object): object => ({ ...textBpe, model: { ...textBpe.model, ...model } });

  test.each<[string, unknown, string]>([
    ["is no object", [], "has no model in it."],
    ["has no vocabulary", { model: { type: "BPE" } }, "has no vocabulary."],
    ["is WordPiece", change({ type: "WordPiece" }), 'has a model of the type "WordPiece"; BPE and Unigram are supported.'],
    ["marks the ends of words", change({ end_of_word_suffix: "</w>" }), "uses end_of_word_suffix, which is not supported."],
    ["has a bad id", change({ vocab: { a: -1 } }), 'gives the token "a" the id -1.'],
    ["has a huge id", change({ vocab: { a: 1e12 } }), 'gives the token "a" the id 1000000000000.'],
    ["has a merge of one side", change({ merges: ["ab"] }), 'has the merge "ab", which is no pair.'],
    ["has an added token without text", { ...textBpe, added_tokens: [{ id: 5 }] }, "has an added token without text."],
    [
      "has an unknown normalizer",
      { ...textBpe, normalizer: { type: "BertNormalizer" } },
      'asks for the normalizer "BertNormalizer", which is not supported.',
    ],
    [
      "has an unknown pre-tokenizer",
      { ...textBpe, pre_tokenizer: { type: "UnicodeScripts" } },
      'asks for the pre-tokenizer "UnicodeScripts", which is not supported.',
    ],
    [
      "has a pattern nobody can read",
      { ...textBpe, pre_tokenizer: { type: "Split", pattern: { Regex: "(" }, behavior: "Isolated" } },
      "cuts text by a pattern that cannot be read (SyntaxError: Invalid regular expression: missing )).",
    ],
  ])("is refused when it %s", (_, json, fault) => {
    expect(() => tokenizerFromJson(json, null)).toThrow(`The model's tokenizer.json ${fault}`);
  });
});

describe("loadTokenizer", () => {
  const folder = temporaryFolder();
  const path = join(folder, "model.rkllm");

  test("reads the files beside the weights", async () => {
    const tokenizer = join(folder, "tokenizer.json");
    const tokenizerConfig = join(folder, "tokenizer_config.json");
    writeFileSync(tokenizer, JSON.stringify(byteLevel));
    writeFileSync(tokenizerConfig, JSON.stringify({ eos_token: "<|im_end|>" }));
    const loaded = await loadTokenizer({ path, format: "rkllm", sidecars: { tokenizer, tokenizerConfig } });
    expect([loaded?.eosToken, loaded?.vocabSize]).toEqual(["<|im_end|>", 265]);
  });

  test("is null where there is none", async () => {
    expect(await loadTokenizer({ path, format: "rkllm", sidecars: {} })).toBeNull();
  });

  test("names a file that is no JSON", async () => {
    const tokenizer = join(folder, "damaged.json");
    writeFileSync(tokenizer, '{"model":');
    expect(loadTokenizer({ path, format: "rkllm", sidecars: { tokenizer } })).rejects.toThrow(`${tokenizer} cannot be read: SyntaxError`);
  });
});
