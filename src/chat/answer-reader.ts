/**
 * Understands one answer: where a thought, prose and calls begin and end. Every state takes the text a character at a time and decides
 * by the characters alone, so it does not matter how the text was cut. Held-back text is read once more at most.
 */
import type { ToolDefinition } from "../core/generation.ts";
import type { OutputFormat } from "../core/runtime.ts";
import { type BodyEnd, CallBody } from "./call-body.ts";
import type { EventCollector } from "./event-collector.ts";
import { LeadingCalls } from "./leading-call.ts";
import { MarkerFinder } from "./marker-finder.ts";
import { createWords } from "./answer-words.ts";
import type { Answer, State } from "./answer-state.ts";
import type { BodyBounds, CallMarker, CallOutcome } from "./tool-syntax/syntax.ts";
import { SYNTAXES, watchedSyntax } from "./tool-syntax/table.ts";

const FENCE = "```";

/** Reads one answer. */
export interface AnswerReader {
  read(text: string): void;
  settle(): void;
  end(): void;
  readonly thinking: boolean;
  readonly stopSequence: string | null;
}

/** @param events Where everything goes. */
export function createAnswerReader(
  options: { readonly stop: readonly string[]; readonly format: OutputFormat; readonly tools: readonly ToolDefinition[] },
  events: EventCollector,
): AnswerReader {
  const { stop, tools, format } = options;
  const names = tools.map((tool) => tool.name);
  const syntax = SYNTAXES[format.toolSyntax];
  const { markers, noise } = names.length > 0 ? watchedSyntax(format.toolSyntax, names) : { markers: [], noise: [] };
  const answer: Answer = {
    tools,
    reasoning: format.reasoning,
    stops: stop.filter((sequence) => sequence !== ""),
    markers,
    // A prompt that ends in a marker's beginning wants that marker read, functions or not.
    noise: syntax.begun === undefined ? noise : [...new Set([...noise, ...syntax.noise])],
    leading: new LeadingCalls(format.toolSyntax, tools),
    events,
    implicitThought: format.reasoning !== null && !format.reasoning.begun,
    stopSequence: null,
  };
  let state = format.reasoning !== null || names.length > 0 ? createLead(answer, { thought: true, drops: false }) : createProse(answer);

  const read = (text: string): void => {
    for (let at = 0; at < text.length && answer.stopSequence === null;) {
      const step = state.read(text, at);
      state = step.state;
      at = step.at;
      if (step.again !== undefined) read(step.again);
    }
  };
  return {
    read,
    settle() {
      state = state.settle();
    },
    end() {
      for (let rest = state.end(); rest !== null && answer.stopSequence === null; rest = state.end()) {
        state = rest.state;
        if (rest.again !== undefined) read(rest.again);
      }
    },
    get thinking() {
      return state.thinking;
    },
    get stopSequence() {
      return answer.stopSequence;
    },
  };
}

/**
 * The beginning of the answer, or what follows a thought or a call: a thought or a call may begin here. Blanks are looked through.
 * @param options.thought A thought may begin: it does not follow a call.
 * @param options.drops The blanks (and behind a call separators) before what comes are dropped.
 */
function createLead(answer: Answer, options: { readonly thought: boolean; readonly drops: boolean }): State {
  const { reasoning, leading } = answer;
  const begun = options.thought && !options.drops && reasoning?.begun === true;
  const open = options.thought ? (reasoning?.open ?? "") : "";
  const separates = options.drops && !options.thought;
  let held = "";
  let compact = "";

  const judge = (): State | "open" | "text" => {
    if (open === compact) return createThought(answer);
    const verdict = begun ? "text" : leading.judge(compact);
    if (verdict === "call") {
      const start = callStart(held);
      const bounds: BodyBounds = { close: start === 0 ? [] : [FENCE], balanced: start === 0, quoted: true };
      return createCall(answer, { kind: "leading", bounds, before: held.slice(0, start) });
    }
    return verdict === "open" || open.startsWith(compact) ? "open" : "text";
  };
  const otherwise = (): State => (begun ? createThought(answer) : createProse(answer));

  return {
    thinking: begun,
    read(text, at) {
      for (let i = at; i < text.length; i++) {
        const character = text.charAt(i);
        const blank = character.trim() === "";
        if (compact === "" && options.drops && (blank || (separates && (character === ";" || character === ",")))) continue;
        held += character;
        if (blank) continue;
        compact += character;
        const judged = judge();
        if (judged === "open") continue;
        if (judged === "text") return { at: i + 1, state: otherwise(), again: held };
        return judged.thinking ? { at: i + 1, state: judged } : { at: i + 1, state: judged, again: held.slice(callStart(held)) };
      }
      return { at: text.length, state: this };
    },
    settle() {
      if (compact !== "") return otherwise();
      held = "";
      return this;
    },
    end: () => (held === "" ? null : { state: otherwise(), again: held }),
  };
}

/** Where a call's body begins: behind the fence that it stands in, if any. */
function callStart(held: string): number {
  const fence = held.lastIndexOf(FENCE);
  return fence === -1 ? 0 : fence + FENCE.length;
}

function createThought(answer: Answer): State {
  const close = answer.reasoning?.close ?? "";
  const finder = new MarkerFinder([close]);
  const words = createWords(finder, (text) => answer.events.words("reasoning", text));
  answer.implicitThought = false;
  return {
    thinking: true,
    read(text, at) {
      const end = words.read(text, at)?.end;
      if (end === undefined) return { at: text.length, state: this };
      answer.events.border();
      return { at: end, state: createLead(answer, { thought: true, drops: true }) };
    },
    settle() {
      words.forget();
      return this;
    },
    end() {
      words.end();
      return null;
    },
  };
}

function createProse(answer: Answer): State {
  const { stops, markers, noise, events } = answer;
  // A thought's end without its beginning is dropped: what stood before it is out already, and stays text.
  const dropped = answer.implicitThought && answer.reasoning !== null ? [...noise, answer.reasoning.close] : noise;
  const finder = new MarkerFinder([...stops, ...markers.map((marker) => marker.text), ...dropped]);
  const words = createWords(finder, (text) => events.words("text", text));
  return {
    thinking: false,
    read(text, at) {
      const found = words.read(text, at);
      if (found === null) return { at: text.length, state: this };
      const stop = stops[found.index];
      if (stop !== undefined) {
        // Stop sequences in the answer's opening were the client's to write.
        if (!events.muted) answer.stopSequence = stop;
        return { at: found.end, state: this };
      }
      events.border();
      const marker = markers[found.index - stops.length];
      if (marker !== undefined) return { at: found.end, state: createCall(answer, { kind: "marked", marker }) };
      const thoughtEnd = found.index === stops.length + markers.length + noise.length;
      if (thoughtEnd) answer.implicitThought = false;
      return { at: found.end, state: createLead(answer, { thought: thoughtEnd, drops: !thoughtEnd || !events.begun }) };
    },
    settle() {
      words.forget();
      return this;
    },
    end() {
      words.end();
      return null;
    },
  };
}

/** Where a call began: at a marker, or without one. */
type CallStart =
  | { readonly kind: "marked"; readonly marker: CallMarker }
  /** `before`: what was taken of the text in front of the body. */
  | { readonly kind: "leading"; readonly bounds: BodyBounds; readonly before: string };

function createCall(answer: Answer, start: CallStart): State {
  const { events, tools, markers } = answer;
  const body = new CallBody(start.kind === "marked" ? start.marker.body : start.bounds);
  const before = start.kind === "marked" ? start.marker.text : start.before;
  let held = "";
  let forced = false;

  /** The state after it; a string is text that was none. */
  const finish = (close: string, cut: boolean): State | string => {
    const text = close === "" ? held : held.slice(0, -close.length);
    const context = { tools, cut };
    const next = start.kind === "marked" ? markers.find((marker) => marker.text === close) : undefined;
    if (text.trim() === "" && next !== undefined) return createCall(answer, { kind: "marked", marker: next });
    const outcomes = start.kind === "marked" ? start.marker.read(text, context) : answer.leading.read(before + text, context, forced);
    if (outcomes === null) return before + held;
    for (const outcome of outcomes) report(outcome, before + (next === undefined ? held : text));
    return next === undefined ? createLead(answer, { thought: false, drops: true }) : createCall(answer, { kind: "marked", marker: next });
  };
  const report = (outcome: CallOutcome, text: string): void => {
    if (outcome.kind === "call") events.call({ kind: "tool_call", name: outcome.name, arguments: outcome.arguments });
    else events.call({ kind: "malformed_call", text, fault: outcome.fault });
  };

  return {
    thinking: false,
    read(text, at) {
      const end: BodyEnd | null = body.read(text, at);
      held += text.slice(at, end?.at);
      if (end === null) return { at: text.length, state: this };
      const next = finish(end.close, false);
      return typeof next === "string" ? { at: end.at, state: createProse(answer), again: next } : { at: end.at, state: next };
    },
    settle() {
      forced = true;
      return this;
    },
    end() {
      const next = finish("", true);
      return typeof next === "string" ? { state: createProse(answer), again: next } : null;
    },
  };
}
