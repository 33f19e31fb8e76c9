/** The page for people at `/`, and its files. It runs and loads nothing but those files, and talks to nobody but this server. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Elysia } from "elysia";
import type { AnyElysia } from "elysia";
import { AppError } from "../../core/errors.ts";
import { PAGE_FILES_PATH, type PageFile, type PageSource } from "../../core/web-page.ts";

/** What Ollama's clients ask for before every command. */
const LIVENESS_TEXT = "Ollama is running";

/** No script or style but the page's own files, and none made of text: a model's answer is never code. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const SAFETY_HEADERS = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };

/** A file's name has a hash in it. */
const FILE_CACHING = "public, max-age=31536000, immutable";

/** Browsers name text/html in their Accept header; the command lines and libraries that look for liveness do not. */
async function home(page: PageSource, request: Request): Promise<Response> {
  const headers = { vary: "accept", "cache-control": "no-cache", ...SAFETY_HEADERS };
  if (request.headers.get("accept")?.includes("text/html") !== true) {
    return new Response(LIVENESS_TEXT, { headers: { ...headers, "content-type": "text/plain; charset=utf-8" } });
  }
  const { html } = await page();
  return new Response(html, {
    headers: { ...headers, "content-type": "text/html; charset=utf-8", "content-security-policy": PAGE_POLICY },
  });
}

/** A file's bytes. Replies share a Blob's: of a buffer each would hold a copy for as long as its client takes, or does not take it. */
class FileBytes {
  readonly plain: Blob;
  private compressed: Promise<Blob> | null = null;

  constructor(text: string) {
    this.plain = new Blob([text]);
  }

  /** Not on this thread: the largest file takes a tenth of a second. */
  async gzip(): Promise<Blob> {
    return (this.compressed ??= this.plain.bytes().then(async (bytes) => new Blob([await compress(bytes, { level: 9 })])));
  }
}

const compress = promisify(gzip);

/** Made once, when somebody first asks for it. */
const made = new WeakMap<PageFile, FileBytes>();

function bytesOf(file: PageFile): FileBytes {
  const known = made.get(file) ?? new FileBytes(file.text);
  made.set(file, known);
  return known;
}

async function fileOf(page: PageSource, name: string, request: Request): Promise<Response> {
  const { files } = await page();
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (file === undefined)
    throw new AppError("not_found", `The page has no file ${name}. Load the page again: another version may run now.`);
  const headers = { "content-type": file.type, "cache-control": FILE_CACHING, vary: "accept-encoding", ...SAFETY_HEADERS };
  const bytes = bytesOf(file);
  if (!/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) return new Response(bytes.plain, { headers });
  return new Response(await bytes.gzip(), { headers: { ...headers, "content-encoding": "gzip" } });
}

/** The front door and what belongs to it. */
export function createPageRoutes(page: PageSource): AnyElysia {
  const hidden = { detail: { hide: true } };
  return new Elysia({ name: "page" })
    .get("/", ({ request }) => home(page, request), hidden)
    .get(`${PAGE_FILES_PATH}:name`, ({ params, request }) => fileOf(page, params.name, request), hidden);
}
