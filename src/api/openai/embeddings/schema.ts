/** The bodies of POST /v1/embeddings and of POST /v1/rerank, whose clients speak Jina's, Cohere's or TEI's dialect. */
import { Type } from "@sinclair/typebox";
import type { Static } from "@sinclair/typebox";
import { ignored, noted, refused } from "../../request-field.ts";
import { object, oneOf, optional } from "../../schema.ts";

/** Most texts of one request. OpenAI's limit; the largest batches of its clients are as long. */
export const INPUTS_MAX = 2048;

const TokenId = Type.Integer({ minimum: 0 });
const MODEL = optional(Type.String(), "Name or alias of the model; the default model answers where it is left out or empty.");

/** The body of a request for vectors. */
export const EmbeddingBody = object(
  {
    input: Type.Union([Type.String(), Type.Array(Type.Union([Type.String(), TokenId, Type.Array(TokenId)]), { minItems: 1 })], {
      description: `A text, up to ${INPUTS_MAX} texts, token ids, or as many arrays of token ids. None may be empty.`,
    }),
    model: MODEL,
    encoding_format: optional(
      oneOf(["float", "base64"]),
      "`base64`: the numbers as 32-bit floats, little-endian. OpenAI's own client asks for it.",
    ),
    dimensions: optional(
      Type.Integer({ minimum: 1 }),
      "Cuts the vectors and gives them length 1 again, for models that were trained for it; refused for others unless it is what they have.",
    ),
    input_type: noted(Type.String(), "Put what the model wants in front of a query into the text."),
    truncate_prompt_tokens: noted(Type.Integer(), "A text that does not fit the context is refused, never cut."),
    user: ignored("Users are not told apart."),
  },
  { title: "EmbeddingRequest" },
);
export type EmbeddingBody = Static<typeof EmbeddingBody>;

const RerankText = Type.Union([Type.String(), object({ text: Type.String({ description: "The text." }) })]);

/** The body of a request to sort texts. */
export const RerankBody = object(
  {
    model: MODEL,
    query: Type.Union([Type.String(), object({ text: Type.String({ description: "The text." }) })], {
      description: "What the texts are compared with.",
    }),
    documents: optional(Type.Array(RerankText, { minItems: 1, maxItems: INPUTS_MAX - 1 }), "The texts, in Jina's and Cohere's form."),
    texts: optional(
      Type.Array(Type.String(), { minItems: 1, maxItems: INPUTS_MAX - 1 }),
      "The texts, in TEI's form, which is answered in it.",
    ),
    top_n: optional(Type.Integer({ minimum: 1 }), "Only the best are named. Jina's and Cohere's form."),
    return_documents: optional(Type.Boolean(), "Repeats the texts in the answer. Jina's and Cohere's form."),
    return_text: optional(Type.Boolean(), "Repeats the texts in the answer. TEI's form."),
    instruction: optional(
      Type.String(),
      "What a text should do for the query, for models that judge; they are asked for passages that answer it.",
    ),
    raw_scores: noted(Type.Boolean(), "There is one kind of score."),
    truncate: noted(Type.Boolean(), "A text that does not fit the context is refused, never cut."),
    max_tokens_per_doc: noted(Type.Integer(), "A text that does not fit the context is refused, never cut."),
    rank_fields: refused(Type.Array(Type.String()), 'Refused unless empty or `["text"]`: documents are texts.'),
  },
  { title: "RerankRequest" },
);
export type RerankBody = Static<typeof RerankBody>;
