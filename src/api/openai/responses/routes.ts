/** The routes of responses: answers that are remembered, so that a client need not send a conversation again. */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import { AppError } from "../../../core/errors.ts";
import type { ModelDescriptor } from "../../../core/model.ts";
import type { StoredResponse } from "../../../core/stored-response.ts";
import { answer } from "../../answer.ts";
import { holdConnection } from "../../connection.ts";
import type { ApiContext, RequestScope } from "../../context.ts";
import { namedSse } from "../../framing/named-sse.ts";
import { sse } from "../../framing/sse.ts";
import { jsonBody } from "../../json-body.ts";
import { object } from "../../schema.ts";
import { encodeOpenAiError } from "../errors.ts";
import { refuse } from "../sampling-schema.ts";
import { decodeConversation, decodeResponse } from "./decode.ts";
import type { DecodedResponse, Memory } from "./decode.ts";
import { CREATE_DETAIL, DELETE_DETAIL, INPUT_ITEMS_DETAIL, INPUT_TOKENS_DETAIL, RETRIEVE_DETAIL } from "./documentation.ts";
import { createResponseStreamEncoder, wholeResponse } from "./response-encode.ts";
import type { ResponseEncoding, ResponseStreamEncoder } from "./response-encode.ts";
import { InputTokensBody, ResponseBody } from "./schema.ts";
import { inputItemsPage, responseNotFound, storedObject } from "./stored.ts";

/** The clients of this API know no ping among their events, and break on one. */
const FRAMING = { ...namedSse, keepAlive: sse.keepAlive };

/** Responses belong to the key that made them; those of clients without a key belong to all of these. */
function ownerOf(scope: RequestScope): string {
  return scope.client.startsWith("key:") ? scope.client : "";
}

function memoryOf(context: ApiContext, scope: RequestScope): Memory {
  const owner = ownerOf(scope);
  return {
    findItem: (id) => context.responses.findItem(id, owner),
    conversation: (id, itemsMax) => context.responses.conversation(id, owner, itemsMax),
  };
}

/** What turns the answer into a response, and keeps it before the client can ask for it. */
function encodingOf(
  context: ApiContext,
  scope: RequestScope,
  body: ResponseBody,
  decoded: DecodedResponse,
): (model: ModelDescriptor) => ResponseEncoding {
  const id = `resp_${scope.id}`;
  const store = decoded.store && context.responses.keeps;
  const previousId = (body.previous_response_id ?? "") === "" ? null : (body.previous_response_id ?? null);
  return (model) => ({
    heading: { id, created: Math.floor(scope.startedMs / 1000), model: model.id, body, store },
    requestId: scope.id,
    packThoughts: decoded.packThoughts,
    now: () => Math.floor(context.nowMs() / 1000),
    onEnd: (response, output) => {
      if (!store) return;
      context.responses.save({ id, owner: ownerOf(scope), previousId, object: { ...response, output: [] }, input: decoded.input, output });
    },
  });
}

function create(context: ApiContext, scope: RequestScope, body: ResponseBody): Promise<Response> {
  scope.promptField = "input";
  const decoded = decodeResponse(scope.id, body, memoryOf(context, scope));
  const encoding = encodingOf(context, scope, body, decoded);
  let encoder: ResponseStreamEncoder | undefined;
  return answer(context, scope, {
    requests: [decoded.request],
    stream: decoded.stream,
    ignored: decoded.ignored,
    framing: FRAMING,
    encodeError: (error, errorScope) => {
      const reply = encodeOpenAiError(error, errorScope);
      return encoder === undefined ? reply : { ...reply, body: encoder.failed(reply) };
    },
    streamEncoder: (model) => (encoder = createResponseStreamEncoder(encoding(model))),
    whole: (model, [whole]) => wholeResponse(encoding(model), whole),
  });
}

/** Loading the model may take longer than an idle connection is kept. */
async function countTokens(context: ApiContext, scope: RequestScope, body: InputTokensBody): Promise<Response> {
  scope.promptField = "input";
  const { request } = decodeConversation(scope.id, body, memoryOf(context, scope));
  const held = holdConnection(context, scope);
  try {
    return Response.json({ object: "response.input_tokens", input_tokens: await context.engine.countTokens(request, held.signal) });
  } finally {
    held.release();
  }
}

function find(context: ApiContext, scope: RequestScope, id: string): StoredResponse {
  const response = context.responses.find(id, ownerOf(scope));
  if (response === null) throw responseNotFound(id);
  return response;
}

function retrieve(context: ApiContext, request: Request, id: string): Response {
  if (new URL(request.url).searchParams.get("stream") === "true") refuse("stream", "a stored response comes whole. Leave it out.");
  return Response.json(storedObject(find(context, context.scopeOf(request), id)));
}

function remove(context: ApiContext, scope: RequestScope, id: string): Response {
  if (!context.responses.remove(id, ownerOf(scope))) throw responseNotFound(id);
  return Response.json({ id, object: "response", deleted: true });
}

function cancel(context: ApiContext, scope: RequestScope, id: string): never {
  find(context, scope, id);
  throw new AppError(
    "invalid_request",
    "Only responses that are made in the background can be cancelled. Close the connection to end another one.",
  );
}

const ID = object({ id: Type.String() });
const PAGE = object({
  limit: Type.Optional(Type.String({ description: "Most items, from 1 to 100; 20 where it is left out." })),
  order: Type.Optional(Type.String({ description: "`desc`, the last first, unless it is `asc`." })),
  after: Type.Optional(Type.String({ description: "The id of the item before the first." })),
});

/** The routes, to be used under /v1. */
export function createResponseRoutes(context: ApiContext): AnyElysia {
  const scopeOf = (request: Request): RequestScope => context.scopeOf(request);
  return new Elysia({ name: "openai-responses", normalize: false })
    .post("/responses", ({ body, request }) => create(context, scopeOf(request), body), {
      body: ResponseBody,
      parse: jsonBody(ResponseBody),
      detail: CREATE_DETAIL,
    })
    .post("/responses/input_tokens", ({ body, request }) => countTokens(context, scopeOf(request), body), {
      body: InputTokensBody,
      parse: jsonBody(InputTokensBody),
      detail: INPUT_TOKENS_DETAIL,
    })
    .post(
      "/responses/compact",
      () => {
        throw new AppError("not_found", "Conversations are not compacted here: shorten the input, or go on from an earlier response.");
      },
      { parse: "none", detail: { hide: true } },
    )
    .get("/responses/:id", ({ params, request }) => retrieve(context, request, params.id), { params: ID, detail: RETRIEVE_DETAIL })
    .delete("/responses/:id", ({ params, request }) => remove(context, scopeOf(request), params.id), { params: ID, detail: DELETE_DETAIL })
    .get(
      "/responses/:id/input_items",
      ({ params, request }) =>
        Response.json(inputItemsPage(find(context, scopeOf(request), params.id).input, new URL(request.url).searchParams)),
      { params: ID, query: PAGE, detail: INPUT_ITEMS_DETAIL },
    )
    .post("/responses/:id/cancel", ({ params, request }) => cancel(context, scopeOf(request), params.id), {
      params: ID,
      parse: "none",
      detail: { hide: true },
    });
}
