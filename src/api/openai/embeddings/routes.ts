/** The routes of embeddings and reranking. */
import type { TObject } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import type { ModelDescriptor } from "../../../core/model.ts";
import type { Queued } from "../../../engine/embed.ts";
import { vectorHeaders } from "../../answer.ts";
import type { ApiContext, RequestScope } from "../../context.ts";
import { heldWork } from "../../held-work.ts";
import { jsonBody } from "../../json-body.ts";
import { logPrompt } from "../../prompt-log.ts";
import { notedFields } from "../../request-field.ts";
import { EMBEDDINGS_DETAIL, RERANK_DETAIL } from "./documentation.ts";
import { decodeEmbedding, embeddingList } from "./embed.ts";
import { decodeRerank, rerankReply } from "./rerank.ts";
import { EmbeddingBody, RerankBody } from "./schema.ts";

/** What such a reply is worth. */
const NOTE = "This model was not made for embeddings: its vectors are the hidden state of the last token, and likeness may mean little.";

/** LangChain sends ids of OpenAI's vocabulary to whatever server it is told of, and the vectors of these mean nothing. */
const IDS_NOTE =
  "The token ids were taken for those of this model's own vocabulary. If they are of another, send texts; LangChain does with check_embedding_ctx_length=False.";

function headersOf(result: Queued & { readonly model: ModelDescriptor }, schema: TObject, body: object, note = ""): Record<string, string> {
  const { model } = result;
  const made = model.embedding !== undefined || (schema === RerankBody && model.judges === true);
  const notes = [made ? "" : NOTE, note].filter((each) => each !== "").join(" ");
  return { "cache-control": "no-store", ...vectorHeaders(result, notes, notedFields(schema, body)) };
}

async function embed(context: ApiContext, scope: RequestScope, body: EmbeddingBody): Promise<Response> {
  const request = decodeEmbedding(scope.id, body);
  logPrompt(context, scope, request.model, request.inputs);
  return heldWork(context, scope, async (signal) => {
    const embeddings = await context.engine.embed({ ...request, client: scope.client }, signal);
    const hasIds = request.inputs.some(({ kind }) => kind === "tokens");
    const headers = headersOf(embeddings, EmbeddingBody, body, hasIds ? IDS_NOTE : "");
    return Response.json(embeddingList(embeddings, body.encoding_format ?? "float"), { headers });
  });
}

async function rerank(context: ApiContext, scope: RequestScope, body: RerankBody): Promise<Response> {
  const decoded = decodeRerank(scope.id, body);
  const { model, query, documents } = decoded.request;
  logPrompt(context, scope, model, { query, documents });
  return heldWork(context, scope, async (signal) => {
    const ranking = await context.engine.rerank({ ...decoded.request, client: scope.client }, signal);
    const headers = headersOf(ranking, RerankBody, body);
    return Response.json(rerankReply(`rerank-${scope.id}`, decoded, ranking), { headers });
  });
}

/** The routes; the request gate also leads to those under /v1 without it. */
export function createEmbeddingRoutes(context: ApiContext): AnyElysia {
  const ranking = { body: RerankBody, parse: jsonBody(RerankBody) };
  const otherName = { ...ranking, detail: { hide: true } };
  return new Elysia({ name: "embeddings", normalize: false })
    .post("/v1/embeddings", ({ body, request }) => embed(context, context.scopeOf(request), body), {
      body: EmbeddingBody,
      parse: jsonBody(EmbeddingBody),
      detail: EMBEDDINGS_DETAIL,
    })
    .post("/v1/rerank", ({ body, request }) => rerank(context, context.scopeOf(request), body), { ...ranking, detail: RERANK_DETAIL })
    .post("/v1/reranking", ({ body, request }) => rerank(context, context.scopeOf(request), body), otherName)
    .post("/v2/rerank", ({ body, request }) => rerank(context, context.scopeOf(request), body), otherName);
}
