/** The bodies of POST /v1/tokenize, /v1/detokenize and /v1/apply-template, in llama.cpp's and vLLM's forms. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { object, optional } from "../../schema.ts";
import { ChatBody } from "../chat-schema.ts";

/** Most token ids that are turned into text at once. */
const IDS_MAX = 1 << 18;

const { model, messages, tools, reasoning_effort, chat_template_kwargs, enable_thinking } = ChatBody.properties;
const { add_generation_prompt, continue_final_message } = ChatBody.properties;

/** What decides how a conversation is rendered. */
const CONVERSATION = { tools, reasoning_effort, chat_template_kwargs, enable_thinking, add_generation_prompt, continue_final_message };

/** The body of a request for the tokens of a text or a conversation. */
export const TokenizeBody = object(
  {
    model,
    content: optional(Type.String(), "The text, in llama.cpp's form."),
    prompt: optional(Type.String(), "The text, in vLLM's form."),
    messages: optional(messages, "A conversation in place of a text, in vLLM's form: the tokens of the whole prompt."),
    add_special: optional(Type.Boolean(), "Beside `content`: the tokens that the model wants around a text. Default false."),
    parse_special: optional(Type.Boolean(), "Control tokens that a text spells become such tokens. Default true."),
    with_pieces: optional(Type.Boolean(), "Each token with its text, or its bytes where these are no whole characters."),
    add_special_tokens: optional(Type.Boolean(), "Beside `prompt`: the tokens that the model wants around a text. Default true."),
    return_token_strs: optional(Type.Boolean(), "The tokens' texts beside their ids."),
    ...CONVERSATION,
  },
  { title: "TokenizeRequest" },
);
export type TokenizeBody = Static<typeof TokenizeBody>;

/** The body of a request for the text of token ids. */
export const DetokenizeBody = object(
  {
    model,
    tokens: Type.Array(Type.Integer({ minimum: 0 }), { maxItems: IDS_MAX, description: "The token ids." }),
  },
  { title: "DetokenizeRequest" },
);
export type DetokenizeBody = Static<typeof DetokenizeBody>;

/** The body of a request for the prompt of a conversation. */
export const ApplyTemplateBody = object({ model, messages, ...CONVERSATION }, { title: "ApplyTemplateRequest" });
export type ApplyTemplateBody = Static<typeof ApplyTemplateBody>;
