/** Answers in Ollama's form, whole and line by line, for /api/chat and /api/generate. */
import type { FinishReason, GenerationEvent, Timings, ToolCall, Usage } from "../../core/generation.ts";
import { hasWholeArguments } from "../collected-answer.ts";
import type { CollectedAnswer } from "../collected-answer.ts";
import type { JsonObject, StreamEncoder } from "../dialect.ts";
import { Piece } from "../piece.ts";
import { timingsObject } from "../timings.ts";

/** What all objects of one answer have in common. */
export interface OllamaHeading {
  /** The name as the client wrote it; clients compare it with what they sent. */
  readonly model: string;
  nowMs(): number;
  /** What else the last object holds, made from the answer's text. */
  readonly tail?: (text: string) => JsonObject;
}

/** What an object may bring of an answer. */
interface Content {
  readonly text?: string;
  readonly thinking?: string;
  readonly toolCalls?: readonly JsonObject[];
}

/** How an endpoint lays that into an object. */
export type PieceShape = (content: Content) => JsonObject;

/** /api/chat: a message on every line, the last one too. */
export const chatPiece: PieceShape = ({ text = "", thinking = "", toolCalls = [] }) => ({
  message: {
    role: "assistant",
    content: text,
    ...(thinking === "" ? {} : { thinking }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  },
});

/** Tool calls cannot come here: the endpoint takes no tools. */
export const generatePiece: PieceShape = ({ text = "", thinking = "" }) => ({ response: text, ...(thinking === "" ? {} : { thinking }) });

/** Durations are whole nanoseconds and never 0: clients divide by them. */
export function nanoseconds(ms: number): number {
  return Math.max(1, Math.round(ms * 1e6));
}

/** A tool call ends with "stop" here; the message itself says that there are calls. */
function doneReason(reason: FinishReason): string {
  return reason === "length" ? "length" : "stop";
}

function metrics(usage: Usage, timings: Timings): JsonObject {
  return {
    total_duration: nanoseconds(timings.totalMs),
    load_duration: nanoseconds(timings.loadMs),
    prompt_eval_count: usage.promptTokens,
    prompt_eval_duration: nanoseconds(timings.prefillMs),
    eval_count: usage.completionTokens,
    eval_duration: nanoseconds(timings.decodeMs),
    // Not Ollama's, whose clients pass it over: it alone tells what was computed from what was cached, and the memory.
    timings: timingsObject(timings, usage),
  };
}

/** Calls whose arguments are an object, and the text of those that the model wrote wrongly: arguments must be an object here. */
function readCall(call: ToolCall, index: number): { readonly call: JsonObject } | { readonly text: string } {
  try {
    const parsed: unknown = call.arguments.trim() === "" ? {} : JSON.parse(call.arguments);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      return { call: { id: call.id, function: { index, name: call.name, arguments: parsed } } };
    }
  } catch {
    // Falls through: not JSON at all.
  }
  return { text: `${call.name}(${call.arguments})` };
}

function heading(of: OllamaHeading, now = timeOf(of)): JsonObject {
  return { model: of.model, created_at: now };
}

function timeOf(of: OllamaHeading): string {
  return new Date(of.nowMs()).toISOString();
}

/** The reply to a request that was not streamed. */
export function ollamaAnswer(of: OllamaHeading, shape: PieceShape, answer: CollectedAnswer): JsonObject {
  const whole = answer.toolCalls.filter((call) => answer.reason !== "length" || hasWholeArguments(call)).map(readCall);
  const text = answer.text + whole.map((entry) => ("text" in entry ? entry.text : "")).join("");
  const toolCalls = whole.flatMap((entry) => ("call" in entry ? [entry.call] : []));
  return {
    ...heading(of),
    ...shape({ text, thinking: answer.reasoning, toolCalls }),
    done: true,
    done_reason: doneReason(answer.reason),
    ...of.tail?.(text),
    ...metrics(answer.usage, answer.timings),
  };
}

/** The reply to a call that only loaded or unloaded a model. */
export function ollamaLoaded(of: OllamaHeading, shape: PieceShape, what: "load" | "unload"): JsonObject {
  return { ...heading(of), ...shape({}), done: true, done_reason: what };
}

/** The reply to a call that only wants to see the prompt. */
export function ollamaRendered(of: OllamaHeading, shape: PieceShape, prompt: string): JsonObject {
  return { ...heading(of), ...shape({}), done: true, _debug_info: { rendered_template: prompt } };
}

/** Encodes one answer line by line. A tool call comes whole, on a line of its own before the last. */
export function createOllamaStreamEncoder(of: OllamaHeading, shape: PieceShape): StreamEncoder {
  let said = "";
  let open: { index: number; id: string; name: string; arguments: string } | undefined;

  const line = (content: Content, now?: string): JsonObject => ({ ...heading(of, now), ...shape(content), done: false });
  const words = (now: string, text: string): JsonObject => line({ text }, now);
  const thoughts = (now: string, thinking: string): JsonObject => line({ thinking }, now);
  const closeCall = (cutOff: boolean): JsonObject[] => {
    if (open === undefined) return [];
    const call = open;
    open = undefined;
    if (cutOff && !hasWholeArguments(call)) return [];
    const entry = readCall(call, call.index);
    return [line("call" in entry ? { toolCalls: [entry.call] } : { text: entry.text })];
  };
  return {
    open: () => [],
    // Clients put the pieces together: one without text changes nothing, and keeps those that give up after minutes of silence.
    idle: () => line({}),
    event: (event: GenerationEvent) => {
      switch (event.kind) {
        case "text":
          said += of.tail === undefined ? "" : event.text;
          return event.text === "" ? [] : [...closeCall(false), new Piece(words, timeOf(of), event.text)];
        case "reasoning":
          return event.text === "" ? [] : [...closeCall(false), new Piece(thoughts, timeOf(of), event.text)];
        case "tool_call_start": {
          const closed = closeCall(false);
          open = { index: event.index, id: event.id, name: event.name, arguments: "" };
          return closed;
        }
        case "tool_call_arguments":
          if (open !== undefined) open.arguments += event.text;
          return [];
        case "finish": {
          const closed = closeCall(event.reason === "length");
          const last = {
            ...heading(of),
            ...shape({}),
            done: true,
            done_reason: doneReason(event.reason),
            ...of.tail?.(said),
            ...metrics(event.usage, event.timings),
          };
          return [...closed, last];
        }
      }
    },
  };
}
