import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createUtf8Assembly } from "../../../src/chat/utf8-assembly.ts";

function assemble(bytes: Uint8Array, cuts: readonly number[]): string {
  const assembly = createUtf8Assembly();
  const borders = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let text = "";
  for (let i = 1; i < borders.length; i++) text += assembly.push(bytes.subarray(borders[i - 1], borders[i]));
  return text + assembly.end();
}

const anyBytes = fc.array(
  fc.oneof(
    fc.string({ unit: "binary" }).map((text) => Array.from(Buffer.from(text))),
    fc.constantFrom(
      [0xe4, 0xbd],
      [0xf0, 0x9f, 0x98],
      [0xc0],
      [0xff],
      [0xed, 0xa0, 0x80],
      [0xef, 0xbb, 0xbf],
      [0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe0, 0x80],
    ),
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 6 }),
  ),
);

test("A character that arrives byte by byte comes out once, whole", () => {
  const assembly = createUtf8Assembly();
  const deltas = [...Buffer.from("a😀é")].map((byte) => assembly.push(Uint8Array.of(byte)));
  expect([...deltas, assembly.end()]).toEqual(["a", "", "", "", "😀", "", "é", ""]);
});

test("A broken character becomes one replacement character and the text goes on", () => {
  const assembly = createUtf8Assembly();
  expect([assembly.push(Uint8Array.of(0xf0, 0x9f)), assembly.push(Uint8Array.of(0x41)), assembly.end()]).toEqual(["", "\ufffdA", ""]);
});

test("A character cut off at the end becomes one replacement character", () => {
  const assembly = createUtf8Assembly();
  expect([assembly.push(Uint8Array.of(0x41, 0xe4, 0xbd)), assembly.end(), assembly.end()]).toEqual(["A", "\ufffd", ""]);
});

test("A byte order mark stays", () => {
  expect(assemble(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41), [1, 2])).toBe("\ufeffA");
});

test("However bytes are cut, the joined text equals decoding them at once", () => {
  fc.assert(
    fc.property(anyBytes, fc.array(fc.nat(), { maxLength: 12 }), (parts, cuts) => {
      const bytes = Uint8Array.from(parts.flat());
      expect(assemble(bytes, cuts)).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("Byte by byte gives the same text too", () => {
  fc.assert(
    fc.property(anyBytes, (parts) => {
      const bytes = Uint8Array.from(parts.flat());
      expect(assemble(bytes, [...bytes.keys()])).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    }),
    { numRuns: 1000 },
  );
});

test("A stretch of what has come is read as if it had come alone, long or short", () => {
  fc.assert(
    fc.property(anyBytes, fc.nat(), fc.nat(), (parts, first, second) => {
      const bytes = Uint8Array.from(parts.flat());
      const [from = 0, to = 0] = [first % (bytes.length + 1), second % (bytes.length + 1)].sort((a, b) => a - b);
      const assembly = createUtf8Assembly();
      const text = assembly.push(bytes, 0, from) + assembly.push(bytes, from, to) + assembly.push(bytes, to);
      expect(text + assembly.end()).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    }),
    { numRuns: 1000 },
  );
});
