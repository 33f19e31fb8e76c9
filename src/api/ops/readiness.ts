/** Whether whoever shares out requests should send one here. It says nothing that a client without a key may not know. */
import type { ApiContext } from "../context.ts";

/** `starting`: models are loaded that are wanted from the start; `full`: every loaded model's queue is; `draining`: the server is about to stop. */
export const READINESS = ["ready", "starting", "full", "draining"] as const;

type Readiness = (typeof READINESS)[number];

/** How things are now. */
function readinessOf({ engine, stage }: Pick<ApiContext, "engine" | "stage">): Readiness {
  const { draining, models } = engine.status();
  if (draining || stage() === "draining") return "draining";
  if (stage() === "starting") return "starting";
  return models.length > 0 && models.every(({ full }) => full) ? "full" : "ready";
}

/** The reply: status 200, or 503 where the next request should go elsewhere. */
export function readinessReply(context: ApiContext): Response {
  const status = readinessOf(context);
  return Response.json({ status }, { status: status === "ready" ? 200 : 503, headers: { "cache-control": "no-store" } });
}
