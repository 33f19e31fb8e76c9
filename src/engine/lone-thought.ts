/** An answer that ends with its thought. */
import type { OutputFormat } from "../core/runtime.ts";

/**
 * The thought that a model wrote, an empty one too, without the marker that ends it; null for what is none.
 * @param written all that it wrote, without any text behind a thought
 */
export function loneThought(written: string, { reasoning }: OutputFormat): string | null {
  if (reasoning === null) return null;
  const { open, close, begun } = reasoning;
  if (begun ? written === "" : !written.trimStart().startsWith(open)) return null;
  const end = written.lastIndexOf(close);
  return end < 0 ? written : written.slice(0, end);
}
