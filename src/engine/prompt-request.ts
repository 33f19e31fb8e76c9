/** From a request to the prompt it needs: the server's own words put in, forced beginnings chosen. Pure. */
import { callComplaint, callInstruction, formatInstruction, jsonComplaint, withInstructions } from "../chat/instructions.ts";
import { jsonOpening } from "../chat/json/json-opening.ts";
import { shownSchema } from "../chat/shown-schema.ts";
import type { ChatInput, GenerationRequest, ToolDefinition } from "../core/generation.ts";
import type { AnswerOpening, PromptRequest } from "../core/runtime.ts";

/** An answer that was not in the form asked for, as the model is shown it. */
export interface FaultyAnswer {
  /** What the model wrote. */
  readonly said: string;
  /** What is wrong with it, as the middle of a sentence. */
  readonly fault: string;
}

/**
 * The prompt for a request, or for another try at it.
 *
 * What an answer must begin with is written for the model, so that it cannot begin otherwise. That leaves no room for a thought: where
 * the client asked for one, the model begins by itself and is judged afterwards; where the client said nothing, it does not think.
 */
export function promptRequest(request: GenerationRequest, faulty?: FaultyAnswer): PromptRequest {
  const { input, reasoning } = request;
  if (input.kind !== "chat") return { input, reasoning, ...(input.kind === "completion" ? openingOfJson(request) : {}) };
  const opening = openingOf(request, input);
  const instructed = withInstructions(conversationOf(input), [
    callInstruction(input.toolChoice),
    formatInstruction(request.responseFormat),
  ]);
  const messages = faulty === undefined ? instructed : [...instructed, ...complaint(request, faulty)];
  const forced = opening !== undefined && input.continueLast !== true;
  return {
    input: { kind: "chat", messages, tools: input.tools.map(shownTool) },
    reasoning: forced ? { mode: "off" } : reasoning,
    ...(opening === undefined ? {} : { opening }),
  };
}

function shownTool(tool: ToolDefinition): ToolDefinition {
  return tool.parameters === undefined ? tool : { ...tool, parameters: shownSchema(tool.parameters) };
}

/** An unfinished last turn is not rendered as one: its text is the opening. */
function conversationOf(input: ChatInput): ChatInput["messages"] {
  return input.continueLast === true ? input.messages.slice(0, -1) : input.messages;
}

function openingOf(request: GenerationRequest, input: ChatInput): AnswerOpening | undefined {
  const { reasoning } = request;
  if (input.continueLast === true) return { kind: "text", text: input.messages.at(-1)?.content ?? "" };
  if (reasoning.mode === "on") return undefined;
  const { toolChoice, tools } = input;
  if (toolChoice?.mode === "function") return { kind: "tool_call", name: toolChoice.name };
  if (toolChoice?.mode === "required") return { kind: "tool_call", ...(tools.length === 1 ? { name: tools[0]?.name ?? "" } : {}) };
  // With functions on offer the answer may as well be a call.
  return tools.length > 0 ? undefined : openingOfJson(request).opening;
}

function openingOfJson({ responseFormat }: GenerationRequest): Pick<PromptRequest, "opening"> {
  const text = responseFormat === undefined ? "" : jsonOpening(responseFormat);
  return text === "" ? {} : { opening: { kind: "text", text } };
}

function complaint({ responseFormat }: GenerationRequest, { said, fault }: FaultyAnswer): ChatInput["messages"] {
  const content = responseFormat === undefined ? callComplaint(fault) : jsonComplaint(fault);
  return [
    { role: "assistant", content: said },
    { role: "user", content },
  ];
}
