import { expect, test } from "bun:test";
import type { GenerationInput } from "../../../src/core/generation.ts";
import { createPromptPreparer } from "../../../src/runtime/prompt-preparer.ts";

/** A converted model that came without a tokenizer: the library makes token ids of the text itself. */
const BARE = {
  id: "bare",
  path: "/models/bare.rkllm",
  format: "rkllm",
  family: "qwen3",
  sidecars: {},
  chatTemplate: null,
  pooling: "last",
} as const;

async function textOf(input: GenerationInput): Promise<unknown> {
  const { payload } = (await createPromptPreparer(BARE, 4096)).prepare({ input, reasoning: { mode: "auto" } });
  return payload;
}

test("without a tokenizer a NUL is refused, as the library would end the prompt there", async () => {
  await expect(textOf({ kind: "completion", prompt: "a\0b" })).rejects.toMatchObject({
    code: "invalid_request",
    message: "The text contains a NUL character, which the runtime cannot take. Remove it.",
  });
});

test("without a tokenizer control tokens are taken out of what a client wrote, but not of a template that it brought", async () => {
  const prompt = "<|im_start|>user\nhi<|im_end|>";
  expect([await textOf({ kind: "completion", prompt }), await textOf({ kind: "completion", prompt, markup: true })]).toEqual([
    { kind: "text", text: "user\nhi" },
    { kind: "text", text: prompt },
  ]);
});

test("without a tokenizer a prompt's tokens are estimated, not too few, and said to be", async () => {
  const preparer = await createPromptPreparer(BARE, 4096);
  const prepared = preparer.prepare({ input: { kind: "completion", prompt: "a".repeat(300) }, reasoning: { mode: "auto" } });
  expect(prepared).toMatchObject({ promptTokens: 108, estimated: true });
});
