/** POST /v1/rerank: texts in the order of what they are to a query. */
import type { Ranking, RerankRequest } from "../../../engine/rerank.ts";
import type { JsonObject } from "../../dialect.ts";
import { refuse, refuseMissing, refuseValue } from "../sampling-schema.ts";
import { tokenUsage } from "./embed.ts";
import type { RerankBody } from "./schema.ts";

/** A decoded request and what only the encoder needs. */
export interface DecodedRerank {
  readonly request: RerankRequest;
  readonly form: "tei" | "jina";
  /** How many are named. */
  readonly bestMax: number;
  readonly repeatsTexts: boolean;
}

/** Pure. Throws AppError invalid_request or unsupported_parameter, naming the field. */
export function decodeRerank(id: string, body: RerankBody): DecodedRerank {
  if (body.rank_fields?.some((field) => field !== "text") === true)
    refuse("rank_fields", 'documents are texts. Send ["text"] or leave it out.');
  const form = (body.documents ?? null) === null ? "tei" : "jina";
  const field = form === "tei" ? "texts" : "documents";
  const texts = (form === "tei" ? body.texts : body.documents)?.map(textOf) ?? refuseMissing("documents", "an array of texts");
  const query = textOf(body.query);
  const nameOf = (index: number): string => (index < 0 ? "query" : `${field}[${index}]`);
  if (query === "") refuseValue("query", "must not be empty.");
  for (const [index, text] of texts.entries()) if (text === "") refuseValue(nameOf(index), "must not be empty.");
  const instruction = body.instruction ?? "";
  return {
    request: { id, model: body.model ?? "", query, documents: texts, ...(instruction === "" ? {} : { instruction }), nameOf },
    form,
    bestMax: form === "tei" ? texts.length : (body.top_n ?? texts.length),
    repeatsTexts: (form === "tei" ? body.return_text : body.return_documents) ?? false,
  };
}

function textOf(text: string | { readonly text: string }): string {
  return typeof text === "string" ? text : text.text;
}

/** The reply: an object in Jina's form, which holds what Cohere's clients read as well, or TEI's array. */
export function rerankReply(id: string, decoded: DecodedRerank, ranking: Ranking): JsonObject | readonly JsonObject[] {
  const { request, form, bestMax, repeatsTexts } = decoded;
  const best = ranking.scores
    .map((score, index) => ({ index, score, text: request.documents[index] ?? "" }))
    .sort((a, b) => b.score - a.score)
    .slice(0, bestMax);
  if (form === "tei") return best.map(({ index, score, text }) => ({ index, score, ...(repeatsTexts ? { text } : {}) }));
  const usage = tokenUsage(ranking.tokens);
  return {
    id,
    object: "list",
    model: ranking.model.id,
    results: best.map(({ index, score, text }) => ({
      index,
      relevance_score: score,
      ...(repeatsTexts ? { document: { text } } : {}),
    })),
    usage,
    meta: { api_version: { version: "2" }, billed_units: { search_units: 1 }, tokens: { input_tokens: usage["prompt_tokens"] } },
  };
}
