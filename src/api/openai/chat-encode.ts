/** Chat answers in OpenAI's form, whole and in chunks. */
import type { FinishReason, GenerationEvent, ToolCall } from "../../core/generation.ts";
import { wholeCalls } from "../collected-answer.ts";
import type { CollectedAnswer } from "../collected-answer.ts";
import type { JsonObject, StreamEncoder } from "../dialect.ts";
import { Piece, type Outgoing } from "../piece.ts";
import { timingsObject } from "../timings.ts";
import type { AnswerHeading } from "./heading.ts";
import { createThoughtInliner, withThoughtsInside } from "./inline-thoughts.ts";
import { figuresObject } from "./usage.ts";
import type { Figures } from "./usage.ts";

/** What the client asked for beside the answer itself. */
export interface ChatReplyForm {
  /** Answers in this reply, all to one prompt. */
  readonly answers: number;
  readonly includeUsage: boolean;
  /** A call is `message.function_call`, as before there were tools. */
  readonly functionCall: boolean;
  /** Thoughts are part of the content. */
  readonly inlineThoughts: boolean;
}

function finishReason(reason: FinishReason, form: ChatReplyForm): string {
  return reason === "tool_calls" && form.functionCall ? "function_call" : reason;
}

/** Name and arguments of a call. One without arguments says so with an empty object, which clients can parse. */
function functionObject(call: ToolCall): JsonObject {
  return { name: call.name, arguments: call.arguments.trim() === "" ? "{}" : call.arguments };
}

function callFields(calls: readonly ToolCall[], form: ChatReplyForm): JsonObject {
  const [first] = calls;
  if (first === undefined) return {};
  if (form.functionCall) return { function_call: functionObject(first) };
  return { tool_calls: calls.map((call) => ({ id: call.id, type: "function", function: functionObject(call) })) };
}

function choiceObject(index: number, answer: CollectedAnswer, form: ChatReplyForm): JsonObject {
  const { text, reasoning } = form.inlineThoughts ? withThoughtsInside(answer) : answer;
  const calls = wholeCalls(answer);
  return {
    index,
    message: {
      role: "assistant",
      content: calls.length > 0 && text === "" ? null : text,
      refusal: null,
      annotations: [],
      ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
      ...callFields(calls, form),
    },
    logprobs: null,
    finish_reason: finishReason(answer.reason, form),
  };
}

/** The reply to a request that was not streamed. */
export function chatCompletion(heading: AnswerHeading, form: ChatReplyForm, answers: readonly CollectedAnswer[]): JsonObject {
  return {
    id: heading.id,
    object: "chat.completion",
    created: heading.created,
    model: heading.model,
    system_fingerprint: heading.system_fingerprint,
    choices: answers.map((answer, index) => choiceObject(index, answer, form)),
    ...figuresObject(answers, form.answers),
  };
}

/** Turns the events of one answer into deltas of its message, each laid into a chunk by `chunk`. */
function createDeltas(form: ChatReplyForm, chunk: (delta: JsonObject) => JsonObject): (event: GenerationEvent) => readonly Outgoing[] {
  const content = (text: string): JsonObject => chunk({ content: text });
  const thoughts = (text: string): JsonObject => chunk({ reasoning_content: text });
  const inline = form.inlineThoughts ? createThoughtInliner() : undefined;
  // The call whose arguments have not begun; it needs "{}" if none come.
  let bareCall: number | undefined;

  const argumentsDelta = (index: number, text: string): JsonObject =>
    chunk(form.functionCall ? { function_call: { arguments: text } } : { tool_calls: [{ index, function: { arguments: text } }] });
  const startDelta = (event: GenerationEvent & { kind: "tool_call_start" }): JsonObject => {
    const named = { name: event.name, arguments: "" };
    return chunk(
      form.functionCall
        ? { function_call: named }
        : { tool_calls: [{ index: event.index, id: event.id, type: "function", function: named }] },
    );
  };
  const closeBareCall = (): JsonObject[] => {
    if (bareCall === undefined) return [];
    const closed = argumentsDelta(bareCall, "{}");
    bareCall = undefined;
    return [closed];
  };
  const deltas = (event: GenerationEvent): readonly Outgoing[] => {
    // The old form has room for one call.
    if (form.functionCall && "index" in event && event.index > 0) return [];
    switch (event.kind) {
      case "text":
        return event.text === "" ? [] : [...closeBareCall(), new Piece(content, event.text)];
      case "reasoning":
        return event.text === "" ? [] : [...closeBareCall(), new Piece(thoughts, event.text)];
      case "tool_call_start": {
        const before = closeBareCall();
        bareCall = event.index;
        return [...before, startDelta(event)];
      }
      case "tool_call_arguments":
        if (event.text === "") return [];
        bareCall = undefined;
        return [argumentsDelta(event.index, event.text)];
      case "finish":
        // A call that the token limit cut off stays cut off.
        return event.reason === "length" ? [] : closeBareCall();
    }
  };
  return inline === undefined ? deltas : (event) => inline(event).flatMap(deltas);
}

/** Encodes a reply as `chat.completion.chunk` objects. Every chunk has `choices`: clients break on one without. */
export function createChatStreamEncoder(heading: AnswerHeading, form: ChatReplyForm): StreamEncoder {
  const finished: Figures[] = [];
  const chunk = (choices: readonly JsonObject[], rest: JsonObject = {}): JsonObject => ({
    id: heading.id,
    object: "chat.completion.chunk",
    created: heading.created,
    model: heading.model,
    system_fingerprint: heading.system_fingerprint,
    choices,
    ...(form.includeUsage ? { usage: null } : {}),
    ...rest,
  });
  const delta = (index: number, change: JsonObject, reason: string | null = null, rest: JsonObject = {}): JsonObject =>
    chunk([{ index, delta: change, logprobs: null, finish_reason: reason }], rest);
  const deltasTo = (index: number) => createDeltas(form, (change) => delta(index, change));
  let deltasOf = deltasTo(0);
  const finish = (event: GenerationEvent & { kind: "finish" }, index: number): JsonObject[] => {
    finished.push(event);
    // Beside the usage, as llama.cpp's server has them, and nowhere else: Open WebUI adds up the figures of every chunk that has some.
    const timings = form.includeUsage ? {} : { timings: timingsObject(event.timings, event.usage) };
    const last = delta(index, {}, finishReason(event.reason, form), timings);
    return form.includeUsage && finished.length === form.answers ? [last, chunk([], figuresObject(finished, form.answers))] : [last];
  };

  return {
    open: (index) => {
      deltasOf = deltasTo(index);
      return [delta(index, { role: "assistant", content: "" })];
    },
    event: (event, index) => {
      const changes = deltasOf(event);
      return event.kind === "finish" ? [...changes, ...finish(event, index)] : changes;
    },
  };
}
