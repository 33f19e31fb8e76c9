/** What the API description says of tokens and templates beside their request schemas. */
import { Type } from "@sinclair/typebox";
import { jsonReply, routeDetail } from "../../route-detail.ts";
import { object } from "../../schema.ts";
import { ERRORS } from "../documentation.ts";

const TAG = "OpenAI";

const Piece = Type.Union([Type.String(), Type.Array(Type.Integer(), { description: "Bytes that are no whole characters." })]);

const Tokens = object({
  tokens: Type.Union([Type.Array(Type.Integer()), Type.Array(object({ id: Type.Integer(), piece: Piece }))]),
  count: Type.Integer(),
  max_model_len: Type.Integer({ description: "Length of the context that the model is open with, tokens." }),
  token_strs: Type.Union([Type.Array(Type.String()), Type.Null()]),
});

/** POST /v1/tokenize. */
export const TOKENIZE_DETAIL = routeDetail(TAG, "tokenize", "Tell the tokens of a text or a conversation", {
  200: jsonReply("The tokens.", Tokens),
  ...ERRORS,
});

/** POST /v1/detokenize. */
export const DETOKENIZE_DETAIL = routeDetail(TAG, "detokenize", "Tell the text of tokens", {
  200: jsonReply("The text, under both names.", object({ content: Type.String(), prompt: Type.String() })),
  ...ERRORS,
});

/** POST /v1/apply-template. */
export const APPLY_TEMPLATE_DETAIL = routeDetail(TAG, "applyTemplate", "Show the prompt of a conversation", {
  200: jsonReply("The prompt.", object({ prompt: Type.String() })),
  ...ERRORS,
});
