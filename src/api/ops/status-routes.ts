/** What the status page asks for. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import type { ApiContext } from "../context.ts";
import { statusObject } from "./status-encode.ts";
import { STATUS_DETAIL } from "./status-documentation.ts";

/** One route, under /v1. */
export function createStatusRoutes(context: ApiContext): AnyElysia {
  return new Elysia({ name: "status", prefix: "/v1", normalize: false }).get(
    "/status",
    () => Response.json(statusObject(context), { headers: { "cache-control": "no-store" } }),
    { detail: STATUS_DETAIL },
  );
}
