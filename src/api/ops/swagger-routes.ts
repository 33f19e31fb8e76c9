/** The API description and its page. The page's files are part of the program: it works without a network and under a strict policy. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import swaggerScript from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import swaggerStyle from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import { createOpenApiDocument } from "./openapi-document.ts";
import type { OpenApiDocument } from "./openapi-document.ts";

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>RockchipLlama API</title>
<link rel="stylesheet" href="/swagger/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="/swagger/swagger-ui-bundle.js"></script>
<script src="/swagger/start.js"></script>
</html>
`;

/** No validator: it would be asked over the internet. */
const START = `SwaggerUIBundle({ url: "/swagger/json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });\n`;

/** The page runs nothing and loads nothing but its own files. Swagger UI writes style attributes and shows its icons as data URLs. */
const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const JAVASCRIPT = "text/javascript; charset=utf-8";
const FILE_AGE_S = 86_400;

function text(body: string, type: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { headers: { "content-type": type, ...headers } });
}

function file(path: string, type: string): Response {
  return new Response(Bun.file(path), { headers: { "content-type": type, "cache-control": `max-age=${FILE_AGE_S}` } });
}

/** `documented` are the route groups that the description covers. */
export function createSwaggerRoutes(documented: readonly AnyElysia[], version: string): AnyElysia {
  let document: Promise<OpenApiDocument> | undefined;
  const hidden = { detail: { hide: true } };
  return new Elysia({ name: "swagger-page" })
    .get("/swagger", () => text(PAGE, "text/html; charset=utf-8", { "content-security-policy": PAGE_POLICY }), hidden)
    .get("/swagger/start.js", () => text(START, JAVASCRIPT), hidden)
    .get("/swagger/swagger-ui-bundle.js", () => file(swaggerScript, JAVASCRIPT), hidden)
    .get("/swagger/swagger-ui.css", () => file(swaggerStyle, "text/css; charset=utf-8"), hidden)
    .get("/swagger/json", async () => Response.json(await (document ??= createOpenApiDocument(documented, version))), hidden);
}
