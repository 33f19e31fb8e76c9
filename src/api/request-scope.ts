/**
 * What happens to every request before and after its route: an id, a tidied path, the checks that need no body, and the headers
 * every reply carries. It stands around the router, so nothing that a route or the router throws gets past it.
 */
import { AppError } from "../core/errors.ts";
import { createAccessGate } from "./access/access-gate.ts";
import { peerAddress } from "./access/peer-address.ts";
import { limitBody } from "./body-limit.ts";
import type { ApiContext, DialectName, RequestScope, ServerOptions } from "./context.ts";
import type { ErrorEncoder } from "./dialect.ts";
import { logFailure } from "./failure-log.ts";
import type { MethodTable } from "./method-table.ts";
import { createOriginPolicy, preflightHeaders } from "./origin-policy.ts";
import type { OriginVerdict } from "./origin-policy.ts";
import { METRICS_PATH } from "./ops/metrics-routes.ts";
import { RequestEnd } from "./request-end.ts";
import { traceResponse } from "../telemetry/trace-context.ts";

/** The router, seen from outside. */
export type RequestHandler = (request: Request) => Response | Promise<Response>;

/** What the gate and the error handler work with. */
export interface ScopeParts {
  readonly options: ServerOptions;
  readonly context: ApiContext;
  readonly encoders: Readonly<Record<DialectName, ErrorEncoder>>;
  readonly scopes: WeakMap<Request, RequestScope>;
  /** Asked at each request: the routes are complete only after the server was built. */
  methodTable(): MethodTable;
}

/** Errors under /api/ take Ollama's shape, those under /v1/messages Anthropic's, all others OpenAI's. */
function dialectOf(path: string): DialectName {
  if (path === "/v1/messages" || path.startsWith("/v1/messages/")) return "anthropic";
  return path === "/api" || path.startsWith("/api/") ? "ollama" : "openai";
}

/** A failure as a response in the caller's dialect; failures of ours are logged. */
export function errorResponse(parts: ScopeParts, scope: RequestScope, thrown: unknown): Response {
  const error = AppError.from(thrown);
  const reply = parts.encoders[scope.dialect](error, scope);
  logFailure(parts.context, scope, reply.status, error);
  return Response.json(reply.body, { status: reply.status, headers: reply.headers });
}

/** Refuses pages that must not use this server. Throws AppError forbidden. */
function checkOrigin(request: Request, origin: OriginVerdict): void {
  if (origin.allowed) return;
  const name = request.headers.get("origin") ?? "";
  throw new AppError("forbidden", `The origin ${name} is not allowed. Add it to cors_origins to let its pages use this server.`);
}

/** What no page of another site may make of a reply: a script, a style or a picture of its own. */
const REPLY_HEADERS: readonly (readonly [string, string])[] = [
  ["x-content-type-options", "nosniff"],
  ["cross-origin-resource-policy", "same-origin"],
];

/** Refuses what no route can take. Throws AppError not_found, method_not_allowed. */
function checkRoute(parts: ScopeParts, request: Request, path: string): void {
  const methods = parts.methodTable().methods(path);
  if (methods === null) {
    throw new AppError("not_found", `There is nothing at ${request.method} ${path}. GET /swagger lists what there is.`, {
      details: { unknownPath: true },
    });
  }
  if (!methods.includes(request.method)) {
    throw new AppError("method_not_allowed", `${path} takes ${methods.join(", ")}, not ${request.method}.`, {
      details: { allow: methods },
    });
  }
}

/**
 * Where a request goes. Without a Host header, as HTTP/1.0 and the probes of load balancers send it, or with a broken one there is only
 * a path.
 */
function urlOf(request: Request): URL {
  const whole = URL.parse(request.url);
  if (whole !== null) return whole;
  const path = request.url.replace(/^https?:\/\/[^/]*/, "");
  return URL.parse(`http://localhost${path}`) ?? new URL("http://localhost");
}

/** The same request under its canonical path. The socket knows only the original: see RequestScope.connection. */
function withPath(request: Request, url: URL, path: string): Request {
  if (url.pathname === path && URL.canParse(request.url)) return request;
  const tidied = new URL(url);
  tidied.pathname = path;
  return new Request(tidied.href, {
    method: request.method,
    headers: request.headers,
    body: request.body,
  });
}

/** Asked for every few seconds by those who watch the server: what goes well there would only hide the rest of the log. */
const WATCHED_PATHS: ReadonlySet<string> = new Set([
  "/health",
  "/health/ready",
  "/v1/health",
  "/v1/status",
  "/v1/models/available",
  METRICS_PATH,
]);

/** What is asked for here wants a model, which can be looked up while the body is read. */
const ANSWER_PATHS: ReadonlySet<string> = new Set([
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/responses",
  "/v1/messages",
  "/api/chat",
  "/api/generate",
]);

/** Wraps the router. */
export function createRequestGate(parts: ScopeParts): (handle: RequestHandler) => RequestHandler {
  const { options, context } = parts;
  const newId = options.newId ?? ((): string => crypto.randomUUID().replaceAll("-", ""));
  const originOf = createOriginPolicy(options.corsOrigins);
  const access = createAccessGate(options.access, context.nowMs, options.metrics === "open" ? [METRICS_PATH] : []);

  return (handle) => async (request) => {
    const url = urlOf(request);
    const path = parts.methodTable().canonical(url.pathname);
    const id = newId();
    const record = context.telemetry.begin(id, request);
    const scope: RequestScope = {
      id,
      dialect: dialectOf(path),
      connection: request,
      client: peerAddress(context.server(), request),
      startedMs: context.nowMs(),
      record,
      end: new RequestEnd(() => context.telemetry.ended(record)),
    };
    const origin = originOf(request);
    const respond = async (): Promise<Response> => {
      checkOrigin(request, origin);
      if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: preflightHeaders(request) });
      access.admit(request, path, scope);
      checkRoute(parts, request, path);
      if (ANSWER_PATHS.has(path)) context.engine.expect();
      const bounds = { context, connection: request, bytesMax: options.bodyBytesMax };
      const routed = limitBody(withPath(request, url, path), path, bounds);
      parts.scopes.set(routed, scope);
      return handle(routed);
    };
    const response = await respond().catch((thrown: unknown) => errorResponse(parts, scope, thrown));
    for (const [name, value] of Object.entries(scope.limitHeaders ?? {})) response.headers.set(name, value);
    for (const [name, value] of Object.entries(origin.headers)) {
      // A route may depend on other headers as well.
      if (name === "vary") response.headers.append(name, value);
      else response.headers.set(name, value);
    }
    // The rest of the body is not waited for.
    if (response.status === 408) response.headers.set("connection", "close");
    for (const [name, value] of REPLY_HEADERS) response.headers.set(name, value);
    response.headers.set("x-request-id", scope.id);
    if (scope.dialect === "anthropic") response.headers.set("request-id", scope.id);
    if (record.trace !== null) response.headers.set("traceresponse", traceResponse(record.trace));
    context.telemetry.responded(record, parts.methodTable().routeOf(path) ?? "", response.status);
    const ms = Math.round(context.nowMs() - scope.startedMs);
    const trace = record.trace === null ? {} : { trace: record.trace.traceId };
    const level = WATCHED_PATHS.has(path) && response.ok ? "debug" : "info";
    context.log[level]("request", { id, method: request.method, path, client: scope.client, status: response.status, ms, ...trace });
    scope.end.respond();
    return response;
  };
}
