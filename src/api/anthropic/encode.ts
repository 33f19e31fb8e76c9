/** Whole answers in the form of Anthropic's Messages API. */
import type { FinishReason, ToolCall, Usage } from "../../core/generation.ts";
import { wholeCalls } from "../collected-answer.ts";
import type { CollectedAnswer } from "../collected-answer.ts";
import type { JsonObject } from "../dialect.ts";

/** What an answer is known by. */
export interface MessageHeading {
  readonly id: string;
  readonly model: string;
}

/** Why an answer ended, as this API says it: the sequence it met is named beside the reason. */
export function stopObject(reason: FinishReason, stopSequence: string | undefined): JsonObject {
  const word = { stop: stopSequence === undefined ? "end_turn" : "stop_sequence", length: "max_tokens", tool_calls: "tool_use" }[reason];
  return { stop_reason: word, stop_sequence: reason === "stop" ? (stopSequence ?? null) : null };
}

/** Token counts. What the cache held is not part of `input_tokens` here. */
export function usageObject(usage: Usage): JsonObject {
  return {
    input_tokens: usage.promptTokens - usage.cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: usage.cachedTokens,
    output_tokens: usage.completionTokens,
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
  };
}

/** A message without content yet. */
export function messageObject(heading: MessageHeading, content: readonly JsonObject[], rest: JsonObject): JsonObject {
  return { id: heading.id, type: "message", role: "assistant", model: heading.model, content, ...rest };
}

/** A call as a block; as text where the model wrote its arguments wrongly, for they must be an object here. */
function callBlock(call: ToolCall): JsonObject {
  try {
    const input: unknown = call.arguments.trim() === "" ? {} : JSON.parse(call.arguments);
    if (typeof input === "object" && input !== null && !Array.isArray(input))
      return { type: "tool_use", id: call.id, name: call.name, input };
  } catch {
    // Falls through: not JSON at all.
  }
  return { type: "text", text: `${call.name}(${call.arguments})` };
}

/** The reply to a request that was not streamed. */
export function messageReply(heading: MessageHeading, answer: CollectedAnswer): JsonObject {
  const calls = wholeCalls(answer).map(callBlock);
  const content = [
    ...(answer.reasoning === "" ? [] : [{ type: "thinking", thinking: answer.reasoning, signature: "" }]),
    ...(answer.text === "" ? [] : [{ type: "text", text: answer.text }]),
    ...calls,
  ];
  const called = calls.some((block) => block["type"] === "tool_use");
  const reason = answer.reason === "tool_calls" && !called ? "stop" : answer.reason;
  return messageObject(heading, content, { ...stopObject(reason, answer.stopSequence), usage: usageObject(answer.usage) });
}
