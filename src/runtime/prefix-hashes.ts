/** Hashes of a sequence's beginnings: equal ones stand for equal tokens, so that beginnings can be compared where the tokens are not. */
import { type HashedSequence, PREFIX_STEP_TOKENS } from "../core/prompt-cache.ts";

const BYTES_PER_STEP = PREFIX_STEP_TOKENS * Int32Array.BYTES_PER_ELEMENT;

/** Each hash (64 bits) is that of its step and of the hash before it. */
export function hashedSequence(ids: Int32Array): HashedSequence {
  const bytes = new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
  const prefixes: string[] = [];
  let hash = 0n;
  for (let at = 0; at + BYTES_PER_STEP <= bytes.length; at += BYTES_PER_STEP) {
    hash = Bun.hash(bytes.subarray(at, at + BYTES_PER_STEP), hash);
    prefixes.push(hash.toString(36));
  }
  return { tokens: ids.length, prefixes };
}
