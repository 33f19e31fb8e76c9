/** The routes for those who look after the server: which models are loaded, which could be, and what the server runs with. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import type { LoadOptions } from "../../engine/engine.ts";
import type { ApiContext, RequestScope } from "../context.ts";
import type { JsonObject } from "../dialect.ts";
import { heldWork } from "../held-work.ts";
import { jsonBody } from "../json-body.ts";
import { keepAliveMs } from "../keep-alive.ts";
import { present } from "../schema.ts";
import { AVAILABLE_DETAIL, CHANGE_CONFIG_DETAIL, CONFIG_DETAIL, LOAD_DETAIL, LOADED_DETAIL, UNLOAD_DETAIL } from "./documentation.ts";
import { availableModels, loadedModel, settingObject } from "./encode.ts";
import { ConfigBody, LoadBody, UnloadBody } from "./schema.ts";

function reply(body: JsonObject): Response {
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}

function load(context: ApiContext, scope: RequestScope, body: LoadBody): Promise<Response> {
  scope.model = body.model;
  const options = present<LoadOptions>({ keepAliveMs: keepAliveMs(body.keep_alive), pinned: body.pin });
  return heldWork(context, scope, async (signal) => reply(loadedModel(await context.engine.load(body.model, options, signal))));
}

/** A client that goes does not keep the model. */
function unload(context: ApiContext, scope: RequestScope, body: UnloadBody): Promise<Response> {
  scope.model = body.model;
  return heldWork(context, scope, async () => {
    const { id } = await context.engine.model(body.model);
    return reply({ id, object: "loaded_model", unloaded: await context.engine.unload(body.model) });
  });
}

async function available({ engine }: ApiContext): Promise<Response> {
  return reply({ object: "list", data: availableModels(await engine.models(), engine.status().models) });
}

function change({ settings, log }: ApiContext, scope: RequestScope, body: object): Response {
  const changed = settings.change({ ...body });
  for (const { name, value } of changed) log.info("setting changed", { id: scope.id, name, value });
  return reply({
    object: "config",
    changed: changed.map(settingObject),
    persisted: false,
    note: "It holds until the server ends. To keep it, write it into the configuration.",
  });
}

/** The routes under /v1; the request gate also leads to them without it. */
export function createManagementRoutes(context: ApiContext): AnyElysia {
  const config = (): JsonObject => {
    const { settings } = context;
    return { object: "config", data: settings.list().map(settingObject), models: settings.modelSections() };
  };
  return new Elysia({ name: "management", prefix: "/v1", normalize: false })
    .post("/models/load", ({ body, request }) => load(context, context.scopeOf(request), body), {
      body: LoadBody,
      parse: jsonBody(LoadBody),
      detail: LOAD_DETAIL,
    })
    .post("/models/unload", ({ body, request }) => unload(context, context.scopeOf(request), body), {
      body: UnloadBody,
      parse: jsonBody(UnloadBody),
      detail: UNLOAD_DETAIL,
    })
    .get("/models/loaded", () => reply({ object: "list", data: context.engine.status().models.map(loadedModel) }), {
      detail: LOADED_DETAIL,
    })
    .get("/models/available", () => available(context), { detail: AVAILABLE_DETAIL })
    .get("/config", () => reply(config()), { detail: CONFIG_DETAIL })
    .patch("/config", ({ body, request }) => change(context, context.scopeOf(request), body), {
      body: ConfigBody,
      parse: jsonBody(ConfigBody),
      detail: CHANGE_CONFIG_DETAIL,
    });
}
