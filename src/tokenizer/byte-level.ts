/**
 * GPT-2's spelling of bytes: every byte is one printable character, so that a vocabulary of byte strings is text.
 * Printable Latin-1 bytes stand for themselves, the rest take the characters from U+0100 on, in order.
 * source: https://github.com/openai/gpt-2/blob/master/src/encoder.py (bytes_to_unicode)
 */

/** Char code of each byte. */
const BYTE_TO_CHAR: Uint16Array = new Uint16Array(256);

/** Byte of each char code below 0x144; -1 where there is none. */
export const CHAR_TO_BYTE: Int16Array = new Int16Array(0x144).fill(-1);

let next = 0x100;
for (let byte = 0; byte < 256; byte++) {
  const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  const code = printable ? byte : next++;
  BYTE_TO_CHAR[byte] = code;
  CHAR_TO_BYTE[code] = byte;
}

/** Bytes in GPT-2's spelling. */
export function spellBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(BYTE_TO_CHAR[byte] ?? 0);
  return text;
}
