/** Objects, one a line, as they come. */
export async function* ndjsonLines<T>(response: Response): AsyncGenerator<T, void, undefined> {
  if (response.body === null) return;
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response.body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as T;
  }
  rest += decoder.decode();
  if (rest.trim() !== "") yield JSON.parse(rest) as T;
}
