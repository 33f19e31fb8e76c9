/** A whole answer, gathered from its events, for replies that are not streamed. */
import { assert } from "../core/errors.ts";
import type { FinishReason, GenerationEvent, Timings, ToolCall, Usage } from "../core/generation.ts";
import { isJson } from "../core/json.ts";
import type { Generation } from "../engine/engine.ts";

/** What an answer amounts to once all its events are in. */
export interface CollectedAnswer {
  readonly text: string;
  readonly reasoning: string;
  /** Calls as the model wrote them; a call without arguments has "". */
  readonly toolCalls: readonly ToolCall[];
  readonly reason: FinishReason;
  /** The stop sequence that ended it; absent where none did. */
  readonly stopSequence?: string;
  readonly usage: Usage;
  readonly timings: Timings;
}

/** Reads an answer to its end. Throws what its reading throws. */
export async function collectAnswer(generation: Pick<Generation, "read">): Promise<CollectedAnswer> {
  let text = "";
  let reasoning = "";
  let finish: (GenerationEvent & { kind: "finish" }) | undefined;
  const calls: { id: string; name: string; arguments: string }[] = [];
  const take = (event: GenerationEvent): void => {
    if (event.kind === "text") text += event.text;
    else if (event.kind === "reasoning") reasoning += event.text;
    else if (event.kind === "tool_call_start") calls[event.index] = { id: event.id, name: event.name, arguments: "" };
    else if (event.kind === "tool_call_arguments") {
      const call = calls[event.index];
      assert(call !== undefined, "arguments of a tool call came before its start");
      call.arguments += event.text;
    } else finish = event;
  };
  await generation.read((events) => events.forEach(take));
  assert(finish !== undefined, "an answer ended without its finish event");
  const { kind: _kind, ...end } = finish;
  return { text, reasoning, toolCalls: calls, ...end };
}

/** Whether a call's arguments are complete JSON. The call that the token limit cut off has none, or the beginning of some. */
export function hasWholeArguments(call: ToolCall): boolean {
  return isJson(call.arguments);
}

/** The calls that can be run: the last one is left out where the token limit cut it off. Nobody can run half a call. */
export function wholeCalls({ toolCalls, reason }: CollectedAnswer): readonly ToolCall[] {
  const last = toolCalls.at(-1);
  return reason === "length" && last !== undefined && !hasWholeArguments(last) ? toolCalls.slice(0, -1) : toolCalls;
}
