/** Text from bytes that arrive in pieces: a token may hold half a character, so incomplete tails wait for the next piece. */

/** A streaming decoder of one answer. */
export interface Utf8Assembly {
  /**
   * The text that these bytes complete, or those of them from one position up to another. An invalid sequence becomes one U+FFFD (WHATWG
   * Encoding's maximal subparts).
   */
  push(bytes: Uint8Array, from?: number, to?: number): string;
  /** What is left: "" or one U+FFFD for a character that never became whole. The assembly may be used again afterwards. */
  end(): string;
}

/** A piece of so many bytes is joined here: the decoder, and the view that it wants, would cost several times as much. */
const SHORT_BYTES = 32;

/** A decoder for one answer. However the bytes are cut, the joined text is equal. A byte order mark stays in the text. */
export function createUtf8Assembly(): Utf8Assembly {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** The decoder may hold the beginning of a character. */
  let holds = false;
  return {
    push(bytes, from = 0, to = bytes.length) {
      if (from === to) return "";
      const plain = holds ? null : shortAscii(bytes, from, to);
      if (plain !== null) return plain;
      holds = (bytes[to - 1] ?? 0) >= 0x80;
      return decoder.decode(bytes.subarray(from, to), { stream: true });
    },
    end() {
      holds = false;
      return decoder.decode();
    },
  };
}

/** The text of most tokens; null for what is longer, or not ASCII. */
function shortAscii(bytes: Uint8Array, from: number, to: number): string | null {
  if (to - from > SHORT_BYTES) return null;
  let text = "";
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80) return null;
    text += String.fromCharCode(byte);
  }
  return text;
}
