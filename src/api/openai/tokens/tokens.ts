/** From the bodies of the token routes to what the engine is asked, and back. */
import { AppError } from "../../../core/errors.ts";
import type { GenerationRequest } from "../../../core/generation.ts";
import type { InspectionAnswer, TokenizeOptions } from "../../../engine/engine.ts";
import type { JsonObject } from "../../dialect.ts";
import { decodeChat } from "../chat-decode.ts";
import { refuse, refuseMissing, refuseValue } from "../sampling-schema.ts";
import type { ApplyTemplateBody, TokenizeBody } from "./schema.ts";

/** What is to be tokenized. */
export type Tokenization =
  | { readonly kind: "text"; readonly text: string; readonly options: TokenizeOptions }
  | { readonly kind: "conversation"; readonly request: GenerationRequest };

/** Pure. Throws AppError invalid_request, naming the field. */
export function decodeTokenize(id: string, body: TokenizeBody): Tokenization {
  const { messages } = body;
  const [content, prompt] = [body.content ?? null, body.prompt ?? null];
  const given = Object.entries({ content, prompt, messages: messages ?? null }).filter(([, value]) => value !== null);
  if (given.length > 1) refuseValue(given[1]?.[0] ?? "", `cannot stand beside "${given[0]?.[0] ?? ""}". Send one of them.`);
  if (messages !== undefined && messages !== null) return { kind: "conversation", request: conversationOf(id, { ...body, messages }) };
  const text = content ?? prompt ?? refuseMissing("content", "a string");
  const addSpecial = content === null ? (body.add_special_tokens ?? true) : (body.add_special ?? false);
  return { kind: "text", text, options: { addSpecial, parseSpecial: body.parse_special ?? true, pieces: wantsPieces(body) } };
}

/** Whether each token's text is wanted. */
export function wantsPieces(body: TokenizeBody): boolean {
  return body.with_pieces === true || body.return_token_strs === true;
}

/** A conversation as a chat completion would take it. Throws AppError invalid_request or unsupported_parameter, naming the field. */
export function conversationOf(id: string, body: ApplyTemplateBody): GenerationRequest {
  if (body.add_generation_prompt === false && body.continue_final_message !== true)
    refuse("add_generation_prompt", "a prompt always ends where the assistant's turn begins. Leave it out or send true.");
  return decodeChat(id, body).requests[0];
}

/** The reply of tokenize. Throws AppError unsupported_parameter for a model without a tokenizer. */
export function tokensReply(answer: InspectionAnswer, body: TokenizeBody): JsonObject {
  const { ids, pieces, contextTokens } = answer;
  if (ids === null)
    throw new AppError("invalid_request", `The model ${answer.model.id} came without a tokenizer: its tokens cannot be told.`);
  return {
    tokens: body.with_pieces === true ? ids.map((id, index) => ({ id, piece: pieces[index] ?? "" })) : ids,
    count: ids.length,
    max_model_len: contextTokens,
    token_strs: body.return_token_strs === true ? pieces.map(textOfPiece) : null,
  };
}

function textOfPiece(piece: string | readonly number[]): string {
  return typeof piece === "string" ? piece : Buffer.from(piece).toString("utf8");
}
