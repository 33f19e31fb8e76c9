/** Finds the key that a client presents, and whose it is. */
// The default import: so a test can see that the comparison is this one.
import crypto from "node:crypto";
import type { ApiKey } from "../../core/api-key.ts";

/** Keys of OpenAI's and other SDKs, Anthropic's, and Azure's. */
const KEY_HEADERS = ["x-api-key", "api-key"];

/** A key of at least so many characters may be told by its last four. */
const TOLD_LENGTH_MIN = 16;

/** The keys a request brings: clients differ in the header, some send several, and some send one that is empty. */
export function presentedKeys(headers: Headers): readonly string[] {
  const authorization = headers.get("authorization")?.trim() ?? "";
  // A bare key stands where llama.cpp's clients put it.
  const bearer = /^bearer(?:\s+(.*))?$/i.exec(authorization);
  const given = [bearer === null ? authorization : (bearer[1] ?? ""), ...KEY_HEADERS.map((name) => headers.get(name)?.trim() ?? "")];
  return [...new Set(given.filter((key) => key !== ""))];
}

/**
 * The owner of one of the keys; null for none of them. Hashes are compared, in constant time and with every key there is: neither a
 * key's beginning nor its place in the list can be told from how long it takes.
 */
export function ownerOf(presented: readonly string[], keys: readonly ApiKey[]): string | null {
  let owner: string | null = null;
  for (const key of presented) {
    const hash = crypto.createHash("sha256").update(key).digest();
    for (const known of keys) if (crypto.timingSafeEqual(hash, known.sha256)) owner = known.name;
  }
  return owner;
}

/** The end of a key, as an error may show it: enough to tell one's keys apart, and too little to help anybody else. */
export function keyEnding(key: string): string {
  const end = key.slice(-4);
  return key.length < TOLD_LENGTH_MIN || !/^[\w-]{4}$/.test(end) ? "" : `: …${end}`;
}
