/** What reading an answer consists of: states that hand over to each other. */
import type { ToolDefinition } from "../core/generation.ts";
import type { OutputFormat } from "../core/runtime.ts";
import type { EventCollector } from "./event-collector.ts";
import type { LeadingCalls } from "./leading-call.ts";
import type { CallMarker } from "./tool-syntax/syntax.ts";

/** Where reading goes on. */
export interface Step {
  /** The position behind what was taken. */
  readonly at: number;
  readonly state: State;
  /** Text held back so far, which that state reads before the rest. */
  readonly again?: string;
}

/** A part of the answer. */
export interface State {
  readonly thinking: boolean;
  /** Takes text from a position on, to its end or up to where another state takes over. */
  read(text: string, at: number): Step;
  /** The opening is over: what of it was held back will not come out. */
  settle(): State;
  /** The answer is over. Null when all is said, otherwise the state that takes what was held back. */
  end(): Omit<Step, "at"> | null;
}

/** What the states share. */
export interface Answer {
  readonly tools: readonly ToolDefinition[];
  readonly reasoning: OutputFormat["reasoning"];
  readonly stops: readonly string[];
  readonly markers: readonly CallMarker[];
  readonly noise: readonly string[];
  readonly leading: LeadingCalls;
  readonly events: EventCollector;
  /** Whether a thought's end may still come without its beginning. */
  implicitThought: boolean;
  stopSequence: string | null;
}
