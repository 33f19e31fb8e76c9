/** One JSON object a line. There is no room for keep-alives beside them: a blank line breaks Ollama's clients. */
import type { Framing } from "../dialect.ts";

export const ndjson: Framing = {
  contentType: "application/x-ndjson",
  frame: (object) => `${JSON.stringify(object)}\n`,
  keepAlive: null,
  end: "",
};
