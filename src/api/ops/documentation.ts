/** What the API description says of the routes for operators. */
import { Type } from "@sinclair/typebox";
import { jsonReply, routeDetail } from "../route-detail.ts";
import { object } from "../schema.ts";
import { READINESS } from "./readiness.ts";

const Health = object({
  status: Type.Union([Type.Literal("ok"), Type.Literal("draining")]),
  version: Type.String(),
  uptime_s: Type.Integer(),
  models: Type.Array(
    object({
      id: Type.String(),
      context_length: Type.Integer(),
      runtime_version: Type.String(),
      running: Type.Boolean(),
      queued: Type.Integer(),
    }),
  ),
});

/** GET /metrics. */
export const METRICS_DETAIL = routeDetail("Operations", "metrics", "Metrics in the text form of Prometheus", {
  200: {
    description: "docs/metrics.md says what each is.",
    content: { "text/plain": { schema: Type.String(), example: "vllm:num_requests_waiting 0\n" } },
  },
});

/** GET /health. */
export const HEALTH_DETAIL = routeDetail("Operations", "health", "Whether the server is up, and which models are loaded", {
  200: jsonReply("The server is up.", Health),
  503: jsonReply("The server has been told to stop and takes nothing on any more.", Health),
});

const Ready = object({ status: Type.Union(READINESS.map((word) => Type.Literal(word))) });

/** GET /health/ready. */
export const READY_DETAIL = routeDetail("Operations", "ready", "Whether a load balancer should send the next request here", {
  200: jsonReply("It should.", Ready),
  503: jsonReply(
    "It should not: models that are wanted from the start are loaded, queues are full, or the server is about to stop.",
    Ready,
  ),
});
