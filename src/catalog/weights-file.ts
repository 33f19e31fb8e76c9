/** Whether a file's first bytes can be a model's. */
import { open } from "node:fs/promises";
import type { ModelFormat } from "../core/model.ts";

const HEAD_BYTES = 512;

/**
 * What is wrong with the beginning of a weights file, as a sentence without its subject ("is a web page, …"); null where nothing is.
 * A .gguf has a magic number. The layout of .rkllm is not public, so only what is surely something else is told: pages of an
 * error or a login, and the pointers that git leaves where Git LFS did not fetch the file.
 */
function faultOfWeights(head: Uint8Array, format: ModelFormat): string | null {
  const text = new TextDecoder("latin1").decode(head.subarray(0, HEAD_BYTES)).trimStart().toLowerCase();
  if (text.startsWith("version https://git-lfs")) return "is a Git LFS pointer, not the weights; download the file itself";
  if (text.startsWith("<!doctype") || text.startsWith("<html") || text.startsWith("<?xml"))
    return "is a web page, not weights; download it again";
  if (format === "gguf" && !text.startsWith("gguf")) return "is not a GGUF file; download it again";
  if (format === "rkllm" && text.startsWith("gguf")) return "is a GGUF file; give it the ending .gguf";
  if (head.every((byte) => byte === 0)) return "begins with zeros only: the download was not finished; download it again";
  return null;
}

/** Reads the beginning of a file and judges it. Throws what the file system throws. */
export async function readFaultOfWeights(path: string, format: ModelFormat): Promise<string | null> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return faultOfWeights(buffer.subarray(0, bytesRead), format);
  } finally {
    await file.close();
  }
}
