/** What is made of an answer's text on its way out: padding tokens dropped, stop sequences matched, thoughts and calls told from prose. */
import type { ToolDefinition } from "../core/generation.ts";
import type { OutputFormat } from "../core/runtime.ts";
import { createAnswerReader } from "./answer-reader.ts";
import { EventCollector, type OutputEvent } from "./event-collector.ts";
import { PaddingFilter } from "./padding-filter.ts";
import { SYNTAXES } from "./tool-syntax/table.ts";

export type { OutputEvent } from "./event-collector.ts";

/** What may be sent now. */
export interface OutputDelta {
  readonly events: readonly OutputEvent[];
  /** The stop sequence that has come, or null: the text before it is out, and nothing more will be. */
  readonly stopSequence: string | null;
}

/**
 * One answer. Only what can no longer change meaning is let go: an end that may become a stop sequence, a marker or a padding token
 * waits, and so does the first half of a surrogate pair. However the text is cut, the joined events and the outcome are equal.
 *
 * A thought is recognised at the answer's beginning. Its end without a beginning cannot be told before it comes: what stood before
 * it went out as text and stays text, the tag alone is dropped. Blanks around thoughts and calls are dropped.
 * Calls come whole. Stop sequences end prose alone: in thoughts and calls they mean nothing.
 */
export interface OutputStream {
  push(text: string): OutputDelta;
  /** The rest, when the model has ended. A call that lacks nothing but its end is completed, any other is malformed. */
  end(): OutputDelta;
  /** The model is inside a thought. */
  readonly thinking: boolean;
}

/**
 * @param options.stop Texts that end the answer and are not part of it; the one completed first wins.
 * @param options.tools The functions on offer; without any no call is looked for.
 * @param options.opening What the answer was made to begin with: it is read with the answer, and never comes out as text.
 */
export function createOutputStream(options: {
  readonly stop: readonly string[];
  readonly format: OutputFormat;
  readonly tools: readonly ToolDefinition[];
  readonly opening: string;
}): OutputStream {
  const padding = new PaddingFilter();
  const events = new EventCollector({ trimsText: options.tools.length > 0 });
  const reader = createAnswerReader(options, events);
  const opening = (SYNTAXES[options.format.toolSyntax].begun ?? "") + options.opening;
  if (opening !== "") {
    events.muted = true;
    reader.read(opening);
    events.border();
    reader.settle();
    events.muted = false;
  }
  const nothing = (): OutputDelta => ({ events: [], stopSequence: reader.stopSequence });

  return {
    push(text) {
      if (reader.stopSequence !== null) return nothing();
      reader.read(padding.push(text));
      if (reader.stopSequence !== null) events.end();
      return { events: events.take(), stopSequence: reader.stopSequence };
    },
    end() {
      if (reader.stopSequence !== null) return nothing();
      reader.read(padding.end());
      reader.end();
      events.end();
      return { events: events.take(), stopSequence: reader.stopSequence };
    },
    get thinking() {
      return reader.thinking;
    },
  };
}
