/** One response, whole and as events. Both come from the same items, so that they are the same however they were sent. */
import type { GenerationEvent } from "../../../core/generation.ts";
import type { StoredItem } from "../../../core/stored-response.ts";
import type { CollectedAnswer } from "../../collected-answer.ts";
import type { ErrorReply, JsonObject, PlainEncoder } from "../../dialect.ts";
import { OutputItems } from "./output-items.ts";
import type { OutputItemOptions } from "./output-items.ts";
import { responseObject } from "./response-object.ts";
import type { ResponseHeading, ResponseState } from "./response-object.ts";

/** What an encoder works with. */
export interface ResponseEncoding extends OutputItemOptions {
  readonly heading: ResponseHeading;
  /** Seconds since the epoch. */
  now(): number;
  /** Called with the finished response before anybody is told of it. */
  onEnd(response: JsonObject, output: readonly StoredItem[]): void;
}

/** Encodes one response as events. */
export interface ResponseStreamEncoder extends PlainEncoder {
  /** The last event of a response that failed. */
  failed(reply: ErrorReply): JsonObject;
}

/** The error as it stands in a failed response: what the server is at fault for has one code. */
function failure(reply: ErrorReply): { code: string; message: string } {
  const { code, message } = reply.body["error"] as { readonly code: string; readonly message: string };
  return { code: reply.status >= 500 ? "server_error" : code, message };
}

/** Makes an encoder for one response. */
export function createResponseStreamEncoder(encoding: ResponseEncoding): ResponseStreamEncoder {
  const { heading } = encoding;
  const output = new OutputItems(encoding);
  let sequence = 0;
  const numbered = ({ type, ...rest }: JsonObject): JsonObject => ({ type, sequence_number: sequence++, ...rest });
  const lifecycle = (name: string, state: ResponseState): JsonObject =>
    numbered({ type: `response.${name}`, response: responseObject(heading, state, output.items) });

  const finish = (event: GenerationEvent & { kind: "finish" }): JsonObject[] => {
    const status = event.reason === "length" ? "incomplete" : "completed";
    const closing = output.close(event.reason === "length").map(numbered);
    const response = responseObject(
      heading,
      { status, completed: encoding.now(), usage: event.usage, timings: event.timings },
      output.items,
    );
    encoding.onEnd(response, output.items);
    return [...closing, numbered({ type: `response.${status}`, response })];
  };

  return {
    open: () => [lifecycle("created", { status: "in_progress" }), lifecycle("in_progress", { status: "in_progress" })],
    event: (event) => (event.kind === "finish" ? finish(event) : output.add(event).map(numbered)),
    failed: (reply) => lifecycle("failed", { status: "failed", ...failure(reply) }),
  };
}

/** The answer as the events it was made of. */
function* eventsOf(answer: CollectedAnswer): Generator<GenerationEvent> {
  yield { kind: "reasoning", text: answer.reasoning };
  yield { kind: "text", text: answer.text };
  for (const [index, call] of answer.toolCalls.entries()) {
    yield { kind: "tool_call_start", index, id: call.id, name: call.name };
    yield { kind: "tool_call_arguments", index, text: call.arguments };
  }
  yield { kind: "finish", reason: answer.reason, usage: answer.usage, timings: answer.timings };
}

/** The reply to a request that was not streamed. */
export function wholeResponse(encoding: ResponseEncoding, answer: CollectedAnswer): JsonObject {
  const encoder = createResponseStreamEncoder(encoding);
  const last = [...eventsOf(answer)].flatMap((event) => encoder.event(event, 0)).at(-1);
  return last?.["response"] as JsonObject;
}
