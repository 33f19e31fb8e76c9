/** The API description and its page, which works without a network and under a strict policy: its files are part of the program. */
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import type { PageSource } from "../../core/web-page.ts";
import { createOpenApiDocument } from "./openapi-document.ts";
import type { OpenApiDocument } from "./openapi-document.ts";

/** The page runs nothing and loads nothing but its own files. Swagger UI writes style attributes and shows its icons as data URLs. */
const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE_HEADERS = { "content-type": "text/html; charset=utf-8", "content-security-policy": PAGE_POLICY };

/** `documented` are the route groups that the description covers. */
export function createSwaggerRoutes(documented: readonly AnyElysia[], version: string, page: PageSource): AnyElysia {
  let document: Promise<OpenApiDocument> | undefined;
  const hidden = { detail: { hide: true } };
  return new Elysia({ name: "swagger-page" })
    .get("/swagger", async () => new Response((await page()).swaggerHtml, { headers: PAGE_HEADERS }), hidden)
    .get("/swagger/json", async () => Response.json(await (document ??= createOpenApiDocument(documented, version))), hidden);
}
