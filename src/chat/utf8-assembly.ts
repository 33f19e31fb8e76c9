/** Text from bytes that arrive in pieces: a token may hold half a character, so incomplete tails wait for the next piece. */

/** A streaming decoder of one answer. */
export interface Utf8Assembly {
  /** The text that these bytes complete. An invalid sequence becomes one U+FFFD (WHATWG Encoding's maximal subparts). */
  push(bytes: Uint8Array): string;
  /** What is left: "" or one U+FFFD for a character that never became whole. The assembly may be used again afterwards. */
  end(): string;
}

/** A decoder for one answer. However the bytes are cut, the joined text is equal. A byte order mark stays in the text. */
export function createUtf8Assembly(): Utf8Assembly {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push: (bytes) => decoder.decode(bytes, { stream: true }),
    end: () => decoder.decode(),
  };
}
