/** What is wrong with a reply of the routes of responses. */
import type { TObject, TSchema } from "@sinclair/typebox";
import { ResponseBody } from "../../src/api/openai/responses/schema.ts";
import type { Reply } from "./bodies.ts";

type Json = Readonly<Record<string, unknown>>;

/** What may be told apart in an item: bodies without it are refused at once, and nothing more would be tried. */
const ITEM_FIELDS = ["type", "role", "content", "name"];

function withRequired(schema: TSchema, fields: readonly string[]): TSchema {
  if (schema["anyOf"] !== undefined)
    return { ...schema, anyOf: (schema["anyOf"] as TSchema[]).map((option) => withRequired(option, fields)) };
  if (schema["items"] !== undefined) return { ...schema, items: withRequired(schema["items"] as TSchema, fields) };
  return schema["properties"] === undefined ? schema : { ...schema, required: fields };
}

/** The body of a response that has something to answer. */
export const AnswerableBody = {
  ...ResponseBody,
  required: ["input"],
  properties: { ...ResponseBody.properties, input: withRequired(ResponseBody.properties.input, ITEM_FIELDS) },
} as unknown as TObject;

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
  return isObject(error) && ["message", "type", "code"].every((key) => typeof error[key] === "string") && "param" in error;
}

function isItem(value: unknown): boolean {
  return isObject(value) && typeof value["id"] === "string" && /^(?:reasoning|message|function_call)$/.test(String(value["type"]));
}

function isResponse(value: unknown): boolean {
  if (!isObject(value) || value["object"] !== "response" || !isObject(value["usage"])) return false;
  return Array.isArray(value["output"]) && value["output"].every(isItem);
}

/** The object of a frame whose event has the object's own type; empty for any other frame. */
function eventOf(frame: string): Json {
  const [first, second, ...others] = frame.split("\n");
  const object = second?.startsWith("data: ") === true ? parsed(second.slice(6)) : {};
  return others.length === 0 && first === `event: ${String(object["type"])}` ? object : {};
}

/** Says so where a reply cannot be read as a response, as a stream of one, or as an error; null where it can. */
export function responseFault({ status, type, text }: Reply): string | null {
  if (status >= 400) return isError(parsed(text)) ? null : "the error has another form";
  if (!type.startsWith("text/event-stream")) return isResponse(parsed(text)) ? null : "the answer has another form";
  const events = text.split("\n\n").slice(0, -1).map(eventOf);
  if (events.some((event, index) => event["sequence_number"] !== index)) return "the events are not numbered";
  const first = events[0]?.["type"];
  const last = events.at(-1);
  if (first !== "response.created" || !/^response\.(?:completed|incomplete)$/.test(String(last?.["type"]))) return "the stream has no end";
  return isResponse(last?.["response"]) ? null : "the last event has no response";
}

/** The same for a count of tokens. */
export function inputTokensFault({ status, text }: Reply): string | null {
  const reply = parsed(text);
  if (status >= 400) return isError(reply) ? null : "the error has another form";
  return reply["object"] === "response.input_tokens" && Number.isInteger(reply["input_tokens"]) ? null : "the count has another form";
}
