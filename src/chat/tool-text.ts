/**
 * Functions, calls and results as plain text, for templates that know nothing of tools. The tags are those of Hermes and Qwen
 * (https://github.com/NousResearch/Hermes-Function-Calling), which many models have seen and one reading back serves.
 */
import type { ToolCall, ToolDefinition } from "../core/generation.ts";

/** How a call is to be written. */
export const CALL_INSTRUCTION = `To call one, answer with:\n<tool_call>\n{"name": "the name", "arguments": {}}\n</tool_call>`;

/** What stands in the system turn. */
export function toolInstructions(tools: readonly ToolDefinition[]): string {
  const list = tools.map((tool) => JSON.stringify({ type: "function", function: tool })).join("\n");
  return `You can call these functions:\n<tools>\n${list}\n</tools>\n${CALL_INSTRUCTION}`;
}

/** A call as the model is told to write it; arguments stand as they were written. */
export function toolCallText(call: ToolCall): string {
  return `<tool_call>\n{"name": ${JSON.stringify(call.name)}, "arguments": ${call.arguments.trim() === "" ? "{}" : call.arguments}}\n</tool_call>`;
}

/** A result, as a user's turn shows it. */
export function toolResultText(content: string): string {
  return `<tool_response>\n${content}\n</tool_response>`;
}
