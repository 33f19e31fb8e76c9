/** From Ollama's bodies to the canonical request. */
import { AppError } from "../../core/errors.ts";
import type { ChatInput, ChatMessage, GenerationInput, GenerationRequest, ReasoningChoice, ResponseFormat } from "../../core/generation.ts";
import type { ModelFacts } from "../../engine/model-facts.ts";
import { isBegunAnswer } from "../begun-answer.ts";
import { present } from "../schema.ts";
import { unpackContext } from "./context-field.ts";
import { keepAliveMs } from "../keep-alive.ts";
import { chatMessages, refuseImages, toolDefinitions } from "./messages.ts";
import { expandedName, lookupName } from "./names.ts";
import { decodeOptions } from "./options.ts";
import type { OllamaChatBody, OllamaGenerateBody } from "./schema.ts";

/** A body of either endpoint. */
export type OllamaBody = OllamaChatBody | OllamaGenerateBody;

/** What has to be known of the model to read a request for it. */
export type Ability = Pick<ModelFacts, "model" | "capabilities" | "template">;

/** A decoded request. */
export interface DecodedOllama {
  readonly request: GenerationRequest;
  readonly stream: boolean;
  readonly ignored: readonly string[];
  /** A call without a prompt: the model is to be loaded, and nothing generated. */
  readonly loadsOnly: boolean;
  /** A conversation that is too long may lose its oldest turns. */
  readonly truncate: boolean;
  /** Only the prompt is asked for. */
  readonly rendersOnly: boolean;
}

const THINK_LEVELS = new Set(["low", "medium", "high", "max"]);
/** A template that adds nothing to the prompt. */
const PROMPT_ALONE = /^\s*\{\{-?\s*\.Prompt\s*-?\}\}\s*$/;
const TOP_LOGPROBS_MAX = 20;

function refuse(field: string, message: string): never {
  throw new AppError("unsupported_parameter", message, { details: { field } });
}

function invalid(field: string, message: string): never {
  throw new AppError("invalid_request", message, { details: { field, fault: "value" } });
}

/** What is judged before the model is looked up. Throws AppError invalid_request. */
export function checkBody(body: OllamaBody): void {
  const top = body.top_logprobs ?? 0;
  if (top < 0 || top > TOP_LOGPROBS_MAX) invalid("top_logprobs", `top_logprobs must be between 0 and ${TOP_LOGPROBS_MAX}`);
  if (typeof body.think === "string" && !THINK_LEVELS.has(body.think)) {
    invalid("think", `invalid think value: "${body.think}" (must be "high", "medium", "low", "max", true, or false)`);
  }
  keepAliveMs(body.keep_alive);
}

/** A call that unloads: whatever else is in it is not looked at. */
export function isUnload(body: OllamaBody, isEmpty: boolean): boolean {
  return isEmpty && keepAliveMs(body.keep_alive) === 0;
}

/** Whether there is no conversation. */
export function isEmptyChat(body: OllamaChatBody): boolean {
  return (body.messages?.length ?? 0) === 0;
}

/** Whether there is no prompt. */
export function isEmptyPrompt(body: OllamaGenerateBody): boolean {
  return (body.prompt ?? "") === "" && (body.suffix ?? "") === "";
}

/** "json", or a JSON Schema. */
function formatOf(format: unknown): ResponseFormat | undefined {
  if (format === undefined || format === null || format === "") return undefined;
  if (format === "json") return { kind: "json_object" };
  if (typeof format === "object" && !Array.isArray(format)) {
    return { kind: "json_schema", schema: format as Readonly<Record<string, unknown>>, field: "format" };
  }
  return invalid("format", `invalid format: ${JSON.stringify(format).slice(0, 80)}; expected "json" or a valid JSON Schema object`);
}

function reasoningOf({ model: name, think }: OllamaBody, { capabilities }: Ability): ReasoningChoice {
  // The model's own template decides: those of models that are made to think do.
  if (think === null || think === undefined) return { mode: "auto" };
  if (think === false) return { mode: "off" };
  if (!capabilities.includes("thinking")) refuse("think", `"${name ?? ""}" does not support thinking`);
  return think === true ? { mode: "on" } : { mode: "on", level: think };
}

/** What both endpoints share, around the input. `input` is null for a call that only loads. */
function decoded(id: string, body: OllamaBody, able: Ability, input: GenerationInput | null): DecodedOllama {
  if (body.logprobs === true) refuse("logprobs", '"logprobs" is not supported: the runtime gives no access to token probabilities.');
  // Ollama looks at what a model can do before it looks at options.
  const reasoning = reasoningOf(body, able);
  const { sampling, tokensMax, stop, ignored } = decodeOptions(body.options ?? {});
  const responseFormat = formatOf(body.format);
  if (responseFormat !== undefined && input?.kind === "infill")
    refuse("format", '"format" is not supported beside "suffix". Leave one of them out.');
  return {
    request: present<GenerationRequest>({
      id,
      model: lookupName(body.model ?? ""),
      input: input ?? { kind: "completion", prompt: "" },
      reasoning,
      sampling,
      tokensMax,
      stop,
      responseFormat,
      keepAliveMs: keepAliveMs(body.keep_alive),
    }),
    stream: body.stream ?? true,
    ignored: [...ignored, ...(body.shift === true ? ["shift"] : [])],
    loadsOnly: input === null,
    truncate: body.truncate ?? true,
    rendersOnly: body["_debug_render_only"] === true,
  };
}

/** Pure. Throws AppError invalid_request or unsupported_parameter. */
export function decodeOllamaChat(id: string, body: OllamaChatBody, able: Ability): DecodedOllama {
  if (!able.capabilities.includes("completion")) refuse("model", `"${body.model ?? ""}" does not support chat`);
  if (isEmptyChat(body)) return decoded(id, body, able, null);
  const input: ChatInput = { kind: "chat", messages: chatMessages(body.messages ?? []), tools: toolDefinitions(body.tools) };
  const begun = isBegunAnswer(input, formatOf(body.format) !== undefined);
  return decoded(id, body, able, begun ? { ...input, continueLast: true } : input);
}

/** Pure. Throws AppError invalid_request or unsupported_parameter. */
export function decodeOllamaGenerate(id: string, body: OllamaGenerateBody, able: Ability): DecodedOllama {
  const { model, prompt, suffix, system, template, context } = { ...EMPTY_TEXTS, ...present<Partial<typeof EMPTY_TEXTS>>(textsOf(body)) };
  if (body.raw === true && (system !== "" || template !== "" || context.length > 0)) {
    invalid("raw", "raw mode does not support template, system, or context");
  }
  if (!able.capabilities.includes("completion")) refuse("model", `"${model}" does not support generate`);
  if (suffix !== "" && !able.capabilities.includes("insert")) refuse("suffix", `${expandedName(model)} does not support insert`);
  refuseImages(body.images, "images");
  const raw = body.raw === true || PROMPT_ALONE.test(template);
  if (!raw && template !== "" && template.trim() !== able.template.trim()) {
    refuse("template", '"template" is not supported: the model\'s own chat template is used. Leave it out, or send raw text with "raw".');
  }
  if (isEmptyPrompt(body)) return decoded(id, body, able, null);
  if (suffix !== "") return decoded(id, body, able, { kind: "infill", prefix: prompt, suffix });
  // Who sends raw text has put it into a template already: that of a conversation, or of what is to be filled in.
  if (raw) return decoded(id, body, able, { kind: "completion", prompt, markup: true });
  return decoded(id, body, able, { kind: "chat", messages: turnsOf(system, context, prompt), tools: [] });
}

const EMPTY_TEXTS = { model: "", prompt: "", suffix: "", system: "", template: "", context: [] as readonly number[] };

function textsOf({ model, prompt, suffix, system, template, context }: OllamaGenerateBody) {
  return { model, prompt, suffix, system, template, context };
}

/** The conversation that `context` holds, if any, with a new turn; a new system prompt takes the place of its old one. */
function turnsOf(system: string, context: readonly number[], prompt: string): ChatMessage[] {
  const before = context.length > 0 ? unpackContext(context) : [];
  const history = system === "" ? before : before.filter(({ role }) => role !== "system");
  const first: ChatMessage[] = system === "" ? [] : [{ role: "system", content: system }];
  return [...first, ...history, { role: "user", content: prompt }];
}
