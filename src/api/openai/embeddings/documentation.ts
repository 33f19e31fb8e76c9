/** What the API description says of embeddings and reranking beside their request schemas. */
import { Type } from "@sinclair/typebox";
import { jsonReply, routeDetail } from "../../route-detail.ts";
import { object } from "../../schema.ts";
import { ERRORS } from "../documentation.ts";

const TAG = "OpenAI";

const Usage = object({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() });

const EmbeddingList = object({
  object: Type.Literal("list"),
  data: Type.Array(
    object({
      object: Type.Literal("embedding"),
      index: Type.Integer(),
      embedding: Type.Union([Type.Array(Type.Number()), Type.String({ description: "With `encoding_format` `base64`." })]),
    }),
  ),
  model: Type.String(),
  usage: Usage,
});

const Ranking = object({
  id: Type.String(),
  object: Type.Literal("list"),
  model: Type.String(),
  results: Type.Array(
    object({
      index: Type.Integer({ description: "Place of the text in the request." }),
      relevance_score: Type.Number({ description: "The probability that the text answers the query, or the cosine of their vectors." }),
      document: Type.Optional(object({ text: Type.String() })),
    }),
  ),
  usage: Usage,
});

const TeiRanking = Type.Array(object({ index: Type.Integer(), score: Type.Number(), text: Type.Optional(Type.String()) }), {
  description: "The answer to `texts`.",
});

/** POST /v1/embeddings. */
export const EMBEDDINGS_DETAIL = routeDetail(TAG, "createEmbedding", "Turn texts into vectors of length 1", {
  200: jsonReply("The vectors, in the order of the texts.", EmbeddingList),
  ...ERRORS,
});

/** POST /v1/rerank. */
export const RERANK_DETAIL = routeDetail(TAG, "rerank", "Sort texts by what they are to a query", {
  200: jsonReply("The texts' places and scores, the best first.", Type.Union([Ranking, TeiRanking])),
  ...ERRORS,
});
