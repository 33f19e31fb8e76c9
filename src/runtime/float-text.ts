/** Vectors on their way between host and gateway, whose messages are JSON. */

/** The bytes of the floats, little-endian as every machine that this runs on, as base64. */
export function base64OfFloats(floats: Float32Array): string {
  return Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength).toString("base64");
}

/** The floats of `base64OfFloats`. */
export function floatsOfBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  const floats = new Float32Array(bytes.length >> 2);
  new Uint8Array(floats.buffer).set(bytes.subarray(0, floats.byteLength));
  return floats;
}
