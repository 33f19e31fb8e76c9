/** Reading whole answers in pieces, for the tests of everything that reads answers. */
import { createOutputStream, type OutputEvent } from "../../../src/chat/output-stream.ts";
import type { ToolDefinition } from "../../../src/core/generation.ts";
import type { OutputFormat, ToolSyntax } from "../../../src/core/runtime.ts";

const WEATHER: ToolDefinition = {
  name: "get_weather",
  parameters: {
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer" }, options: { type: "object" }, unit: { type: ["string", "null"] } },
  },
};
const ADD: ToolDefinition = {
  name: "add",
  parameters: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } } },
};

/** The tags of most models that think. */
export const THINK = { open: "<think>", close: "</think>", begun: false };

export interface Reading {
  readonly syntax?: ToolSyntax;
  readonly reasoning?: OutputFormat["reasoning"];
  readonly tools?: readonly ToolDefinition[];
  readonly stop?: readonly string[];
  readonly opening?: string;
}

/** What an answer consists of, neighbours of one kind joined, and the stop sequence that ended it. */
export function understood(pieces: string | readonly string[], how: Reading = {}): { events: OutputEvent[]; stopSequence: string | null } {
  const stream = createOutputStream({
    stop: how.stop ?? [],
    format: { reasoning: how.reasoning ?? null, toolSyntax: how.syntax ?? "hermes" },
    tools: how.tools ?? [WEATHER, ADD],
    opening: how.opening ?? "",
  });
  const deltas = [...(typeof pieces === "string" ? [pieces] : pieces).map((piece) => stream.push(piece)), stream.end()];
  return { events: joined(deltas.flatMap((delta) => delta.events)), stopSequence: deltas.at(-1)?.stopSequence ?? null };
}

/** The text cut at the given places, each taken modulo its length. */
export function cut(text: string, cuts: readonly number[]): string[] {
  const borders = [0, ...cuts.map((at) => at % (text.length + 1)).sort((a, b) => a - b), text.length];
  return borders.slice(1).map((end, i) => text.slice(borders[i], end));
}

function joined(events: readonly OutputEvent[]): OutputEvent[] {
  const merged: OutputEvent[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (last !== undefined && (last.kind === "text" || last.kind === "reasoning") && last.kind === event.kind) {
      merged[merged.length - 1] = { kind: last.kind, text: last.text + event.text };
    } else merged.push(event);
  }
  return merged;
}
