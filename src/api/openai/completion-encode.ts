/** Plain completions in OpenAI's form, whole and in chunks. What a model thinks is part of the text here: nothing told it apart. */
import type { FinishReason, GenerationEvent } from "../../core/generation.ts";
import type { CollectedAnswer } from "../collected-answer.ts";
import type { JsonObject, StreamEncoder } from "../dialect.ts";
import { timingsObject } from "../timings.ts";
import type { AnswerHeading } from "./chat-encode.ts";
import { usageObject } from "./usage.ts";

/** This endpoint knows no tool calls. */
function finishReason(reason: FinishReason): string {
  return reason === "length" ? "length" : "stop";
}

function completion(heading: AnswerHeading, choices: readonly JsonObject[], rest: JsonObject): JsonObject {
  return { id: heading.id, object: "text_completion", created: heading.created, model: heading.model, choices, ...rest };
}

function choice(text: string, reason: string | null): JsonObject {
  return { text, index: 0, logprobs: null, finish_reason: reason };
}

/** The reply to a request that was not streamed; `echo` goes in front of the text. */
export function textCompletion(heading: AnswerHeading, echo: string, answer: CollectedAnswer): JsonObject {
  return completion(heading, [choice(echo + answer.reasoning + answer.text, finishReason(answer.reason))], {
    usage: usageObject(answer.usage),
    timings: timingsObject(answer.timings, answer.usage),
  });
}

/** Encodes one answer as `text_completion` chunks. */
export function createCompletionStreamEncoder(heading: AnswerHeading, echo: string, includeUsage: boolean): StreamEncoder {
  const usage = includeUsage ? { usage: null } : {};
  const piece = (text: string): JsonObject[] => (text === "" ? [] : [completion(heading, [choice(text, null)], usage)]);
  const finish = (event: GenerationEvent & { kind: "finish" }): JsonObject[] => {
    const timings = timingsObject(event.timings, event.usage);
    const last = completion(heading, [choice("", finishReason(event.reason))], { ...usage, timings });
    return includeUsage ? [last, completion(heading, [], { usage: usageObject(event.usage), timings })] : [last];
  };
  return {
    open: () => piece(echo),
    event: (event) => {
      if (event.kind === "text" || event.kind === "reasoning") return piece(event.text);
      return event.kind === "finish" ? finish(event) : [];
    },
  };
}
