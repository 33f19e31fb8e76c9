/** A model that is kept busy. */
import { deltaText, sseChunks, type TestServer } from "./test-server.ts";

/** Begins an answer that is long enough, and resolves at its first word. @returns ends it, as a client does that leaves */
export async function holdModel(server: TestServer, path: string, body: object): Promise<() => void> {
  const client = new AbortController();
  const chunks = sseChunks(await server.post(path, body, client.signal));
  while (deltaText((await chunks.next()).value ?? {}) === "");
  // Kept with the reply: one that nobody refers to any more is collected, and its connection closed.
  const held = { client, chunks };
  return () => held.client.abort();
}
