/** From the body of a chat request to the canonical request. */
import { AppError } from "../../core/errors.ts";
import type { GenerationRequest, ReasoningChoice, ToolDefinition } from "../../core/generation.ts";
import { present } from "../schema.ts";
import { chatMessages } from "./chat-messages.ts";
import type { ChatBody } from "./chat-schema.ts";
import { ignoredFields, refuse, refuseCommon, samplingOf, stopOf, UNLIMITED_TOKENS } from "./sampling-schema.ts";

/** A decoded request and what only the encoder needs. */
export interface DecodedChat {
  readonly request: GenerationRequest;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly ignored: readonly string[];
}

/** Names other servers gave to fields of this endpoint; they are read where OpenAI's own is absent. */
interface ForeignFields {
  readonly enable_thinking?: unknown;
  readonly think?: unknown;
  readonly reasoning?: { readonly effort?: unknown } | null;
  readonly n_predict?: unknown;
  readonly functions?: readonly unknown[] | null;
  readonly grammar?: unknown;
  readonly json_schema?: unknown;
}

function refuseUnsupported(body: ChatBody & ForeignFields): void {
  refuseCommon(body);
  if (body.logprobs === true) refuse("logprobs", "the runtime gives no access to token probabilities. Leave it out.");
  if ((body.top_logprobs ?? 0) > 0) refuse("top_logprobs", "the runtime gives no access to token probabilities. Leave it out.");
  const format = body.response_format?.type ?? "text";
  if (format !== "text") refuse("response_format", `"${format}" cannot be guaranteed. Leave it out and ask for JSON in the messages.`);
  if (body.modalities?.some((kind) => kind !== "text") === true)
    refuse("modalities", 'answers are text only. Send ["text"] or leave it out.');
  if ((body.functions?.length ?? 0) > 0) refuse("functions", "it is an older form of tools. Send the functions as tools.");
  for (const field of ["grammar", "json_schema"] as const) {
    if ((body[field] ?? "") !== "") refuse(field, "the answer cannot be constrained. Leave it out.");
  }
}

function toolsOf(body: ChatBody): ToolDefinition[] {
  const choice = body.tool_choice ?? "auto";
  const named = typeof choice === "string" ? choice : choice.type;
  if (named === "none") return [];
  if (named !== "auto") refuse("tool_choice", `a call cannot be forced ("${named}"). Send "auto" or "none".`);
  return (body.tools ?? []).map((tool, index) => {
    if (tool.type !== "function") refuse(`tools[${index}].type`, `only tools of type "function" can be called, not "${tool.type}".`);
    if (!tool.function) {
      const field = `tools[${index}].function`;
      throw new AppError("invalid_request", `The field "${field}" is missing: it must be an object.`, {
        details: { field, fault: "missing" },
      });
    }
    const { name, description, parameters } = tool.function;
    return present<ToolDefinition>({ name, description, parameters });
  });
}

function reasoningOf(body: ChatBody & ForeignFields): ReasoningChoice {
  const asked = body.chat_template_kwargs?.enable_thinking ?? body.enable_thinking ?? body.think;
  if (typeof asked === "boolean") return { mode: asked ? "on" : "off" };
  const effort = body.reasoning_effort ?? body.reasoning?.effort;
  if (typeof effort !== "string") return { mode: "auto" };
  return effort === "none" ? { mode: "off" } : { mode: "on", level: effort };
}

function tokensMaxOf(body: ChatBody & ForeignFields): number | undefined {
  const field = body.max_completion_tokens !== null && body.max_completion_tokens !== undefined ? "max_completion_tokens" : "max_tokens";
  const tokens = body[field] ?? (typeof body.n_predict === "number" ? body.n_predict : UNLIMITED_TOKENS);
  if (tokens === 0) {
    throw new AppError("invalid_request", `The field "${field}" must be at least 1, or -1 for as many tokens as fit.`, {
      details: { field, fault: "value" },
    });
  }
  return tokens < 0 ? undefined : tokens;
}

/** Pure. Throws AppError invalid_request or unsupported_parameter, naming the field. */
export function decodeChat(id: string, body: ChatBody): DecodedChat {
  refuseUnsupported(body);
  return {
    request: present<GenerationRequest>({
      id,
      model: body.model ?? "",
      input: { kind: "chat", messages: chatMessages(body.messages), tools: toolsOf(body) },
      reasoning: reasoningOf(body),
      sampling: samplingOf(body),
      tokensMax: tokensMaxOf(body),
      stop: stopOf(body),
    }),
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    ignored: ignoredFields(body),
  };
}
