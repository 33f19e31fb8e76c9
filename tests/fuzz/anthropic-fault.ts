/** What is wrong with a reply of Anthropic's routes. */
import type { Reply } from "./bodies.ts";

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isError(value: Json): boolean {
  const error = value["error"];
  if (value["type"] !== "error" || typeof value["request_id"] !== "string" || !isObject(error)) return false;
  return typeof error["type"] === "string" && typeof error["message"] === "string" && error["message"] !== "";
}

function isMessage(value: unknown): boolean {
  return isObject(value) && value["type"] === "message" && Array.isArray(value["content"]) && isObject(value["usage"]);
}

/** The object of a frame whose event has the object's own type; empty for any other frame. */
function eventOf(frame: string): Json {
  const [first, second, ...others] = frame.split("\n");
  const object = second?.startsWith("data: ") === true ? parsed(second.slice(6)) : {};
  return others.length === 0 && first === `event: ${String(object["type"])}` ? object : {};
}

/** The types of the events of a stream, in order. */
const STREAM = /^message_start ping (?:content_block_start (?:content_block_delta )*content_block_stop )*message_delta message_stop $/;

/** Says so where a reply cannot be read as a message, as a stream of one, as a count, or as an error; null where it can. */
export function anthropicFault({ status, type, text }: Reply): string | null {
  if (status >= 400) return isError(parsed(text)) ? null : "the error has another form";
  if (!type.startsWith("text/event-stream")) {
    const answer = parsed(text);
    return isMessage(answer) || Number.isInteger(answer["input_tokens"]) ? null : "the answer has another form";
  }
  const events = text
    .split("\n\n")
    .filter((frame) => frame !== "")
    .map(eventOf);
  if (!isMessage(events[0]?.["message"])) return "the stream begins with no message";
  return STREAM.test(events.map((event) => `${String(event["type"])} `).join("")) ? null : "the stream has another form";
}
