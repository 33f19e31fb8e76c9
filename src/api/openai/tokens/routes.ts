/** The routes that answer from vocabulary and template alone; they wait for no answer that is being made. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import type { ApiContext, RequestScope } from "../../context.ts";
import { heldWork } from "../../held-work.ts";
import { jsonBody } from "../../json-body.ts";
import { APPLY_TEMPLATE_DETAIL, DETOKENIZE_DETAIL, TOKENIZE_DETAIL } from "./documentation.ts";
import { ApplyTemplateBody, DetokenizeBody, TokenizeBody } from "./schema.ts";
import { conversationOf, decodeTokenize, tokensReply, wantsPieces } from "./tokens.ts";

async function tokenize(context: ApiContext, scope: RequestScope, body: TokenizeBody): Promise<Response> {
  const { engine } = context;
  const wanted = decodeTokenize(scope.id, body);
  return heldWork(context, scope, async (signal) => {
    const answer =
      wanted.kind === "text"
        ? await engine.tokenize(body.model ?? "", wanted.text, wanted.options, signal)
        : await engine.applyTemplate(wanted.request, { pieces: wantsPieces(body) }, signal);
    return Response.json(tokensReply(answer, body));
  });
}

async function detokenize(context: ApiContext, scope: RequestScope, body: DetokenizeBody): Promise<Response> {
  return heldWork(context, scope, async (signal) => {
    const { text } = await context.engine.detokenize(body.model ?? "", body.tokens, signal);
    return Response.json({ content: text, prompt: text });
  });
}

async function applyTemplate(context: ApiContext, scope: RequestScope, body: ApplyTemplateBody): Promise<Response> {
  scope.promptField = "messages";
  const request = conversationOf(scope.id, body);
  return heldWork(context, scope, async (signal) => {
    const { text } = await context.engine.applyTemplate(request, { pieces: false }, signal);
    return Response.json({ prompt: text });
  });
}

/** The routes under /v1; the request gate also leads to them without it. */
export function createTokenRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "tokens", prefix: "/v1", normalize: false })
    .post("/tokenize", ({ body, request }) => tokenize(context, context.scopeOf(request), body), {
      body: TokenizeBody,
      parse: jsonBody(TokenizeBody),
      detail: TOKENIZE_DETAIL,
    })
    .post("/detokenize", ({ body, request }) => detokenize(context, context.scopeOf(request), body), {
      body: DetokenizeBody,
      parse: jsonBody(DetokenizeBody),
      detail: DETOKENIZE_DETAIL,
    })
    .post("/apply-template", ({ body, request }) => applyTemplate(context, context.scopeOf(request), body), {
      body: ApplyTemplateBody,
      parse: jsonBody(ApplyTemplateBody),
      detail: APPLY_TEMPLATE_DETAIL,
    });
}
