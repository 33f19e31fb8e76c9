/** Server-sent events as OpenAI's clients read them: unnamed events, one JSON object each, and a last `[DONE]`. */
import type { Framing } from "../dialect.ts";

export const sse: Framing = {
  contentType: "text/event-stream; charset=utf-8",
  frame: (object) => `data: ${JSON.stringify(object)}\n\n`,
  // Not ": ping": one client takes a line that begins so for the end of its buffer.
  keepAlive: ": keep-alive\n\n",
  end: "data: [DONE]\n\n",
};
