import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import * as fc from "fast-check";
import { openGguf } from "../../../src/catalog/gguf.ts";
import type { PromptSegment } from "../../../src/core/prompt.ts";
import { tokenizerFromGguf } from "../../../src/tokenizer/gguf-tokenizer.ts";
import type { PromptTokenizer } from "../../../src/tokenizer/prompt-tokenizer.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { type TinyGgufOptions, writeTinyGguf } from "../../support/tiny-gguf.ts";

const folder = temporaryFolder();
const SMALL: TinyGgufOptions = { layers: 1, dim: 32 };

function tiny(options: TinyGgufOptions = {}): PromptTokenizer {
  const path = join(folder, "tiny.gguf");
  writeTinyGguf(path, { ...SMALL, ...options });
  return tokenizerFromGguf(openGguf(path));
}

const spm = tiny();
const bpe = tiny({ vocabulary: "bpe" });

const plain = (text: string): PromptSegment => ({ kind: "plain", text });
const control = (text: string): PromptSegment => ({ kind: "control", text });

/** The tokens of a prompt as text, one string each. */
function pieces(tokenizer: PromptTokenizer, ...segments: PromptSegment[]): string[] {
  return Array.from(tokenizer.encode(segments), (id) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(tokenizer.tokenBytes(id)));
}

function decode(tokenizer: PromptTokenizer, ids: Iterable<number>): string {
  const bytes = Array.from(ids).flatMap((id) => [...tokenizer.tokenBytes(id)]);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

describe("a SentencePiece vocabulary", () => {
  test("puts BOS and a space in front, merges words, and spells what it lacks in bytes", () => {
    expect(pieces(spm, plain("the number é"))).toEqual(["<s>", " the", " number", " ", "\ufffd", "\ufffd"]);
  });

  test("puts a space after every control token", () => {
    const ids = pieces(spm, control("<|im_start|>"), plain("the"), control("<|im_end|>"), plain("the"));
    expect(ids).toEqual(["<s>", "<|im_start|>", " the", "<|im_end|>", " the"]);
  });

  test("puts no space where the file says so", () => {
    const tokenizer = tiny({ metadata: { "tokenizer.ggml.add_space_prefix": { type: "bool", value: false } } });
    expect(pieces(tokenizer, plain("the number"))).toEqual(["<s>", "t", "h", "e", " number"]);
  });

  test("does not repeat a BOS that the prompt begins with", () => {
    expect(pieces(spm, control("<s>"), plain("the"))).toEqual(["<s>", " the"]);
  });

  test("puts no BOS in front where the file says so", () => {
    const tokenizer = tiny({ metadata: { "tokenizer.ggml.add_bos_token": { type: "bool", value: false } } });
    expect([tokenizer.addBos, pieces(tokenizer, plain("the"))]).toEqual([false, [" the"]]);
  });

  test("names the end that a text to be embedded gets, where the file asks for one", () => {
    const asks = (value: boolean) => tiny({ metadata: { "tokenizer.ggml.add_eos_token": { type: "bool", value } } });
    expect([spm.textEndId, asks(false).textEndId, asks(true).textEndId]).toEqual([null, null, spm.eosId]);
  });

  test("joins neighbouring plain segments, so that a word may cross them", () => {
    expect(pieces(spm, plain("the num"), plain("ber"))).toEqual(["<s>", " the", " number"]);
  });

  test("gives an empty prompt its BOS only", () => {
    expect([pieces(spm), pieces(spm, plain(""))]).toEqual([["<s>"], ["<s>"]]);
  });
});

describe("a byte-level vocabulary", () => {
  test("cuts words by its pattern and merges bytes by rank", () => {
    expect(pieces(bpe, plain("the number 12 é"))).toEqual(["t", "h", "e", " number", " ", "1", "2", " ", "\ufffd", "\ufffd"]);
  });

  test("puts nothing in front", () => {
    expect([bpe.addBos, bpe.bosToken, bpe.eosToken, pieces(bpe, control("<|im_start|>"), plain("a"))]).toEqual([
      false,
      "<|endoftext|>",
      "<|im_end|>",
      ["<|im_start|>", "a"],
    ]);
  });

  test("keeps a word that begins with U+FEFF apart from the word without it", () => {
    expect([pieces(bpe, plain("\ufeffx")).join("").length, pieces(bpe, plain("x"))]).toEqual([4, ["x"]]);
  });
});

describe.each([
  ["SentencePiece", spm, " "],
  ["byte-level", bpe, ""],
])("any text in a %s vocabulary", (_, tokenizer, prefix) => {
  const controls = tokenizer.controlTokens;
  const idsOfControls = new Set(controls.map((text) => tokenizer.encode([control(text)]).at(-1)));
  const anyText = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "binary" }),
    fc.constantFrom(...controls, "<|im_", "start|>"),
  );

  test("comes back from its tokens, with U+FFFD for lone surrogates", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = tokenizer.encode([plain(text)]).slice(tokenizer.addBos ? 1 : 0);
        expect(decode(tokenizer, ids)).toBe(text === "" ? "" : prefix + text.toWellFormed());
      }),
    );
  });

  test("never becomes a control token, however it is cut", () => {
    fc.assert(
      fc.property(fc.array(anyText), (texts) => {
        const ids = tokenizer.encode(texts.map(plain)).slice(tokenizer.addBos ? 1 : 0);
        expect(ids.some((id) => idsOfControls.has(id))).toBe(false);
      }),
    );
  });

  test("is the same tokens however it is cut into plain segments", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(), (text, at) => {
        const cut = at % (text.length + 1);
        // Between surrogates there is no text to cut.
        fc.pre(text.slice(0, cut).isWellFormed());
        expect(tokenizer.encode([plain(text.slice(0, cut)), plain(text.slice(cut))])).toEqual(tokenizer.encode([plain(text)]));
      }),
    );
  });

  test("of 200,000 equal letters is tokenized in linear time", () => {
    expect(decode(tokenizer, tokenizer.encode([plain("x".repeat(200_000))]).slice(tokenizer.addBos ? 1 : 0))).toHaveLength(
      200_000 + prefix.length,
    );
  });
});

describe("special tokens", () => {
  test("are listed longest first, and their ids are those of the file", () => {
    expect(spm.controlTokens).toEqual(["<|im_start|>", "<|im_end|>", "</s>", "<s>"]);
    expect([spm.bosId, spm.eosToken, spm.eosId]).toEqual([1, "<|im_end|>", spm.encode([control("<|im_end|>")]).at(-1) ?? null]);
  });

  test("of the user-defined kind are found in client text, the longest first", () => {
    const tokenizer = tiny({ userTokens: ["<think>", "<think>\n", "zz"] });
    expect(pieces(tokenizer, plain("a<think>\nzzb"))).toEqual(["<s>", " a", "<think>\n", "zz", " b"]);
  });

  test("that end a turn are control tokens even where the file calls them user-defined", () => {
    const tokenizer = tiny({ userTokens: ["<end_of_turn>"] });
    expect(tokenizer.controlTokens).toContain("<end_of_turn>");
    expect(pieces(tokenizer, plain("<end_of_turn>"))).not.toContain("<end_of_turn>");
  });

  test("that the vocabulary lacks are plain text", () => {
    expect(pieces(bpe, control("<|eot|>")).join("")).toBe("<|eot|>");
  });

  test("of Phi-3 swallow the white space after them", () => {
    const tokenizer = tiny({ name: "Phi-3 mini", controlTokens: ["<|user|>"] });
    expect(pieces(tokenizer, control("<|user|>"), plain("\n the"), control("<s>"), plain("\n"))).toEqual([
      "<s>",
      "<|user|>",
      " the",
      "<s>",
      " ",
      "\n",
    ]);
  });
});

describe("pre-tokenizers", () => {
  test.each(["gpt-2", "llama-bpe", "qwen2", "qwen35", "smollm", "deepseek-llm", "deepseek-v3", "deepseek-r1-qwen", "tekken", "gpt-4o"])(
    "%s is known",
    (pre) => {
      const tokenizer = tiny({ vocabulary: "bpe", pre });
      expect([tokenizer.notes, decode(tokenizer, tokenizer.encode([plain("a\n b")]).slice(tokenizer.addBos ? 1 : 0))]).toEqual([
        [],
        "a\n b",
      ]);
    },
  );

  test("an unknown one is replaced by the default, with a note", () => {
    const tokenizer = tiny({ vocabulary: "bpe", pre: "next-year" });
    expect([tokenizer.notes, pieces(tokenizer, plain(" the"))]).toEqual([
      [
        'The model\'s file names the pre-tokenizer "next-year", which is not known here: text is cut into words by the default rule, ' +
          "and token counts and answers may suffer.",
      ],
      [" the"],
    ]);
  });

  test("decide whether BOS goes in front where the file is silent", () => {
    const pieceOf = (pre: string): string[] =>
      pieces(tiny({ vocabulary: "bpe", pre, metadata: { "tokenizer.ggml.add_bos_token": null } }), plain("a"));
    expect([pieceOf("llama-bpe"), pieceOf("qwen2")]).toEqual([["<|endoftext|>", "a"], ["a"]]);
  });
});

describe("a vocabulary that cannot be used", () => {
  test.each<[string, TinyGgufOptions, string]>([
    ["without tokens", { metadata: { "tokenizer.ggml.tokens": null } }, "has no vocabulary."],
    [
      "of an unknown kind",
      { metadata: { "tokenizer.ggml.model": { type: "string", value: "bert" } } },
      'has a vocabulary of the kind "bert"; "llama", "gpt2" and "gemma4" are supported.',
    ],
    [
      "with too few types",
      { metadata: { "tokenizer.ggml.token_type": { type: "i32[]", value: [1, 1] } } },
      `has ${spm.vocabSize} tokens and types for 2 only.`,
    ],
    [
      "with too few scores",
      { metadata: { "tokenizer.ggml.scores": { type: "f32[]", value: [1] } } },
      `has ${spm.vocabSize} tokens and scores for 1 only.`,
    ],
    ["without merges", { vocabulary: "bpe", metadata: { "tokenizer.ggml.merges": null } }, "has no merges in its vocabulary."],
    [
      "with a merge of one side",
      { vocabulary: "bpe", metadata: { "tokenizer.ggml.merges": { type: "string[]", value: ["ab"] } } },
      'has the merge "ab", which is no pair.',
    ],
  ])("is refused %s", (_, options, fault) => {
    expect(() => tiny(options)).toThrow(`${join(folder, "tiny.gguf")} ${fault} Convert or download the model again.`);
  });
});
