import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Framing, JsonObject } from "../../../src/api/dialect.ts";
import { FrameWriter } from "../../../src/api/framing/frame-writer.ts";
import { namedSse } from "../../../src/api/framing/named-sse.ts";
import { ndjson } from "../../../src/api/framing/ndjson.ts";
import { sse } from "../../../src/api/framing/sse.ts";
import { Piece } from "../../../src/api/piece.ts";

const FRAMINGS: readonly Framing[] = [sse, ndjson, namedSse];

const delta = (text: string): JsonObject => ({ type: "delta", id: '"x"', choices: [{ index: 0, delta: { content: text } }], usage: null });
const line = (now: string, text: string): JsonObject => ({ type: "line", created_at: now, message: { content: text }, done: false });

test("pieces come as the objects that they stand for, whatever their texts, and whichever came before", () => {
  const texts = fc.string({ unit: "binary" });
  const piece = fc.oneof(
    texts.map((text) => ({ object: delta(text), piece: new Piece(delta, text) })),
    fc.tuple(texts, texts).map(([now, text]) => ({ object: line(now, text), piece: new Piece(line, now, text) })),
    texts.map((text) => ({ object: { type: "other", text }, piece: { type: "other", text } })),
  );
  fc.assert(
    fc.property(fc.constantFrom(...FRAMINGS), fc.array(piece), (framing, pieces) => {
      const whole = pieces.map(({ object }) => framing.frame(object)).join("");
      expect(new FrameWriter(framing).write(pieces.map((each) => each.piece))).toBe(whole);
      const oneByOne = new FrameWriter(framing);
      expect(pieces.map((each) => oneByOne.write([each.piece])).join("")).toBe(whole);
    }),
    { numRuns: 500 },
  );
});

test("a piece that loses one of its texts, or has it twice, is a fault of the program", () => {
  const lost = new Piece(() => ({ type: "delta" }), "text");
  const twice = new Piece((text: string) => ({ type: text, text }), "text");
  for (const piece of [lost, twice]) expect(() => new FrameWriter(sse).write([piece])).toThrow("a piece holds each of its texts once");
});
