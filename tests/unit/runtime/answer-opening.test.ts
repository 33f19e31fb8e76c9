import { expect, test } from "bun:test";
import type { OutputFormat } from "../../../src/core/runtime.ts";
import { behindPrompt } from "../../../src/runtime/answer-opening.ts";

const formatOf = (begun: boolean): OutputFormat => ({ reasoning: { open: "<think>", close: "</think>", begun }, toolSyntax: "hermes" });

/** Pieces that are not empty; control text in brackets. */
function piecesOf(text: string, begun = false): readonly string[] {
  const { pieces } = behindPrompt({ kind: "thought", text }, formatOf(begun));
  return pieces.filter((piece) => piece.text !== "").map((piece) => (piece.ours ? `[${piece.text}]` : piece.text));
}

test("a thought stands behind the prompt as the model wrote it, its markers as control text, and has ended", () => {
  expect(piecesOf("<think>\nhm")).toEqual(["[<think>]", "\nhm", "[</think>\n\n]"]);
  expect(piecesOf("\n<think>hm")).toEqual(["\n", "[<think>]", "hm", "[</think>\n\n]"]);
  expect(piecesOf("hm", true)).toEqual(["hm", "[</think>\n\n]"]);
  expect(piecesOf("<think>a</think>\n<think>b")).toEqual(["[<think>]", "a", "[</think>]", "\n", "[<think>]", "b", "[</think>\n\n]"]);
  expect(behindPrompt({ kind: "thought", text: "hm" }, formatOf(true))).toMatchObject({ format: formatOf(false), opening: "" });
});

test("what an answer begins with stands behind a thought that the prompt has begun, and is its own text", () => {
  expect(behindPrompt({ kind: "text", text: "Once" }, formatOf(true))).toEqual({
    pieces: [
      { text: "\n</think>\n\n", ours: true },
      { text: "Once", ours: false },
    ],
    format: formatOf(false),
    opening: "Once",
  });
});
