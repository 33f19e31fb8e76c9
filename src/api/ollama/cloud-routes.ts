/** What Ollama's clients ask of ollama.com through a server: there is none behind this one, and it says so. */
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import { AppError } from "../../core/errors.ts";
import type { ApiContext, RequestScope } from "../context.ts";
import { ndjson } from "../framing/ndjson.ts";
import { object, optional } from "../schema.ts";
import { ollamaBody } from "./body.ts";
import { lookupName } from "./names.ts";

const PushBody = object({ model: optional(Type.String()), name: optional(Type.String()), stream: optional(Type.Boolean()) });
const HIDDEN = { detail: { hide: true } };

/** No line says success: nothing is published. */
async function push(context: ApiContext, scope: RequestScope, body: typeof PushBody.static): Promise<Response> {
  const name = (body.model ?? "") === "" ? (body.name ?? "") : (body.model ?? "");
  if (name === "") throw new AppError("invalid_request", "model is required", { details: { field: "model", fault: "missing" } });
  scope.model = name;
  await context.engine.model(lookupName(name));
  const error = "this server publishes no models: it has no registry to push to";
  if (body.stream === false) throw new AppError("unsupported_parameter", error);
  const lines = [{ status: "retrieving manifest" }, { error }].map((line) => ndjson.frame(line)).join("");
  return new Response(lines, { headers: { "content-type": ndjson.contentType } });
}

function noAccounts(): never {
  throw new AppError("not_found", "This server has no accounts: it does not belong to ollama.com, and nobody signs in.");
}

function noCloud(what: string): never {
  throw new AppError("forbidden", `ollama cloud is disabled: ${what} is unavailable`);
}

/** The routes under /api. */
export function createOllamaCloudRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "ollama-cloud", prefix: "/api", normalize: false })
    .get("/status", () => Response.json({ cloud: { disabled: true, source: "config" } }), HIDDEN)
    .get("/experimental/model-recommendations", () => Response.json({ recommendations: [] }), HIDDEN)
    .post("/experimental/web_search", () => noCloud("web search"), { ...HIDDEN, parse: "none" })
    .post("/experimental/web_fetch", () => noCloud("web fetch"), { ...HIDDEN, parse: "none" })
    .post("/me", noAccounts, { ...HIDDEN, parse: "none" })
    .post("/signout", noAccounts, { ...HIDDEN, parse: "none" })
    .post("/push", ({ body, request }) => push(context, context.scopeOf(request), body), {
      ...HIDDEN,
      body: PushBody,
      parse: ollamaBody(PushBody),
    });
}
