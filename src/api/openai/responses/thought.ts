/** Thoughts on their way to clients that keep them and back. Nothing is encrypted: what a model thinks, its client may read anyway. */

/** Says that the rest is ours and how it is written. */
const PREFIX = "thought1.";

/** A thought as `encrypted_content`. */
export function packThought(text: string): string {
  return PREFIX + Buffer.from(text).toString("base64");
}

/** The thought in an `encrypted_content`; null where another server wrote it. */
export function unpackThought(content: string): string | null {
  return content.startsWith(PREFIX) ? Buffer.from(content.slice(PREFIX.length), "base64").toString() : null;
}
