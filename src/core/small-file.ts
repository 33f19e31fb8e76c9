/** Files beside weights that are text and small: read whole, but never more than what such a file can be. They come from strangers. */
import { readFile, stat } from "node:fs/promises";

/** Bytes of a template, a configuration or a model.json; the largest that publishers have are a few hundred thousand. */
const SMALL_FILE_BYTES_MAX = 4 * 1024 * 1024;
/** Bytes of a tokenizer.json; the largest known ones, of 256,000 tokens, have 33 million. */
export const TOKENIZER_BYTES_MAX = 128 * 1024 * 1024;

/** The text of a file. Throws what the file system throws, and an Error that says by how much it is too large. */
export async function readSmallText(path: string, bytesMax: number = SMALL_FILE_BYTES_MAX): Promise<string> {
  const { size } = await stat(path);
  if (size > bytesMax) throw new Error(`the file has ${size} bytes, and no more than ${bytesMax} are read`);
  return readFile(path, "utf8");
}

/** Longest text that a sidecar of this name may be, bytes. */
export function sidecarBytesMax(name: string): number {
  return name.endsWith("tokenizer.json") ? TOKENIZER_BYTES_MAX : SMALL_FILE_BYTES_MAX;
}
