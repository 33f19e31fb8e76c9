/** The routes for what is kept of prompts on disk. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import type { ApiContext, RequestScope } from "../../context.ts";
import { heldWork } from "../../held-work.ts";
import { jsonBody } from "../../json-body.ts";
import { logPrompt } from "../../prompt-log.ts";
import { ApplyTemplateBody } from "../tokens/schema.ts";
import { conversationOf } from "../tokens/tokens.ts";
import { CACHE_DETAIL, CLEAR_DETAIL, WARM_DETAIL } from "./documentation.ts";
import { cacheObject } from "./encode.ts";

const NO_STORE = { headers: { "cache-control": "no-store" } };

async function warm(context: ApiContext, scope: RequestScope, body: ApplyTemplateBody): Promise<Response> {
  scope.promptField = "messages";
  scope.model = body.model ?? "";
  const request = { ...conversationOf(scope.id, body), client: scope.client };
  logPrompt(context, scope, request.model, request.input);
  const startedMs = context.nowMs();
  return heldWork(context, scope, async (signal) => {
    const { model, tokens, bytes } = await context.engine.warm(request, signal);
    return Response.json({ object: "cache.entry", model: model.id, tokens, bytes, ms: context.nowMs() - startedMs }, NO_STORE);
  });
}

/** The model may be named in the query: a DELETE has no body. */
async function clear({ engine }: ApiContext, url: string): Promise<Response> {
  const model = new URL(url).searchParams.get("model");
  return Response.json({ object: "cache", deleted: await engine.clearPromptCache(model ?? undefined) }, NO_STORE);
}

/** The routes under /v1; the request gate also leads to them without it. */
export function createCacheRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "cache", prefix: "/v1", normalize: false })
    .get("/cache", () => Response.json(cacheObject(context.engine.promptCache()), NO_STORE), { detail: CACHE_DETAIL })
    .delete("/cache", ({ request }) => clear(context, request.url), { detail: CLEAR_DETAIL })
    .post("/cache/warm", ({ body, request }) => warm(context, context.scopeOf(request), body), {
      body: ApplyTemplateBody,
      parse: jsonBody(ApplyTemplateBody),
      detail: WARM_DETAIL,
    });
}
