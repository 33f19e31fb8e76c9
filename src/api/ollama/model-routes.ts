/** Ollama's routes that tell of models and of the server. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import { AppError } from "../../core/errors.ts";
import type { ApiContext, RequestScope } from "../context.ts";
import { ollamaBody } from "./body.ts";
import { PS_DETAIL, SHOW_DETAIL, TAGS_DETAIL, VERSION_DETAIL } from "./documentation.ts";
import { tagList } from "./models.ts";
import { lookupName, taggedName } from "./names.ts";
import { runningList } from "./running.ts";
import { shownModel } from "./show.ts";
import { ShowBody } from "./show-schema.ts";

/** The Ollama release whose API this is. Clients refuse servers below 0.6.4, so our own version cannot stand here. */
const OLLAMA_VERSION = "0.33.0";

async function show(context: ApiContext, scope: RequestScope, body: ShowBody): Promise<Response> {
  const given = (body.model ?? "") === "" ? (body.name ?? "") : (body.model ?? "");
  if (given === "") throw new AppError("invalid_request", "model is required", { details: { field: "model", fault: "missing" } });
  // Here alone errors name the tag that was left out.
  scope.model = taggedName(given);
  const model = await context.engine.model(lookupName(given));
  const facts = await context.engine.facts(model);
  const metadata = await context.engine.metadata(model, body.verbose === true);
  const userAgent = scope.connection.headers.get("user-agent") ?? "";
  return Response.json(shownModel({ facts, metadata, body, name: given, userAgent }));
}

/** The routes under /api. */
export function createOllamaModelRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "ollama-models", prefix: "/api", normalize: false })
    .get("/tags", async () => Response.json(await tagList(context.engine)), { detail: TAGS_DETAIL })
    .get("/ps", async () => Response.json(await runningList(context.engine, context.nowMs())), { detail: PS_DETAIL })
    .get("/version", () => Response.json({ version: OLLAMA_VERSION }), { detail: VERSION_DETAIL })
    .post("/show", ({ body, request }) => show(context, context.scopeOf(request), body), {
      body: ShowBody,
      parse: ollamaBody(ShowBody),
      detail: SHOW_DETAIL,
    });
}
