/** From the body of a chat request to the canonical requests. */
import type { ChatInput, GenerationRequest } from "../../core/generation.ts";
import { isBegunAnswer } from "../begun-answer.ts";
import type { AtLeastOne } from "../dialect.ts";
import { notedFields } from "../request-field.ts";
import { present } from "../schema.ts";
import { answerRequests } from "./answer-requests.ts";
import { chatMessages } from "./chat-messages.ts";
import { ChatBody } from "./chat-schema.ts";
import { decodeFormat } from "./format-decode.ts";
import { decodeReasoning } from "./reasoning-decode.ts";
import { refuse, refuseCommon, refuseValue, samplingOf, stopOf, UNLIMITED_TOKENS } from "./sampling-schema.ts";
import { decodeTools, usesFunctions } from "./tool-decode.ts";

/** A decoded request and what only the encoder needs. */
export interface DecodedChat {
  /** One for each answer that is wanted. */
  readonly requests: AtLeastOne<GenerationRequest>;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** The client speaks of functions in the old way: a call is `message.function_call`. */
  readonly functionCall: boolean;
  /** Thoughts are part of the content. */
  readonly inlineThoughts: boolean;
  readonly ignored: readonly string[];
}

function refuseUnsupported(body: ChatBody): void {
  refuseCommon(body);
  if (body.logprobs === true) refuse("logprobs", "the runtime does not tell probabilities. Leave it out.");
  if ((body.top_logprobs ?? 0) > 0) refuse("top_logprobs", "the runtime does not tell probabilities. Leave it out.");
  if ((body.grammar ?? "") !== "") refuse("grammar", "answers cannot be held to a grammar. Send a JSON Schema in response_format.");
  if (body.modalities?.some((kind) => kind !== "text") === true)
    refuse("modalities", 'answers are text only. Send ["text"] or leave it out.');
  if (Object.keys(body.web_search_options ?? {}).length > 0) refuse("web_search_options", "the server searches nothing. Leave it out.");
}

function tokensMaxOf(body: ChatBody): number | undefined {
  const field =
    (["max_completion_tokens", "max_tokens", "n_predict"] as const).find((name) => (body[name] ?? null) !== null) ?? "max_tokens";
  const tokens = body[field] ?? UNLIMITED_TOKENS;
  if (tokens === 0) refuseValue(field, "must be at least 1, or -1 for as many tokens as fit.");
  return tokens < 0 ? undefined : tokens;
}

function inputOf(body: ChatBody, isJson: boolean): ChatInput {
  const messages = chatMessages(body.messages);
  const last = messages.at(-1);
  if (body.continue_final_message === true && (last?.role !== "assistant" || last.toolCalls !== undefined)) {
    refuseValue("continue_final_message", "needs a last message that is the assistant's and calls nothing.");
  }
  const input: ChatInput = { kind: "chat", messages, ...decodeTools(body) };
  return (body.continue_final_message ?? isBegunAnswer(input, isJson)) ? { ...input, continueLast: true } : input;
}

/** Pure. Throws AppError invalid_request or unsupported_parameter, naming the field. */
export function decodeChat(id: string, body: ChatBody): DecodedChat {
  refuseUnsupported(body);
  const responseFormat = decodeFormat(body);
  const input = inputOf(body, responseFormat !== undefined);
  const request = present<GenerationRequest>({
    id,
    model: body.model ?? "",
    input,
    reasoning: decodeReasoning(body, input.messages),
    sampling: samplingOf(body),
    tokensMax: tokensMaxOf(body),
    stop: stopOf(body),
    responseFormat,
  });
  return {
    requests: answerRequests([request], body.n ?? 1),
    stream: body.stream ?? false,
    includeUsage: body.stream_options?.include_usage ?? false,
    functionCall: usesFunctions(body),
    inlineThoughts: body.reasoning_format === "none",
    ignored: notedFields(ChatBody, body),
  };
}
