/** Plain completions in OpenAI's form, whole and in chunks. What a model thinks is part of the text here: nothing told it apart. */
import type { FinishReason, GenerationEvent } from "../../core/generation.ts";
import type { CollectedAnswer } from "../collected-answer.ts";
import type { JsonObject, StreamEncoder } from "../dialect.ts";
import { Piece } from "../piece.ts";
import { timingsObject } from "../timings.ts";
import type { AnswerHeading } from "./heading.ts";
import { figuresObject } from "./usage.ts";
import type { Figures } from "./usage.ts";

/** What the client asked for beside the answers themselves. */
export interface CompletionReplyForm {
  /** Texts that go in front of the answers, one for each choice; mostly "". */
  readonly echoes: readonly string[];
  readonly answersPerPrompt: number;
  readonly includeUsage: boolean;
}

/** This endpoint knows no tool calls. */
function finishReason(reason: FinishReason): string {
  return reason === "length" ? "length" : "stop";
}

function completion(heading: AnswerHeading, choices: readonly JsonObject[], rest: JsonObject): JsonObject {
  return {
    id: heading.id,
    object: "text_completion",
    created: heading.created,
    model: heading.model,
    system_fingerprint: heading.system_fingerprint,
    choices,
    ...rest,
  };
}

function choiceObject(index: number, text: string, reason: string | null): JsonObject {
  return { text, index, logprobs: null, finish_reason: reason };
}

/** The reply to a request that was not streamed. */
export function textCompletion(heading: AnswerHeading, form: CompletionReplyForm, answers: readonly CollectedAnswer[]): JsonObject {
  const choices = answers.map(({ text, reasoning, reason }, index) =>
    choiceObject(index, (form.echoes[index] ?? "") + reasoning + text, finishReason(reason)),
  );
  return completion(heading, choices, figuresObject(answers, form.answersPerPrompt));
}

/** Encodes a reply as `text_completion` chunks. */
export function createCompletionStreamEncoder(heading: AnswerHeading, form: CompletionReplyForm): StreamEncoder {
  const finished: Figures[] = [];
  const usage = form.includeUsage ? { usage: null } : {};
  const aroundText = (index: number) => (text: string) => completion(heading, [choiceObject(index, text, null)], usage);
  let around = aroundText(0);
  const piece = (text: string): Piece[] => (text === "" ? [] : [new Piece(around, text)]);
  const finish = (event: GenerationEvent & { kind: "finish" }, index: number): JsonObject[] => {
    finished.push(event);
    const figures = form.includeUsage ? usage : { timings: timingsObject(event.timings, event.usage) };
    const last = completion(heading, [choiceObject(index, "", finishReason(event.reason))], figures);
    const closing = form.includeUsage && finished.length === form.echoes.length;
    return closing ? [last, completion(heading, [], figuresObject(finished, form.answersPerPrompt))] : [last];
  };
  return {
    open: (index) => {
      around = aroundText(index);
      return piece(form.echoes[index] ?? "");
    },
    event: (event, index) => {
      if (event.kind === "text" || event.kind === "reasoning") return piece(event.text);
      return event.kind === "finish" ? finish(event, index) : [];
    },
  };
}
