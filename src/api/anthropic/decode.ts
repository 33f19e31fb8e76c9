/** From the body of a Messages request to the canonical request. */
import type {
  ChatInput,
  ChatMessage,
  GenerationRequest,
  ReasoningChoice,
  ResponseFormat,
  SamplingOptions,
  ToolChoice,
  ToolDefinition,
} from "../../core/generation.ts";
import { notedFields } from "../request-field.ts";
import { present } from "../schema.ts";
import { stopSequences } from "../stop-sequences.ts";
import { refuse, refuseMissing, refuseValue } from "./blocks.ts";
import { chatMessages } from "./messages.ts";
import { MessagesBody, Thinking } from "./schema.ts";

/** A decoded request and what only the reply needs. */
export interface DecodedMessages {
  readonly request: GenerationRequest;
  readonly stream: boolean;
  readonly ignored: readonly string[];
}

/** Tools of other types have no schema of their own and run at Anthropic. */
function isCustom(tool: NonNullable<MessagesBody["tools"]>[number]): boolean {
  return (tool.type ?? "custom") === "custom";
}

function toolsOf(body: MessagesBody): ToolDefinition[] {
  if (body.tool_choice?.type === "none") return [];
  return (body.tools ?? []).flatMap((tool, index) => {
    if (!isCustom(tool)) return [];
    const name = (tool.name ?? "") === "" ? refuseMissing(`tools[${index}].name`, "a string that is not empty") : tool.name;
    return [present<ToolDefinition>({ name, description: tool.description, parameters: tool.input_schema })];
  });
}

function toolChoiceOf(body: MessagesBody, tools: readonly ToolDefinition[]): ToolChoice | undefined {
  const choice = body.tool_choice;
  if (choice?.type !== "any" && choice?.type !== "tool") return undefined;
  if (tools.length === 0) refuseValue("tool_choice.type", `"auto" or "none" where "tools" names none that can be called`);
  if (choice.type === "any") return { mode: "required" };
  const name = choice.name ?? refuseMissing("tool_choice.name", "a string");
  if (!tools.some((tool) => tool.name === name)) refuseValue("tool_choice.name", `the name of one of the tools, not "${name}"`);
  return { mode: "function", name };
}

/** A last message of the assistant's is the beginning of the answer, unless it has called a tool and waits for nothing but its result. */
function isPrefill(messages: readonly ChatMessage[]): boolean {
  const last = messages.at(-1);
  return last?.role === "assistant" && last.toolCalls === undefined;
}

function inputOf(body: MessagesBody): ChatInput {
  const messages = chatMessages(body.system, body.messages);
  const tools = toolsOf(body);
  return present<ChatInput>({
    kind: "chat",
    messages,
    tools,
    toolChoice: toolChoiceOf(body, tools),
    parallelToolCalls: tools.length > 0 && body.tool_choice?.disable_parallel_tool_use === true ? false : undefined,
    continueLast: isPrefill(messages) ? true : undefined,
  });
}

/** At Anthropic thoughts come only to who asks for them: code that reads `content[0].text` counts on it. */
function reasoningOf(body: MessagesBody): ReasoningChoice {
  const asked = body.thinking?.type;
  if (asked === "disabled") return { mode: "off" };
  const mode = asked === "enabled" ? "on" : asked === "adaptive" ? "auto" : "off";
  return present<ReasoningChoice>({ mode, level: body.output_config?.effort });
}

function responseFormatOf(body: MessagesBody): ResponseFormat | undefined {
  const field = (body.output_config?.format ?? null) === null ? "output_format" : "output_config.format";
  const format = body.output_config?.format ?? body.output_format;
  if (format === null || format === undefined) return undefined;
  if (format.type !== "json_schema") return refuseValue(`${field}.type`, `"json_schema", not "${format.type}"`);
  const place = `${field}.schema`;
  return { kind: "json_schema", schema: format.schema ?? refuseMissing(place, "a JSON Schema"), field: place };
}

function samplingOf(body: MessagesBody): SamplingOptions {
  return present<SamplingOptions>({ temperature: body.temperature, topP: body.top_p, topK: body.top_k });
}

function ignoredFields(body: MessagesBody): string[] {
  return [
    ...notedFields(MessagesBody, body),
    ...notedFields(Thinking, body.thinking ?? {}).map((name) => `thinking.${name}`),
    ...(body.tools ?? []).flatMap((tool, index) => (isCustom(tool) ? [] : [`tools[${index}]`])),
  ];
}

/** Pure. Throws AppError invalid_request or unsupported_parameter, naming the field. */
export function decodeMessages(id: string, body: MessagesBody): DecodedMessages {
  if ((body.thread ?? null) !== null) refuse("thread", "conversations are not kept. Send the whole conversation.");
  return {
    request: present<GenerationRequest>({
      id,
      model: body.model ?? "",
      input: inputOf(body),
      reasoning: reasoningOf(body),
      sampling: samplingOf(body),
      tokensMax: body.max_tokens,
      stop: stopSequences(body.stop_sequences ?? [], "stop_sequences"),
      responseFormat: responseFormatOf(body),
    }),
    stream: body.stream ?? false,
    ignored: ignoredFields(body),
  };
}
