/** What Prometheus asks for. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import type { ApiContext } from "../context.ts";
import { METRICS_DETAIL } from "./documentation.ts";
import { serverState } from "./server-state.ts";

/** Path of the metrics; the access gate knows it, too. */
export const METRICS_PATH = "/metrics";

async function metrics({ engine, telemetry }: ApiContext): Promise<Response> {
  const text = await telemetry.metricsText(serverState(engine));
  return new Response(text, { headers: { "content-type": telemetry.metricsType, "cache-control": "no-store" } });
}

/** One route. */
export function createMetricsRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "metrics" }).get(METRICS_PATH, async () => metrics(context), { detail: METRICS_DETAIL });
}
