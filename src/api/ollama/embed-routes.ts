/** Ollama's routes for vectors. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import { AppError } from "../../core/errors.ts";
import type { ModelDescriptor } from "../../core/model.ts";
import { vectorHeaders } from "../answer.ts";
import type { ApiContext, RequestScope } from "../context.ts";
import { heldWork } from "../held-work.ts";
import { logPrompt } from "../prompt-log.ts";
import { notedFields } from "../request-field.ts";
import { ollamaBody } from "./body.ts";
import { EMBED_DETAIL, EMBEDDINGS_DETAIL } from "./documentation.ts";
import { embedCut, embeddingRequest, embedTexts, shortenedVector } from "./embed.ts";
import { OllamaEmbedBody, OllamaEmbeddingsBody } from "./embed-schema.ts";
import { nanoseconds } from "./encode.ts";
import { keepAliveMs } from "../keep-alive.ts";
import { isModelName, lookupName, quotedName } from "./names.ts";

const NOT_FOR_VECTORS =
  "This model was not made for embeddings: its vectors are the hidden state of the last token, and likeness may mean little.";
const NOT_FOR_CUTTING = "This model is not known to be trained for shorter vectors: likeness of cut ones may mean less.";

function notes(model: ModelDescriptor, isCut: boolean): string {
  if (model.embedding === undefined) return NOT_FOR_VECTORS;
  return isCut && !model.embedding.shortens ? NOT_FOR_CUTTING : "";
}

/** The model, in the words that clients of these routes look for where there is none. */
async function modelNamed(context: ApiContext, name: string): Promise<ModelDescriptor> {
  try {
    return await context.engine.model(lookupName(name));
  } catch (thrown) {
    const { code, details } = AppError.from(thrown);
    if (code !== "model_not_found" || !isModelName(name)) throw thrown;
    const hint = details.hint === undefined ? "" : `. ${details.hint}`;
    throw new AppError("not_found", `model ${quotedName(name)} not found, try pulling it first${hint}`, { cause: thrown });
  }
}

/** A call without a text: the model is loaded, or unloaded, and there are no vectors. */
async function loadOnly(context: ApiContext, scope: RequestScope, model: ModelDescriptor, stayMs: number | undefined): Promise<void> {
  await heldWork(context, scope, async (signal) => {
    if (stayMs === 0) await context.engine.unload(model.id);
    else await context.engine.load(model.id, stayMs === undefined ? {} : { keepAliveMs: stayMs }, signal);
    return new Response();
  });
}

async function embed(context: ApiContext, scope: RequestScope, body: OllamaEmbedBody): Promise<Response> {
  const name = (scope.model = body.model ?? "");
  scope.promptField = "input";
  const texts = embedTexts(body.input);
  const stayMs = keepAliveMs(body.keep_alive);
  if (name === "") throw new AppError("model_not_found", "model '' not found", { details: { field: "model" } });
  const model = await modelNamed(context, name);
  if (texts.length === 0) {
    await loadOnly(context, scope, model, stayMs);
    return Response.json({ model: name, embeddings: [] });
  }
  logPrompt(context, scope, model.id, texts);
  return heldWork(context, scope, async (signal) => {
    const request = embeddingRequest(scope, model.id, texts, stayMs);
    const made = body.truncate === false ? await context.engine.embed(request, signal) : await embedCut(context.engine, request, signal);
    const dimensions = body.dimensions ?? 0;
    const vectors = made.vectors.map((vector) => shortenedVector(vector, dimensions));
    const isCut = vectors[0]?.length !== made.vectors[0]?.length;
    const reply = {
      model: name,
      embeddings: vectors.map((vector) => [...vector]),
      total_duration: nanoseconds(context.nowMs() - scope.startedMs),
      load_duration: nanoseconds(made.loadMs),
      prompt_eval_count: made.tokens.reduce((sum, count) => sum + count, 0),
    };
    const headers = vectorHeaders(made, notes(model, isCut), notedFields(OllamaEmbedBody, body));
    return Response.json(reply, { headers });
  });
}

async function embeddings(context: ApiContext, scope: RequestScope, body: OllamaEmbeddingsBody): Promise<Response> {
  const name = (scope.model = body.model ?? "");
  scope.promptField = "prompt";
  const stayMs = keepAliveMs(body.keep_alive);
  if (name === "") throw new AppError("invalid_request", "model is required", { details: { field: "model", fault: "missing" } });
  const model = await modelNamed(context, name);
  const texts = embedTexts(body.prompt);
  if (texts.length === 0) {
    await loadOnly(context, scope, model, stayMs);
    return Response.json({ embedding: [] });
  }
  logPrompt(context, scope, model.id, texts);
  return heldWork(context, scope, async (signal) => {
    const made = await embedCut(context.engine, embeddingRequest(scope, model.id, texts, stayMs), signal);
    const headers = vectorHeaders(made, notes(model, false), notedFields(OllamaEmbeddingsBody, body));
    return Response.json({ embedding: [...(made.vectors[0] ?? [])] }, { headers });
  });
}

/** The routes under /api. */
export function createOllamaEmbedRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "ollama-embed", prefix: "/api", normalize: false })
    .post("/embed", ({ body, request }) => embed(context, context.scopeOf(request), body), {
      body: OllamaEmbedBody,
      parse: ollamaBody(OllamaEmbedBody),
      detail: EMBED_DETAIL,
    })
    .post("/embeddings", ({ body, request }) => embeddings(context, context.scopeOf(request), body), {
      body: OllamaEmbeddingsBody,
      parse: ollamaBody(OllamaEmbeddingsBody),
      detail: EMBEDDINGS_DETAIL,
    });
}
