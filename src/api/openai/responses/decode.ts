/** From the body of a response to the canonical request, with the conversation it goes on from. */
import { AppError } from "../../../core/errors.ts";
import type { ChatMessage, GenerationRequest, ReasoningChoice, ResponseFormat } from "../../../core/generation.ts";
import type { StoredItem } from "../../../core/stored-response.ts";
import { checkNesting } from "../../json-text.ts";
import { notedFields } from "../../request-field.ts";
import { MESSAGES_MAX, present } from "../../schema.ts";
import { refuse, refuseMissing, refuseValue, samplingOf } from "../sampling-schema.ts";
import { inputItems } from "./input-items.ts";
import type { FindItem } from "./input-items.ts";
import { itemMessages } from "./item-messages.ts";
import { ResponseBody } from "./schema.ts";
import type { InputTokensBody } from "./schema.ts";
import { decodeResponseTools, toolsLeftOut } from "./tools.ts";

/** What decoding asks of the store, for one caller. */
export interface Memory {
  readonly findItem: FindItem;
  /** See ResponseStore.conversation. */
  conversation(id: string, itemsMax: number): readonly StoredItem[] | null;
}

/** A decoded body, whether it is to be answered or to be counted. */
export interface DecodedConversation {
  readonly request: GenerationRequest;
  /** What this request adds to the conversation. */
  readonly input: readonly StoredItem[];
}

/** A decoded request and what only the encoder and the store need. */
export interface DecodedResponse extends DecodedConversation {
  readonly stream: boolean;
  readonly store: boolean;
  /** Thoughts are sent in the form in which they can come back. */
  readonly packThoughts: boolean;
  readonly ignored: readonly string[];
}

const EFFORTS = new Set(["minimal", "low", "medium", "high", "xhigh", "max"]);

function reasoningOf(body: InputTokensBody): ReasoningChoice {
  const effort = body.reasoning?.effort ?? "";
  if (effort === "none") return { mode: "off" };
  return EFFORTS.has(effort) ? { mode: "on", level: effort } : { mode: "auto" };
}

function formatOf(body: InputTokensBody): ResponseFormat | undefined {
  const format = body.text?.format;
  switch (format?.type ?? "text") {
    case "text":
      return undefined;
    case "json_object":
      return { kind: "json_object" };
    case "json_schema":
      return {
        kind: "json_schema",
        schema: format?.schema ?? refuseMissing("text.format.schema", "a JSON Schema"),
        field: "text.format.schema",
      };
    default:
      return refuseValue("text.format.type", 'must be "text", "json_object" or "json_schema".');
  }
}

function earlierItems(body: InputTokensBody, memory: Memory): readonly StoredItem[] {
  const id = body.previous_response_id ?? "";
  if (id === "") return [];
  const items = memory.conversation(id, MESSAGES_MAX);
  if (items !== null) return items;
  throw new AppError("invalid_request", `Previous response with id '${id}' not found: it, or one it goes on from, is not stored.`, {
    details: { field: "previous_response_id", fault: "reference" },
  });
}

function messagesOf(requestId: string, body: InputTokensBody, memory: Memory): { input: StoredItem[]; messages: ChatMessage[] } {
  const earlier = earlierItems(body, memory);
  if ((body.input ?? null) === null && earlier.length === 0) refuseMissing("input", "a string or an array of items");
  const input = inputItems(requestId, body.input ?? [], memory.findItem);
  const all = [...earlier, ...input];
  if (all.length > MESSAGES_MAX) refuseValue("previous_response_id", `leads to more than ${MESSAGES_MAX} items.`);
  const conversation = itemMessages(all, (index) => (index < earlier.length ? "previous_response_id" : `input[${index - earlier.length}]`));
  if (conversation.length === 0) refuseValue("input", "holds nothing that a model can read.");
  const instructions: ChatMessage[] = (body.instructions ?? "") === "" ? [] : [{ role: "system", content: body.instructions ?? "" }];
  return { input, messages: [...instructions, ...conversation] };
}

/** The part of a body that makes the prompt. Throws AppError, naming the field. */
export function decodeConversation(id: string, body: InputTokensBody, memory: Memory): DecodedConversation {
  if ((body.conversation ?? null) !== null) refuse("conversation", "conversations are not stored. Send previous_response_id.");
  if ((body.prompt ?? null) !== null) refuse("prompt", "no prompts are stored. Send instructions and input.");
  const { input, messages } = messagesOf(id, body, memory);
  return {
    request: present<GenerationRequest>({
      id,
      model: body.model ?? "",
      input: { kind: "chat", messages, ...decodeResponseTools(body) },
      reasoning: reasoningOf(body),
      sampling: {},
      stop: [],
      responseFormat: formatOf(body),
    }),
    input,
  };
}

/** Fields that are sent back or kept as they came. */
const ECHOED = ["input", "metadata", "reasoning", "text", "tool_choice", "tools", "user"] as const;

/** Reads the store and changes nothing. Throws AppError invalid_request, unsupported_parameter or not_found, naming the field. */
export function decodeResponse(id: string, body: ResponseBody, memory: Memory): DecodedResponse {
  if (body.background === true) refuse("background", "responses are made while the client waits. Leave it out.");
  if ((body.top_logprobs ?? 0) > 0) refuse("top_logprobs", "the runtime does not tell probabilities. Leave it out.");
  if (Object.keys(body.logit_bias ?? {}).length > 0) refuse("logit_bias", "the runtime does not let tokens be weighted. Leave it out.");
  for (const field of ECHOED) checkNesting(body[field], field);
  const { request, input } = decodeConversation(id, body, memory);
  return {
    request: present<GenerationRequest>({ ...request, sampling: samplingOf(body), tokensMax: body.max_output_tokens }),
    input,
    stream: body.stream ?? false,
    store: body.store ?? true,
    packThoughts: body.include?.includes("reasoning.encrypted_content") === true,
    ignored: [...notedFields(ResponseBody, body), ...(body.truncation === "auto" ? ["truncation"] : []), ...toolsLeftOut(body)],
  };
}
