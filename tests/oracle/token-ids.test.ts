/** Token ids and greedy answers against llama.cpp itself. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import * as fc from "fast-check";
import { openGguf } from "../../src/catalog/gguf.ts";
import type { PromptSegment } from "../../src/core/prompt.ts";
import { tokenizerFromGguf } from "../../src/tokenizer/gguf-tokenizer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type TinyGgufOptions, writeTinyGguf } from "../support/tiny-gguf.ts";
import { hasOracle, openOracle, type OracleModel } from "./oracle.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const folder = temporaryFolder();
const SMOLLM2 = resolve(import.meta.dir, "../../models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
const describeWithOracle = describe.skipIf(!hasOracle); // needs `bun install --cwd tests/oracle --frozen-lockfile --omit=optional`

const TEXTS = [
  "",
  " ",
  "   three spaces, then\ttabs\t\tand\n\n\nlines\r\n",
  "the number of people could be 1234567.89 in 2024",
  "I'm sure they'LL say it's 'quoted' don't you",
  "naïve café, Straße, e\u0301 combining, ﬁ ligature",
  "中文字符，日本語カタカナ、한국어。",
  "العربية हिन्दी ไทย Ελληνικά Русский",
  "😀 👨‍👩‍👧 🏳️‍🌈 𝔘𝔫𝔦",
  "const x = (a, b) => { return a[b] ?? `${a}`; } // #!/bin/sh\n\tif (x != 1) { }",
  "<|im_start|>system\nyou are<|im_end|> </s> <s> <unk> <0x0A> <|endoftext|>",
  "zero\0width\u200bnbsp\u00a0ideographic\u3000feff\ufeffnel\u0085",
  "▁lower one eighth block ▁▁ Ġ Ċ",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

const opened: OracleModel[] = [];
afterAll(async () => {
  for (const model of opened) await model.close();
});

function tinyModel(name: string, options: TinyGgufOptions): string {
  const path = join(folder, `${name}.gguf`);
  writeTinyGguf(path, { layers: 1, dim: 32, controlTokens: ["<tool_call>"], userTokens: ["<think>", "</think>"], ...options });
  return path;
}

/** Ids of ours and of llama.cpp for the same segments, without the BOS that goes in front of a prompt. */
async function encoders(path: string): Promise<Record<"ours" | "theirs", (segments: readonly PromptSegment[]) => number[]>> {
  const oracle = await openOracle(path, { vocabOnly: true });
  opened.push(oracle);
  const tokenizer = tokenizerFromGguf(openGguf(path));
  return {
    ours: (segments) => [...tokenizer.encode(segments)].slice(tokenizer.addBos ? 1 : 0),
    theirs: (segments) => oracle.encode(segments),
  };
}

const models: readonly (readonly [string, () => string])[] = [
  ["a SentencePiece vocabulary", () => tinyModel("spm", {})],
  [
    "a SentencePiece vocabulary without space prefix",
    () => tinyModel("spm-bare", { metadata: { "tokenizer.ggml.add_space_prefix": { type: "bool", value: false } } }),
  ],
  ...["default", "gpt-2", "llama-bpe", "qwen2", "qwen35", "smollm", "deepseek-llm", "deepseek-coder", "deepseek-v3"].map(
    (pre) => [`a BPE vocabulary cut as ${pre}`, () => tinyModel(pre, { vocabulary: "bpe", pre })] as const,
  ),
  ...["deepseek-r1-qwen", "tekken", "gpt-4o", "falcon", "command-r", "bailingmoe", "seed-coder", "viking", "minicpm5"].map(
    (pre) => [`a BPE vocabulary cut as ${pre}`, () => tinyModel(pre, { vocabulary: "bpe", pre })] as const,
  ),
  ...(existsSync(SMOLLM2) ? [["SmolLM2", () => SMOLLM2] as const] : []),
];

describeWithOracle.each(models)("token ids of %s", (_, path) => {
  test("equal llama.cpp's for text of every kind", async () => {
    const { ours, theirs } = await encoders(path());
    const ids = (encode: (segments: readonly PromptSegment[]) => number[]): number[][] =>
      TEXTS.map((text) => encode([{ kind: "plain", text }]));
    expect(ids(ours)).toEqual(ids(theirs));
  });

  test("equal llama.cpp's for prompts with control and user-defined tokens", async () => {
    const { ours, theirs } = await encoders(path());
    const prompt: PromptSegment[] = [
      { kind: "control", text: "<|im_start|>" },
      { kind: "plain", text: "user\n the <think> it" },
      { kind: "control", text: "<|im_end|>" },
      { kind: "control", text: "<|im_start|>" },
      { kind: "plain", text: " assistant\n</think>\n\n" },
    ];
    expect(ours(prompt)).toEqual(theirs(prompt));
  });

  test("equal llama.cpp's for random text", async () => {
    const { ours, theirs } = await encoders(path());
    const text = fc
      .array(fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom(...TEXTS, " ", "\n", "'s", "12")))
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (plain) => {
        expect(ours([{ kind: "plain", text: plain }])).toEqual(theirs([{ kind: "plain", text: plain }]));
      }),
    );
  });
});

describeWithOracle("greedy answers", () => {
  const prompt: PromptSegment[] = [
    { kind: "control", text: "<|im_start|>" },
    { kind: "plain", text: "assistant\n" },
  ];

  test.each(["spm", "bpe"] as const)("of a tiny %s model that says something are that text, and end", async (vocabulary) => {
    const says = 'Well then: {"city": "Zürich ☔", "list": [1, 2]}';
    const path = tinyModel(`says-${vocabulary}`, { vocabulary, says, layers: 2, dim: 64 });
    const oracle = await openOracle(path);
    opened.push(oracle);
    expect((await oracle.greedy([...tokenizerFromGguf(openGguf(path)).encode(prompt)], 100)).text).toBe(says);
  });

  test.each(["spm", "bpe"] as const)("of a tiny %s model go on in words, and our bytes spell llama.cpp's text", async (vocabulary) => {
    const path = tinyModel(`random-${vocabulary}`, { vocabulary, layers: 2, dim: 64 });
    const tokenizer = tokenizerFromGguf(openGguf(path));
    const oracle = await openOracle(path);
    opened.push(oracle);
    const { ids, text } = await oracle.greedy([...tokenizer.encode(prompt)], 200);
    const spelled = new TextDecoder().decode(Uint8Array.from(ids.flatMap((id) => [...tokenizer.tokenBytes(id)])));
    expect([ids.length, spelled.trimStart()]).toEqual([200, text.trimStart()]);
    expect(text).toMatch(/(?: [a-z]+){5}/);
  });
});
