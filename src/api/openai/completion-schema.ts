/** The body of POST /v1/completions. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { object, optional } from "../schema.ts";
import { COMMON_FIELDS } from "./sampling-schema.ts";

export const CompletionBody = object(
  {
    prompt: Type.Union(
      [
        Type.String(),
        Type.Array(Type.Union([Type.String(), Type.Integer({ minimum: 0 }), Type.Array(Type.Integer({ minimum: 0 }))]), { minItems: 1 }),
      ],
      {
        description: "A text, or token ids; an array may hold one prompt. No chat template is applied.",
      },
    ),
    ...COMMON_FIELDS,
    max_tokens: optional(
      Type.Integer({ minimum: -1 }),
      "Most tokens to generate; 16 where it is left out, as at OpenAI. -1: as many as fit.",
    ),
    echo: optional(Type.Boolean(), "Put the prompt in front of the answer; for text prompts."),
    suffix: optional(Type.String(), "Not supported unless empty."),
    best_of: optional(Type.Integer({ minimum: 0 }), "Only 1 is supported."),
    logprobs: optional(Type.Integer({ minimum: 0 }), "Not supported."),
  },
  { title: "CompletionRequest" },
);
export type CompletionBody = Static<typeof CompletionBody>;
