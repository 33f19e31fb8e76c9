/** Health, metrics, status, the front door, and the API description. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import type { ApiContext } from "../context.ts";
import { HEALTH_DETAIL, READY_DETAIL } from "./documentation.ts";
import { createMetricsRoutes } from "./metrics-routes.ts";
import { createPageRoutes } from "./page-routes.ts";
import { readinessReply } from "./readiness.ts";
import { createStatusRoutes } from "./status-routes.ts";
import { createSwaggerRoutes } from "./swagger-routes.ts";

/** Everybody may know that the server lives; what it is doing is for clients that are let in. */
function health(context: ApiContext, request: Request): Response {
  const status = context.engine.status();
  // Whoever shares out requests must send no more here.
  const code = status.draining ? 503 : 200;
  const reply = (body: object) =>
    Response.json({ status: status.draining ? "draining" : "ok", ...body }, { status: code, headers: { "cache-control": "no-store" } });
  if (context.scopeOf(request).admitted !== true) return reply({});
  const models = status.models.map((model) => ({
    id: model.id,
    context_length: model.contextTokens,
    runtime_version: model.runtimeVersion,
    running: model.running,
    queued: model.queued,
  }));
  return reply({ version: context.version, uptime_s: Math.round(status.uptimeS), models });
}

/** `documented` are the routes that the API description covers, beside these. */
export function createOpsRoutes(context: ApiContext, documented: readonly AnyElysia[], withMetrics: boolean): AnyElysia {
  const healthRoutes = new Elysia({ name: "health" })
    .get("/health", ({ request }) => health(context, request), { detail: HEALTH_DETAIL })
    .get("/health/ready", () => readinessReply(context), { detail: READY_DETAIL })
    .get("/v1/health", ({ request }) => health(context, request), { detail: { hide: true } });
  const own = [healthRoutes, createStatusRoutes(context), ...(withMetrics ? [createMetricsRoutes(context)] : [])];
  const ops: AnyElysia = new Elysia({ name: "ops" }).use(createPageRoutes(context.page));
  for (const routes of own) ops.use(routes);
  return ops.use(createSwaggerRoutes([...documented, ...own], context.version, context.page));
}
