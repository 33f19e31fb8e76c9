/** Chat answers in OpenAI's form, whole and in chunks. */
import type { GenerationEvent, ToolCall } from "../../core/generation.ts";
import { hasWholeArguments } from "../collected-answer.ts";
import type { CollectedAnswer } from "../collected-answer.ts";
import type { JsonObject, StreamEncoder } from "../dialect.ts";
import { timingsObject } from "../timings.ts";
import { usageObject } from "./usage.ts";

/** What all chunks of one answer have in common. */
export interface AnswerHeading {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
}

/** A call as it stands in a message. A call without arguments says so with an empty object, which clients can parse. */
function toolCallObject(call: ToolCall): JsonObject {
  const text = call.arguments.trim() === "" ? "{}" : call.arguments;
  return { id: call.id, type: "function", function: { name: call.name, arguments: text } };
}

/** The reply to a request that was not streamed. */
export function chatCompletion(heading: AnswerHeading, answer: CollectedAnswer): JsonObject {
  // The call that the token limit cut off is left out: nobody can run half a call.
  const calls = answer.toolCalls.filter((call) => answer.reason !== "length" || hasWholeArguments(call));
  return {
    id: heading.id,
    object: "chat.completion",
    created: heading.created,
    model: heading.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: calls.length > 0 && answer.text === "" ? null : answer.text,
          refusal: null,
          annotations: [],
          ...(answer.reasoning === "" ? {} : { reasoning_content: answer.reasoning }),
          ...(calls.length === 0 ? {} : { tool_calls: calls.map(toolCallObject) }),
        },
        logprobs: null,
        finish_reason: answer.reason,
      },
    ],
    usage: usageObject(answer.usage),
    timings: timingsObject(answer.timings, answer.usage),
  };
}

/** Encodes one answer as `chat.completion.chunk` objects. Every chunk has `choices`: clients break on one without. */
export function createChatStreamEncoder(heading: AnswerHeading, includeUsage: boolean): StreamEncoder {
  // The call whose arguments have not begun; it needs "{}" if none come.
  let bareCall: number | undefined;

  const chunk = (choices: readonly JsonObject[], rest: JsonObject = {}): JsonObject => ({
    id: heading.id,
    object: "chat.completion.chunk",
    created: heading.created,
    model: heading.model,
    choices,
    ...(includeUsage ? { usage: null } : {}),
    ...rest,
  });
  const delta = (change: JsonObject, finishReason: string | null = null, rest: JsonObject = {}): JsonObject =>
    chunk([{ index: 0, delta: change, logprobs: null, finish_reason: finishReason }], rest);
  const argumentsDelta = (index: number, text: string): JsonObject => delta({ tool_calls: [{ index, function: { arguments: text } }] });
  const closeBareCall = (): JsonObject[] => {
    if (bareCall === undefined) return [];
    const closed = argumentsDelta(bareCall, "{}");
    bareCall = undefined;
    return [closed];
  };
  const finish = (event: GenerationEvent & { kind: "finish" }): JsonObject[] => {
    const timings = timingsObject(event.timings, event.usage);
    return [
      ...(event.reason === "length" ? [] : closeBareCall()),
      // On both: some clients read timings from the finish chunk alone, others from the usage chunk.
      delta({}, event.reason, { timings }),
      ...(includeUsage ? [chunk([], { usage: usageObject(event.usage), timings })] : []),
    ];
  };

  return {
    open: () => [delta({ role: "assistant", content: "" })],
    event: (event) => {
      switch (event.kind) {
        case "text":
          return event.text === "" ? [] : [...closeBareCall(), delta({ content: event.text })];
        case "reasoning":
          return event.text === "" ? [] : [delta({ reasoning_content: event.text })];
        case "tool_call_start": {
          const before = closeBareCall();
          bareCall = event.index;
          const call = { index: event.index, id: event.id, type: "function", function: { name: event.name, arguments: "" } };
          return [...before, delta({ tool_calls: [call] })];
        }
        case "tool_call_arguments":
          if (event.text === "") return [];
          bareCall = undefined;
          return [argumentsDelta(event.index, event.text)];
        case "finish":
          return finish(event);
      }
    },
  };
}
