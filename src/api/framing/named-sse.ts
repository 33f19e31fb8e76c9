/** Server-sent events that are named after the `type` of their object, as Anthropic's clients read them: they skip unnamed ones. */
import type { Framing, JsonObject } from "../dialect.ts";

const frame = (object: JsonObject): string => `event: ${String(object["type"])}\ndata: ${JSON.stringify(object)}\n\n`;

/** The last event says that it is the last. */
export const namedSse: Framing = {
  contentType: "text/event-stream; charset=utf-8",
  frame,
  keepAlive: frame({ type: "ping" }),
  end: "",
};
