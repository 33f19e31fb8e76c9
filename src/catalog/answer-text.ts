/** Answers that are text: read no further than they can be of use. They come from strangers. */
import { streamOf } from "./connection.ts";

/**
 * The beginning of an answer, no more than so many bytes of it; what follows is not waited for. Throws TransientError when the connection breaks.
 * @returns the text, and whether that is all of it
 */
export async function readTextOf(response: Response, bytesMax: number): Promise<{ readonly text: string; readonly whole: boolean }> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of streamOf(response)) {
    text += decoder.decode(chunk.subarray(0, bytesMax - bytes), { stream: true });
    bytes += chunk.length;
    // Leaving the loop ends the connection.
    if (bytes > bytesMax) return { text, whole: false };
  }
  return { text: text + decoder.decode(), whole: true };
}
