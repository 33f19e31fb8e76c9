import { describe, expect, test } from "bun:test";
import { WordWrap } from "../../../src/cli/chat/word-wrap.ts";

/** What a terminal of so many columns shows: it obeys the two escape codes that wrapping uses. */
function shown(written: string): string[] {
  const rows = [""];
  for (const [, back, erase, character = ""] of written.matchAll(/\u001b\[(\d+)D|(\u001b\[K)|([\s\S])/gu)) {
    const row = rows.at(-1) ?? "";
    if (back !== undefined) {
      // Only single letters are taken back in these tests, or wide ones as a whole.
      let width = Number(back);
      let kept = Array.from(row);
      while (width > 0) {
        width -= Bun.stringWidth(kept.at(-1) ?? " ");
        kept = kept.slice(0, -1);
      }
      rows[rows.length - 1] = kept.join("");
    } else if (erase !== undefined) continue;
    else if (character === "\n") rows.push("");
    else rows[rows.length - 1] = row + character;
  }
  return rows.map((row) => row.trimEnd());
}

function wrapped(text: string, columns: number, pieces: number): string[] {
  const wrap = new WordWrap(() => columns);
  let written = "";
  for (let at = 0; at < text.length; at += pieces) written += wrap.push(text.slice(at, at + pieces));
  return shown(written);
}

describe("WordWrap", () => {
  test.each([1, 3, 1000])("breaks between words, however the text is cut (pieces of %p)", (pieces) => {
    expect(wrapped("The quick brown fox jumps over the lazy dog", 16, pieces)).toEqual([
      "The quick brown",
      "fox jumps over",
      "the lazy dog",
    ]);
  });

  test("keeps line breaks, and breaks words that are longer than a line", () => {
    expect(wrapped("ab\n\nabcdefghijklmnopqrst uv", 11, 1)).toEqual(["ab", "", "abcdefghij", "klmnopqrst", "uv"]);
  });

  test("breaks scripts without spaces anywhere, and counts their letters twice", () => {
    const lines = wrapped("你好世界你好世界", 10, 1);
    expect(lines).toEqual(["你好世界", "你好世界"]);
    expect(lines.every((line) => Bun.stringWidth(line) < 10)).toBe(true);
  });

  test("follows a window that changes", () => {
    let columns = 80;
    const wrap = new WordWrap(() => columns);
    const before = wrap.push("one two three ");
    columns = 18;
    expect(shown(before + wrap.push("four five"))).toEqual(["one two three", "four five"]);
  });

  test("writes nothing but the text where it fits", () => {
    expect(new WordWrap(() => 80).push("a b\tc\n")).toBe("a b\tc\n");
  });
});
