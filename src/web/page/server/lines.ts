/** Bodies that come line by line: server-sent events, and JSON objects. */
import { ApiError } from "./api-error.ts";

/** The lines of a body, as they come. Throws ApiError when the connection breaks off. */
async function* lines(response: Response): AsyncGenerator<string, void, undefined> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((error: unknown) => {
        throw new ApiError("The connection to the server broke off.", 0, error);
      });
      if (done) break;
      const parts = (rest + value).split("\n");
      rest = parts.pop() ?? "";
      yield* parts;
    }
    if (rest !== "") yield rest;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** The objects of server-sent events, up to `[DONE]`. Comments keep a connection alive and say nothing. */
export async function* eventObjects<T>(response: Response): AsyncGenerator<T, void, undefined> {
  for await (const line of lines(response)) {
    if (!line.startsWith("data:")) continue;
    const data = line.slice("data:".length).trim();
    if (data === "[DONE]") return;
    yield JSON.parse(data) as T;
  }
}

/** JSON objects, one a line. */
export async function* lineObjects<T>(response: Response): AsyncGenerator<T, void, undefined> {
  for await (const line of lines(response)) if (line.trim() !== "") yield JSON.parse(line) as T;
}
