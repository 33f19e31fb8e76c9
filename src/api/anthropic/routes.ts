/** Anthropic's routes. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import type { ModelDescriptor } from "../../core/model.ts";
import { answer } from "../answer.ts";
import { holdConnection } from "../connection.ts";
import type { ApiContext, RequestScope } from "../context.ts";
import { namedSse } from "../framing/named-sse.ts";
import { jsonBody } from "../json-body.ts";
import { decodeMessages } from "./decode.ts";
import { COUNT_TOKENS_DETAIL, MESSAGES_DETAIL } from "./documentation.ts";
import { messageReply } from "./encode.ts";
import type { MessageHeading } from "./encode.ts";
import { encodeAnthropicError } from "./errors.ts";
import { MessagesBody } from "./schema.ts";
import { createMessageStreamEncoder } from "./stream-encode.ts";

function create(context: ApiContext, scope: RequestScope, body: MessagesBody): Promise<Response> {
  const { request, stream, ignored } = decodeMessages(scope.id, body);
  // Answers carry the request's id, so that a reply can be found in the log.
  const heading = (model: ModelDescriptor): MessageHeading => ({ id: `msg_${scope.id}`, model: model.id });
  return answer(context, scope, {
    requests: [request],
    stream,
    ignored,
    framing: namedSse,
    encodeError: encodeAnthropicError,
    streamEncoder: (model, promptTokens) => createMessageStreamEncoder(heading(model), promptTokens ?? 0),
    whole: (model, [whole]) => messageReply(heading(model), whole),
  });
}

async function countTokens(context: ApiContext, scope: RequestScope, body: MessagesBody): Promise<Response> {
  const { request } = decodeMessages(scope.id, body);
  // The model may have to be loaded first, in silence.
  const held = holdConnection(context, scope);
  try {
    return Response.json({ input_tokens: await context.engine.countTokens(request, held.signal) });
  } finally {
    held.release();
  }
}

/** The routes under /v1/messages; the request gate also leads to them without /v1. */
export function createAnthropicRoutes(context: ApiContext): AnyElysia {
  const options = { body: MessagesBody, parse: jsonBody(MessagesBody) };
  return new Elysia({ name: "anthropic", prefix: "/v1", normalize: false })
    .post("/messages", ({ body, request }) => create(context, context.scopeOf(request), body), { ...options, detail: MESSAGES_DETAIL })
    .post("/messages/count_tokens", ({ body, request }) => countTokens(context, context.scopeOf(request), body), {
      ...options,
      detail: COUNT_TOKENS_DETAIL,
    });
}
