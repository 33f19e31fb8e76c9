/** Ollama's routes for answers. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import { AppError } from "../../core/errors.ts";
import type { ModelDescriptor } from "../../core/model.ts";
import type { Engine } from "../../engine/engine.ts";
import { answer, ignoredHeaders } from "../answer.ts";
import type { ApiContext, RequestScope } from "../context.ts";
import { ndjson } from "../framing/ndjson.ts";
import { heldWork } from "../held-work.ts";
import { ollamaBody } from "./body.ts";
import { packContext } from "./context-field.ts";
import { checkBody, decodeOllamaChat, decodeOllamaGenerate, isEmptyChat, isEmptyPrompt, isUnload } from "./decode.ts";
import type { Ability, DecodedOllama, OllamaBody } from "./decode.ts";
import { CHAT_DETAIL, GENERATE_DETAIL } from "./documentation.ts";
import { chatPiece, createOllamaStreamEncoder, generatePiece, ollamaAnswer, ollamaLoaded, ollamaRendered } from "./encode.ts";
import type { OllamaHeading, PieceShape } from "./encode.ts";
import { encodeOllamaError } from "./errors.ts";
import { createOllamaCloudRoutes } from "./cloud-routes.ts";
import { createOllamaEmbedRoutes } from "./embed-routes.ts";
import { createOllamaLibraryRoutes } from "./library/routes.ts";
import { createOllamaModelRoutes } from "./model-routes.ts";
import { lookupName } from "./names.ts";
import { OllamaChatBody, OllamaGenerateBody } from "./schema.ts";
import { truncatingEngine } from "./truncation.ts";
import type { Loss } from "./truncation.ts";

/** What one endpoint does in its own way. */
interface Endpoint {
  readonly shape: PieceShape;
  readonly isEmpty: boolean;
  /** Answers hold the conversation for the next request. */
  readonly hasContext: boolean;
  decode(able: Ability): DecodedOllama;
}

/** The order of the checks decides which fault a client is told of; it is Ollama's. */
async function respond(context: ApiContext, scope: RequestScope, body: OllamaBody, endpoint: Endpoint): Promise<Response> {
  const { shape } = endpoint;
  const model = await context.engine.model(lookupName(scope.model ?? ""));
  const heading: OllamaHeading = { model: scope.model ?? "", nowMs: context.nowMs };
  if (isUnload(body, endpoint.isEmpty)) {
    unload(context, scope, model);
    return Response.json(ollamaLoaded(heading, shape, "unload"));
  }
  const decoded = endpoint.decode(await abilityOf(context.engine, model));
  const { request } = decoded;
  if (decoded.loadsOnly) {
    return heldWork(context, scope, async (signal) => {
      await context.engine.load(model.id, request.keepAliveMs === undefined ? {} : { keepAliveMs: request.keepAliveMs }, signal);
      return Response.json(ollamaLoaded(heading, shape, "load"), { headers: ignoredHeaders(decoded.ignored) });
    });
  }
  if (decoded.rendersOnly) {
    return heldWork(context, scope, async (signal) => {
      const { text } = await context.engine.applyTemplate(request, { pieces: false }, signal);
      return Response.json(ollamaRendered(heading, shape, text));
    });
  }
  return generate(context, scope, decoded, shape, endpoint.hasContext ? withContext(heading, decoded) : heading);
}

/** The files of a model that cannot run may not even be readable. The engine says why it cannot; until then it is taken to be able to do anything. */
async function abilityOf(engine: Engine, model: ModelDescriptor): Promise<Ability> {
  if (model.unrunnableReason === undefined) return engine.facts(model);
  return { model, capabilities: ["completion", "insert", "thinking"], template: "" };
}

function generate(
  context: ApiContext,
  scope: RequestScope,
  decoded: DecodedOllama,
  shape: PieceShape,
  heading: OllamaHeading,
): Promise<Response> {
  const loss: Loss = { turns: 0 };
  const engine = decoded.truncate ? truncatingEngine(context.engine, loss) : context.engine;
  return answer({ ...context, engine }, scope, {
    requests: [decoded.request],
    stream: decoded.stream,
    ignored: decoded.ignored,
    note: () => (loss.turns === 0 ? "" : `The conversation was too long: its ${loss.turns} oldest turns were left out.`),
    framing: ndjson,
    encodeError: encodeOllamaError,
    streamEncoder: () => createOllamaStreamEncoder(heading, shape),
    whole: (_model, [whole]) => ollamaAnswer(heading, shape, whole),
  });
}

/** Nobody waits for it: what runs on the model ends first. */
function unload({ engine, log }: ApiContext, { id }: RequestScope, model: ModelDescriptor): void {
  engine.unload(model.id).catch((thrown: unknown) => {
    log.error("model not unloaded", { id, model: model.id, error: AppError.from(thrown).message });
  });
}

function withContext(heading: OllamaHeading, { request: { input } }: DecodedOllama): OllamaHeading {
  if (input.kind !== "chat") return heading;
  return { ...heading, tail: (text) => ({ context: packContext([...input.messages, { role: "assistant", content: text }]) }) };
}

/** Notes what errors need to know of the body, before anything can go wrong with it. */
function note(scope: RequestScope, model: string | null | undefined, promptField: string): RequestScope {
  scope.model = model ?? "";
  scope.promptField = promptField;
  return scope;
}

function chat(context: ApiContext, scope: RequestScope, body: OllamaChatBody): Promise<Response> {
  checkBody(body);
  if (scope.model === "") throw new AppError("invalid_request", "model is required", { details: { field: "model", fault: "missing" } });
  const decode = (able: Ability): DecodedOllama => decodeOllamaChat(scope.id, body, able);
  return respond(context, scope, body, { shape: chatPiece, isEmpty: isEmptyChat(body), hasContext: false, decode });
}

function complete(context: ApiContext, scope: RequestScope, body: OllamaGenerateBody): Promise<Response> {
  checkBody(body);
  if (scope.model === "") throw new AppError("model_not_found", "model '' not found", { details: { field: "model" } });
  const decode = (able: Ability): DecodedOllama => decodeOllamaGenerate(scope.id, body, able);
  return respond(context, scope, body, { shape: generatePiece, isEmpty: isEmptyPrompt(body), hasContext: true, decode });
}

/** The routes under /api for answers. */
function createAnswerRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "ollama-answers", prefix: "/api", normalize: false })
    .post("/chat", async ({ body, request }) => chat(context, note(context.scopeOf(request), body.model, "messages"), body), {
      body: OllamaChatBody,
      parse: ollamaBody(OllamaChatBody),
      detail: CHAT_DETAIL,
    })
    .post("/generate", async ({ body, request }) => complete(context, note(context.scopeOf(request), body.model, "prompt"), body), {
      body: OllamaGenerateBody,
      parse: ollamaBody(OllamaGenerateBody),
      detail: GENERATE_DETAIL,
    });
}

/** All routes of Ollama's. */
export function createOllamaRoutes(context: ApiContext): AnyElysia {
  const parts = [createAnswerRoutes, createOllamaEmbedRoutes, createOllamaModelRoutes, createOllamaLibraryRoutes, createOllamaCloudRoutes];
  const all: AnyElysia = new Elysia({ name: "ollama" });
  for (const create of parts) all.use(create(context));
  return all;
}
