/** Ollama's routes that make, get, copy and delete models. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import { AppError } from "../../../core/errors.ts";
import type { ApiContext, RequestScope } from "../../context.ts";
import { heldWork } from "../../held-work.ts";
import { ollamaBody } from "../body.ts";
import { isModelName, lookupName, quotedName } from "../names.ts";
import { decodeOllamaCreate, namedModel } from "./decode.ts";
import { BLOB_DETAIL, COPY_DETAIL, CREATE_DETAIL, DELETE_DETAIL, PULL_DETAIL } from "./documentation.ts";
import { OllamaCopyBody, OllamaCreateBody, OllamaDeleteBody, OllamaPullBody } from "./schema.ts";
import { statusReply } from "./status-reply.ts";

function invalid(message: string, field: string): never {
  throw new AppError("invalid_request", message, { details: { field, fault: "value" } });
}

async function create(context: ApiContext, scope: RequestScope, body: OllamaCreateBody): Promise<Response> {
  // What is not found on the way is what it is made of.
  scope.model = body.from ?? "";
  if (!isModelName(namedModel(body))) invalid("invalid model name", "model");
  const recipe = decodeOllamaCreate(body);
  return statusReply(context, scope, body.stream ?? true, async (onProgress, signal) => context.library.create(recipe, onProgress, signal));
}

async function pull(context: ApiContext, scope: RequestScope, body: typeof OllamaPullBody.static): Promise<Response> {
  const name = namedModel(body).trim();
  scope.model = name;
  // A link is refused as one; without its scheme it would look like a repository.
  const known = name.includes("://") ? name : lookupName(name);
  // What the hub knows a model by has a slash, and signs that names have not.
  if (!name.includes("/") && !isModelName(name)) invalid("invalid model name", "model");
  return statusReply(context, scope, body.stream ?? true, async (onProgress, signal) => {
    try {
      await context.library.pull(known, onProgress, signal);
    } catch (thrown) {
      throw unknownModel(AppError.from(thrown), known, () => onProgress({ status: "pulling manifest" }));
    }
  });
}

/** A name that nothing is known by is told in the words that clients look for, behind the line that they expect first. */
function unknownModel(error: AppError, name: string, begin: () => void): AppError {
  const isPlainName = isModelName(name) && !name.includes("/");
  if (error.code === "invalid_request" && isPlainName) begin();
  else if (error.code !== "not_found") return error;
  return new AppError("not_found", `pull model manifest: file does not exist. ${error.message}`, { cause: error });
}

async function copy({ library }: ApiContext, body: typeof OllamaCopyBody.static): Promise<Response> {
  const { source, destination } = { source: body.source ?? "", destination: body.destination ?? "" };
  if (!isModelName(source)) invalid(`source ${quotedName(source)} is invalid`, "source");
  if (!isModelName(destination)) invalid(`destination ${quotedName(destination)} is invalid`, "destination");
  try {
    await library.copy(lookupName(source), lookupName(destination));
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== "model_not_found") throw thrown;
    throw new AppError("not_found", `model ${quotedName(source)} not found`, { cause: thrown });
  }
  return new Response(null);
}

async function remove(context: ApiContext, scope: RequestScope, body: typeof OllamaDeleteBody.static): Promise<Response> {
  const name = namedModel(body);
  scope.model = name;
  if (name === "") throw new AppError("invalid_request", "model is required", { details: { field: "model", fault: "missing" } });
  // A model of the hub may have been pulled by a name that could not be given to one.
  if (!isModelName(name)) await context.engine.model(lookupName(name)).catch(() => invalid(`name ${quotedName(name)} is invalid`, "model"));
  return heldWork(context, scope, async () => {
    await context.library.remove(lookupName(name));
    return new Response(null);
  });
}

async function upload(context: ApiContext, request: Request, digest: string): Promise<Response> {
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  return heldWork(context, context.scopeOf(request), async (signal) => {
    const isNew = await context.library.putBlob(digest, request.body ?? nothing(), Number.isFinite(length) ? length : null, signal);
    return new Response(null, { status: isNew ? 201 : 200 });
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The routes under /api. */
export function createOllamaLibraryRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "ollama-library", prefix: "/api", normalize: false })
    .post("/create", async ({ body, request }) => create(context, context.scopeOf(request), body), {
      body: OllamaCreateBody,
      parse: ollamaBody(OllamaCreateBody),
      detail: CREATE_DETAIL,
    })
    .post("/pull", async ({ body, request }) => pull(context, context.scopeOf(request), body), {
      body: OllamaPullBody,
      parse: ollamaBody(OllamaPullBody),
      detail: PULL_DETAIL,
    })
    .post("/copy", async ({ body }) => copy(context, body), {
      body: OllamaCopyBody,
      parse: ollamaBody(OllamaCopyBody),
      detail: COPY_DETAIL,
    })
    .delete("/delete", async ({ body, request }) => remove(context, context.scopeOf(request), body), {
      body: OllamaDeleteBody,
      parse: ollamaBody(OllamaDeleteBody),
      detail: DELETE_DETAIL,
    })
    .head(
      "/blobs/:digest",
      async ({ params }) => new Response(null, { status: (await context.library.hasBlob(params.digest)) ? 200 : 404 }),
      { detail: { hide: true } },
    )
    .post("/blobs/:digest", async ({ params, request }) => upload(context, request, params.digest), { parse: "none", detail: BLOB_DETAIL });
}
