/** Looks a few texts up in a GGUF's vocabulary without decoding it. */
import type { GgufFile } from "./gguf.ts";

const LENGTH_BYTES = 8;

/** Those of some texts that are tokens of the file's vocabulary, whatever their kind. */
export function tokensAmong(file: GgufFile, texts: readonly string[]): string[] {
  const tokens = file.strings("tokenizer.ggml.tokens");
  if (tokens === undefined) return [];
  const bytes = Buffer.from(tokens.bytes.buffer, tokens.bytes.byteOffset, tokens.bytes.byteLength);
  // In the file a token is its length and its text: both together are found where the token stands and nowhere else.
  return texts.filter((text) => {
    const spelled = Buffer.from(text);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(spelled.length);
    return bytes.includes(Buffer.concat([length, spelled]));
  });
}
