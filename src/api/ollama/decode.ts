/** From Ollama's bodies to the canonical request. */
import { AppError } from "../../core/errors.ts";
import type {
  ChatMessage,
  ChatRole,
  GenerationInput,
  GenerationRequest,
  ReasoningChoice,
  ResponseFormat,
  ToolCall,
  ToolDefinition,
} from "../../core/generation.ts";
import { jsonText } from "../json-text.ts";
import { present } from "../schema.ts";
import { keepAliveMs } from "./keep-alive.ts";
import { decodeOptions } from "./options.ts";
import type { OllamaChatBody, OllamaGenerateBody, OllamaMessage } from "./schema.ts";

/** A decoded request. */
export interface DecodedOllama {
  readonly request: GenerationRequest;
  readonly stream: boolean;
  readonly ignored: readonly string[];
  /** A call without a prompt: the model is to be loaded, or unloaded, and nothing generated. */
  readonly only?: "load" | "unload";
}

const ROLES: Readonly<Record<string, ChatRole>> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool",
};
const THINK_LEVELS = new Set(["low", "medium", "high", "max"]);
/** Tags that mean nothing here: Ollama's default tag, and its way to say "not in the cloud". */
const EMPTY_TAG = /:(?:latest|local)$/;

/** The name to look a model up by. Ollama takes `name` and `name:latest` for the same model. */
export function lookupName(model: string): string {
  return model.trim().replace(EMPTY_TAG, "");
}

function refuse(field: string, message: string): never {
  throw new AppError("unsupported_parameter", message, { details: { field } });
}

function refuseUnsupported(body: OllamaChatBody | OllamaGenerateBody): void {
  if (body.logprobs === true) refuse("logprobs", '"logprobs" is not supported: the runtime gives no access to token probabilities.');
}

function refuseImages(images: readonly string[] | null | undefined, field: string): void {
  if ((images?.length ?? 0) > 0) refuse(field, `"${field}" is not supported: images cannot be read. Send text only.`);
}

/** "json", or a JSON Schema. Throws AppError invalid_request. */
function formatOf(format: unknown): ResponseFormat | undefined {
  if (format === undefined || format === null || format === "") return undefined;
  if (format === "json") return { kind: "json_object" };
  if (typeof format === "object" && !Array.isArray(format)) {
    return { kind: "json_schema", schema: format as Readonly<Record<string, unknown>> };
  }
  throw new AppError(
    "invalid_request",
    `invalid format: ${JSON.stringify(format).slice(0, 80)}; expected "json" or a valid JSON Schema object`,
    {
      details: { field: "format", fault: "value" },
    },
  );
}

function reasoningOf(think: boolean | string | null | undefined): ReasoningChoice {
  if (think === null || think === undefined) return { mode: "auto" };
  if (typeof think === "boolean") return { mode: think ? "on" : "off" };
  if (THINK_LEVELS.has(think)) return { mode: "on", level: think };
  throw new AppError("invalid_request", `invalid think value: "${think}" (must be "high", "medium", "low", "max", true, or false)`, {
    details: { field: "think", fault: "value" },
  });
}

function toolCalls(message: OllamaMessage, index: number): ToolCall[] {
  return (message.tool_calls ?? []).map((call, position) => {
    const given = call.function.arguments ?? {};
    return {
      id: call.id ?? `call_${index}_${position}`,
      name: call.function.name,
      arguments: typeof given === "string" ? given : jsonText(given, `messages[${index}].tool_calls[${position}].function.arguments`),
    };
  });
}

function chatMessage(message: OllamaMessage, index: number): ChatMessage {
  const role = ROLES[message.role.toLowerCase()];
  const field = `messages[${index}].role`;
  if (role === undefined) {
    throw new AppError("invalid_request", `"${field}" must be "system", "user", "assistant" or "tool", not "${message.role}"`, {
      details: { field, fault: "value" },
    });
  }
  refuseImages(message.images, `messages[${index}].images`);
  const calls = role === "assistant" ? toolCalls(message, index) : [];
  return present<ChatMessage>({
    role,
    content: message.content ?? "",
    name: message.tool_name,
    reasoning: role === "assistant" && message.thinking !== "" ? message.thinking : undefined,
    toolCalls: calls.length > 0 ? calls : undefined,
    toolCallId: message.tool_call_id,
  });
}

function toolDefinitions(tools: OllamaChatBody["tools"]): ToolDefinition[] {
  return (tools ?? []).map(({ function: { name, description, parameters } }) => present<ToolDefinition>({ name, description, parameters }));
}

/** What both endpoints share, around the input. `input` is null for a call that only loads or unloads. */
function decoded(id: string, body: OllamaChatBody | OllamaGenerateBody, input: GenerationInput | null): DecodedOllama {
  const keepAlive = keepAliveMs(body.keep_alive);
  const { sampling, tokensMax, stop, ignored } = decodeOptions(body.options ?? {});
  return present<DecodedOllama>({
    request: present<GenerationRequest>({
      id,
      model: lookupName(body.model ?? ""),
      // Loading asks for a prompt that no model refuses and for no token; it is given up once the model is there.
      input: input ?? { kind: "completion", prompt: "\n" },
      reasoning: reasoningOf(body.think),
      sampling,
      tokensMax: input === null ? 0 : tokensMax,
      stop,
      responseFormat: input?.kind === "chat" ? formatOf(body.format) : undefined,
    }),
    stream: body.stream ?? true,
    ignored,
    only: input !== null ? undefined : keepAlive === 0 ? "unload" : "load",
  });
}

/** Pure. Throws AppError invalid_request or unsupported_parameter. */
export function decodeOllamaChat(id: string, body: OllamaChatBody): DecodedOllama {
  if ((body.model ?? "") === "")
    throw new AppError("invalid_request", "model is required", { details: { field: "model", fault: "missing" } });
  refuseUnsupported(body);
  const messages = body.messages ?? [];
  const input: GenerationInput = { kind: "chat", messages: messages.map(chatMessage), tools: toolDefinitions(body.tools) };
  return decoded(id, body, messages.length === 0 ? null : input);
}

/** Pure. Throws AppError model_not_found, invalid_request or unsupported_parameter. */
export function decodeOllamaGenerate(id: string, body: OllamaGenerateBody): DecodedOllama {
  if ((body.model ?? "") === "") throw new AppError("model_not_found", "model '' not found", { details: { field: "model" } });
  refuseUnsupported(body);
  refuseImages(body.images, "images");
  const system = body.system ?? "";
  const hasContext = (body.context?.length ?? 0) > 0;
  if (body.raw === true && (system !== "" || (body.template ?? "") !== "" || hasContext)) {
    throw new AppError("invalid_request", "raw mode does not support template, system, or context", { details: { field: "raw" } });
  }
  if ((body.template ?? "") !== "")
    refuse("template", '"template" is not supported: the model\'s own chat template is used. Leave it out, or send raw text with "raw".');
  if (hasContext) refuse("context", '"context" is not supported. Send the conversation to /api/chat.');
  const suffix = body.suffix ?? "";
  const prompt = body.prompt ?? "";
  if (prompt === "" && suffix === "") return decoded(id, body, null);
  if (suffix !== "") return decoded(id, body, { kind: "infill", prefix: prompt, suffix });
  if (body.raw === true && formatOf(body.format) !== undefined) refuse("format", '"format" is not supported in raw mode. Leave out "raw".');
  if (body.raw === true) return decoded(id, body, { kind: "completion", prompt });
  const user: ChatMessage = { role: "user", content: prompt };
  const messages: ChatMessage[] = system === "" ? [user] : [{ role: "system", content: system }, user];
  return decoded(id, body, { kind: "chat", messages, tools: [] });
}
