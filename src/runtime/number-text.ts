/** Vectors and token ids on their way between host and gateway, whose messages are JSON. */

/** The bytes of the numbers, little-endian as every machine that this runs on, as base64. */
export function base64OfNumbers(numbers: Float32Array | Int32Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString("base64");
}

/** The floats of `base64OfNumbers`. */
export function floatsOfBase64(text: string): Float32Array {
  return new Float32Array(wordsOf(text));
}

/** The token ids of `base64OfNumbers`. */
export function idsOfBase64(text: string): Int32Array {
  return new Int32Array(wordsOf(text));
}

/** Whole numbers of 32 bits; what is left over is dropped. */
function wordsOf(text: string): ArrayBuffer {
  const bytes = Buffer.from(text, "base64");
  const words = new Uint8Array(bytes.length & ~3);
  words.set(bytes.subarray(0, words.length));
  return words.buffer;
}
