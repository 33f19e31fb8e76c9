/** The body of POST /v1/completions. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { refused } from "../request-field.ts";
import { object, optional } from "../schema.ts";
import { JsonSchema, ResponseFormat } from "./chat-schema.ts";
import { COMMON_FIELDS, IGNORED_FIELDS } from "./sampling-schema.ts";

export const CompletionBody = object(
  {
    prompt: Type.Union(
      [
        Type.String(),
        Type.Array(Type.Union([Type.String(), Type.Integer({ minimum: 0 }), Type.Array(Type.Integer({ minimum: 0 }))]), { minItems: 1 }),
      ],
      {
        description:
          "A text, a list of token ids, or a list of texts and lists of token ids, each a prompt of its own. No chat template is applied, " +
          "and what spells control tokens is taken for them, but for a prompt with `suffix`.",
      },
    ),
    ...COMMON_FIELDS,
    max_tokens: optional(
      Type.Integer({ minimum: -1 }),
      "Most tokens to generate; 16 where it is left out, as at OpenAI. Cut to what fits the context. -1: as many as fit.",
    ),
    echo: optional(Type.Boolean(), "Puts the prompt in front of the answer; for prompts that are texts."),
    best_of: refused(Type.Integer({ minimum: 0 }), "Refused above 1: answers are not ranked. `n` gives several."),
    suffix: optional(
      Type.String(),
      "Text behind the answer, which then fills the middle; `prompt` is the text before it. For models whose vocabulary has tokens for it.",
    ),
    logprobs: refused(Type.Integer({ minimum: 0 }), "Refused: the runtime does not tell probabilities."),
    response_format: optional(ResponseFormat, "The form of the answer. No instruction is added: the prompt has to ask for it."),
    json_schema: optional(JsonSchema, "llama.cpp's form of `response_format`, which goes first."),
    grammar: refused(Type.Unknown(), "Refused unless empty: answers cannot be held to a grammar."),
    ...IGNORED_FIELDS,
  },
  { title: "CompletionRequest" },
);
export type CompletionBody = Static<typeof CompletionBody>;
