/** Ollama's routes. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import { AppError } from "../../core/errors.ts";
import { answer } from "../answer.ts";
import { holdConnection } from "../connection.ts";
import type { ApiContext, RequestScope } from "../context.ts";
import { ndjson } from "../framing/ndjson.ts";
import { jsonBody } from "../json-body.ts";
import type { DecodedOllama } from "./decode.ts";
import { decodeOllamaChat, decodeOllamaGenerate } from "./decode.ts";
import { CHAT_DETAIL, GENERATE_DETAIL, TAGS_DETAIL, VERSION_DETAIL } from "./documentation.ts";
import { chatPiece, createOllamaStreamEncoder, generatePiece, ollamaAnswer, ollamaLoaded } from "./encode.ts";
import type { OllamaHeading, PieceShape } from "./encode.ts";
import { encodeOllamaError } from "./errors.ts";
import { tagList } from "./models.ts";
import { OllamaChatBody, OllamaGenerateBody } from "./schema.ts";

/** The Ollama release whose API this is. Clients refuse servers below 0.6.4, so our own version cannot stand here. */
const OLLAMA_VERSION = "0.33.0";

/** Answers a call without a prompt: the model is loaded by an admission that is given up before anything runs. */
async function load(context: ApiContext, scope: RequestScope, decoded: DecodedOllama, reply: () => Response): Promise<Response> {
  const model = await context.engine.model(decoded.request.model);
  if (decoded.only === "unload") return reply();
  const held = holdConnection(context, scope);
  try {
    await context.engine.generate({ ...decoded.request, model: model.id }, held.signal);
    return reply();
  } finally {
    held.abort(new AppError("cancelled", "The model was only to be loaded."));
    held.release();
  }
}

function generate(context: ApiContext, scope: RequestScope, shape: PieceShape, decoded: DecodedOllama): Promise<Response> {
  const heading: OllamaHeading = { model: scope.model ?? "", nowMs: context.nowMs };
  const only = decoded.only;
  if (only !== undefined) return load(context, scope, decoded, () => Response.json(ollamaLoaded(heading, shape, only)));
  return answer(context, scope, {
    requests: [decoded.request],
    stream: decoded.stream,
    ignored: decoded.ignored,
    framing: ndjson,
    encodeError: encodeOllamaError,
    streamEncoder: () => createOllamaStreamEncoder(heading, shape),
    whole: (_model, [whole]) => ollamaAnswer(heading, shape, whole),
  });
}

/** Notes what errors need to know of the body, before anything can go wrong with it. */
function note(scope: RequestScope, model: string | null | undefined, promptField: string): RequestScope {
  scope.model = model ?? "";
  scope.promptField = promptField;
  return scope;
}

/** The routes under /api. */
export function createOllamaRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "ollama", prefix: "/api", normalize: false })
    .post(
      "/chat",
      async ({ body, request }) => {
        const scope = note(context.scopeOf(request), body.model, "messages");
        return generate(context, scope, chatPiece, decodeOllamaChat(scope.id, body));
      },
      { body: OllamaChatBody, parse: jsonBody(OllamaChatBody), detail: CHAT_DETAIL },
    )
    .post(
      "/generate",
      async ({ body, request }) => {
        const scope = note(context.scopeOf(request), body.model, "prompt");
        return generate(context, scope, generatePiece, decodeOllamaGenerate(scope.id, body));
      },
      { body: OllamaGenerateBody, parse: jsonBody(OllamaGenerateBody), detail: GENERATE_DETAIL },
    )
    .get("/tags", async () => Response.json(tagList(await context.engine.models())), { detail: TAGS_DETAIL })
    .get("/version", () => Response.json({ version: OLLAMA_VERSION }), { detail: VERSION_DETAIL });
}
