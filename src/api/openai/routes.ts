/** OpenAI's routes. */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import type { ModelDescriptor } from "../../core/model.ts";
import { answer } from "../answer.ts";
import type { ApiContext, RequestScope } from "../context.ts";
import { sse } from "../framing/sse.ts";
import { jsonBody } from "../json-body.ts";
import { object } from "../schema.ts";
import { decodeChat } from "./chat-decode.ts";
import { chatCompletion, createChatStreamEncoder } from "./chat-encode.ts";
import { ChatBody } from "./chat-schema.ts";
import { decodeCompletion } from "./completion-decode.ts";
import { createCompletionStreamEncoder, textCompletion } from "./completion-encode.ts";
import { CompletionBody } from "./completion-schema.ts";
import { CHAT_DETAIL, COMPLETION_DETAIL, MODEL_DETAIL, MODELS_DETAIL } from "./documentation.ts";
import { encodeOpenAiError } from "./errors.ts";
import { answerHeading } from "./heading.ts";
import { modelList, modelObject } from "./models.ts";
import { createResponseRoutes } from "./responses/routes.ts";

function chat(context: ApiContext, scope: RequestScope, body: ChatBody): Promise<Response> {
  scope.promptField = "messages";
  const { requests, stream, ignored, ...wanted } = decodeChat(scope.id, body);
  const form = { ...wanted, answers: requests.length };
  const headingOf = (model: ModelDescriptor) => answerHeading(context, scope, "chatcmpl", model);
  return answer(context, scope, {
    requests,
    stream,
    ignored,
    framing: sse,
    encodeError: encodeOpenAiError,
    streamEncoder: (model) => createChatStreamEncoder(headingOf(model), form),
    whole: (model, answers) => chatCompletion(headingOf(model), form, answers),
  });
}

function complete(context: ApiContext, scope: RequestScope, body: CompletionBody): Promise<Response> {
  scope.promptField = "prompt";
  const { requests, stream, ignored, ...form } = decodeCompletion(scope.id, body);
  const headingOf = (model: ModelDescriptor) => answerHeading(context, scope, "cmpl", model);
  return answer(context, scope, {
    requests,
    stream,
    ignored,
    framing: sse,
    encodeError: encodeOpenAiError,
    streamEncoder: (model) => createCompletionStreamEncoder(headingOf(model), form),
    whole: (model, answers) => textCompletion(headingOf(model), form, answers),
  });
}

/** A model's name from the end of a path, in which a slash may be written as itself or as %2F. */
function decodedName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The routes under /v1; the request gate also leads to them without it. */
export function createOpenAiRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "openai", prefix: "/v1", normalize: false })
    .post("/chat/completions", ({ body, request }) => chat(context, context.scopeOf(request), body), {
      body: ChatBody,
      parse: jsonBody(ChatBody),
      detail: CHAT_DETAIL,
    })
    .post("/completions", ({ body, request }) => complete(context, context.scopeOf(request), body), {
      body: CompletionBody,
      parse: jsonBody(CompletionBody),
      detail: COMPLETION_DETAIL,
    })
    .use(createResponseRoutes(context))
    .get("/models", async () => Response.json(modelList(await context.engine.models())), { detail: MODELS_DETAIL })
    .get("/models/:id", async ({ params }) => Response.json(modelObject(await context.engine.model(params.id))), {
      params: object({ id: Type.String() }),
      detail: MODEL_DETAIL,
    })
    .get("/models/*", async ({ params }) => Response.json(modelObject(await context.engine.model(decodedName(params["*"])))), {
      params: object({ "*": Type.String() }),
      detail: { hide: true },
    });
}
