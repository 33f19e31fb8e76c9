/** The HTTP server: every dialect on one Elysia application. It does not listen; `app.ts` does. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import { assert } from "../core/errors.ts";
import { encodeAnthropicError } from "./anthropic/errors.ts";
import { createAnthropicRoutes } from "./anthropic/routes.ts";
import { requestFault } from "./body-fault.ts";
import type { ApiContext, RequestScope, ServerOptions } from "./context.ts";
import { createManagementRoutes } from "./management/routes.ts";
import { createMethodTable } from "./method-table.ts";
import type { MethodTable } from "./method-table.ts";
import { encodeOllamaError } from "./ollama/errors.ts";
import { createOllamaRoutes } from "./ollama/routes.ts";
import { createCacheRoutes } from "./openai/cache/routes.ts";
import { createEmbeddingRoutes } from "./openai/embeddings/routes.ts";
import { encodeOpenAiError } from "./openai/errors.ts";
import { createOpenAiRoutes } from "./openai/routes.ts";
import { createTokenRoutes } from "./openai/tokens/routes.ts";
import { createOpsRoutes } from "./ops/routes.ts";
import { createRequestGate, errorResponse } from "./request-scope.ts";
import type { RequestHandler, ScopeParts } from "./request-scope.ts";

/** Builds the application. Call `listen({ hostname, port })` on it; every other setting is made here. */
export function createServer(options: ServerOptions): AnyElysia {
  const scopes = new WeakMap<Request, RequestScope>();
  const context: ApiContext = {
    engine: options.engine,
    library: options.library,
    version: options.version,
    stage: options.stage,
    log: options.log,
    telemetry: options.telemetry,
    logsPrompts: options.logsPrompts,
    responses: options.responses,
    settings: options.settings,
    page: options.page,
    times: options,
    nowMs: options.nowMs ?? Date.now,
    scopeOf: (request) => {
      const scope = scopes.get(request);
      assert(scope !== undefined, "a request reached a route without a scope");
      return scope;
    },
    server: () => app.server,
  };
  let table: MethodTable | undefined;
  const parts: ScopeParts = {
    options,
    context,
    scopes,
    encoders: { openai: encodeOpenAiError, ollama: encodeOllamaError, anthropic: encodeAnthropicError },
    methodTable: () => (table ??= createMethodTable(app.routes)),
  };
  const app: AnyElysia = new Elysia({
    // Elysia must not change a body: what a schema does not name is still read, refused or passed to a template.
    normalize: false,
    // One router with and without a socket.
    systemRouter: false,
    // Elysia otherwise finds a wrong path behind a short Host header.
    handler: { standardHostname: false },
    // Elysia's own default lets two servers share a port without an error.
    serve: {
      reusePort: false,
      development: false,
      idleTimeout: options.idleTimeoutS,
      // body-limit.ts stands in its place.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    },
  });
  const gate = createRequestGate(parts);
  // Elysia's type says only that functions are wrapped, not that they take a request and give a response.
  app.wrap((handle) => gate(handle as unknown as RequestHandler));
  app.onError(({ code, error, request }) => errorResponse(parts, context.scopeOf(request), requestFault(code, error)));
  const openai = [createOpenAiRoutes(context), createEmbeddingRoutes(context), createTokenRoutes(context), createCacheRoutes(context)];
  const dialects = [...openai, createOllamaRoutes(context), createAnthropicRoutes(context), createManagementRoutes(context)];
  for (const routes of [...dialects, createOpsRoutes(context, dialects, options.metrics !== "off")]) app.use(routes);
  return app;
}
