import { describe, expect, test } from "bun:test";
import { abiForVersion } from "../../../src/runtime/native/abi.ts";
import { fieldLayout } from "../../../src/runtime/native/struct-writer.ts";
import { PromptPacker } from "../../../src/runtime/packed-prompt.ts";

const ABI = abiForVersion("1.3.0");
const SIZE = ABI.structs.RKLLMInput?.size ?? 0;
const [TOKENS_AT] = fieldLayout(ABI.structs, "RKLLMInput", "token_input.n_tokens");

/** Tokens that each lane of a packed run is given. */
function tokensOf(input: ReturnType<PromptPacker["lanes"]>): readonly number[] {
  const [bytes] = input.keep as readonly Uint8Array[];
  const view = new DataView(bytes!.buffer);
  return Array.from({ length: bytes!.length / SIZE }, (_, lane) => Number(view.getBigUint64(lane * SIZE + TOKENS_AT, true)));
}

describe("the lanes of a run", () => {
  const ids = Int32Array.of(7, 8, 9);

  test("that is alone are the prompt itself, which is not copied", () => {
    const packer = new PromptPacker(ABI, "nothing");
    const prompt = packer.pack({ kind: "tokens", ids });
    expect(packer.lanes([prompt])).toBe(prompt.input);
  });

  test.each([
    ["nothing", 0],
    ["token", 1],
  ] as const)("lie one behind the other; one that is idle gets %s", (idle, tokens) => {
    const packer = new PromptPacker(ABI, idle);
    const prompt = packer.pack({ kind: "tokens", ids });
    const input = packer.lanes([null, prompt, null]);
    expect([tokensOf(input), input.keep.includes(prompt.input)]).toEqual([[tokens, 3, tokens], true]);
  });

  test("have a prompt among them", () => {
    expect(() => new PromptPacker(ABI, "nothing").lanes([null])).toThrow("a run has a prompt");
  });
});
