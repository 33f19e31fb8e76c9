/** What the argument of `pull` means. */
import { homedir } from "node:os";
import { basename, resolve } from "node:path";
import { AppError } from "../core/errors.ts";
import { modelFormatOf } from "./model-file-name.ts";
import { listed, shown } from "./model-names.ts";
import { shortNamesLike } from "./short-names.ts";

/** Where weights come from. */
export type PullSource =
  /** A file of a repository on a model hub. `selector` picks it: its path, a part of its name such as a quantization, or "" for the only one. */
  | { readonly kind: "hub"; readonly repository: string; readonly revision: string; readonly selector: string }
  | { readonly kind: "url"; readonly url: URL }
  | { readonly kind: "file"; readonly path: string };

const HUB_HOSTS = new Set(["hf.co", "huggingface.co", "www.huggingface.co"]);
const REPOSITORY = /^([A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95})(?:[:/](.*))?$/s;
/** Longer than any path or link; what is looked at with regular expressions has an end. */
const SOURCE_LENGTH_MAX = 8192;
const FORMS = "Give owner/repository/file, owner/repository:quantization, a link that ends in .gguf or .rkllm, or the path of a file.";

/**
 * Reads what the user wrote. `isFile` tells whether a path is a file here: a file that is there goes before a repository of the same name.
 * Throws AppError invalid_request for what fits no form.
 */
export function parsePullSource(source: string, endpoint: URL, isFile: (path: string) => boolean): PullSource {
  const text = source.trim();
  if (text.length > SOURCE_LENGTH_MAX) throw new AppError("invalid_request", `"${shown(text)}" is nothing that can be pulled. ${FORMS}`);
  if (/^https?:\/\//i.test(text)) return fromUrl(text, endpoint);
  if (/^(?:\/|\.{1,2}\/|~\/|file:\/\/)/.test(text)) return { kind: "file", path: localPath(text) };
  if (modelFormatOf(text) !== null && isFile(text)) return { kind: "file", path: resolve(text) };
  const [host = "", ...rest] = text.split("/");
  const hub = HUB_HOSTS.has(host.toLowerCase()) ? fromHubPath(rest.join("/")) : fromHubPath(text);
  if (hub === null) {
    const names = listed(shortNamesLike(text), "and");
    throw new AppError("invalid_request", `"${shown(text)}" is nothing that can be pulled. ${FORMS} Short names: ${names}.`);
  }
  return hub;
}

/** Refuses links over which weights could be changed on the way: everything but https, and http on this machine. Throws AppError invalid_request. */
export function requireSafeUrl(url: URL): void {
  const loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && loopback)) return;
  throw new AppError("invalid_request", `${url.origin} is not reached over https. Plain http is only used on this machine itself.`);
}

/** A name that is safe as a file of ours: no folders, not hidden, no control characters, of bounded length; throws AppError invalid_request for a name that is no model's. */
export function safeFileName(name: string): string {
  const last = basename(name.replaceAll("\\", "/"));
  const safe = last.replace(/[^\p{L}\p{N} ._+()@-]+/gu, "_").replace(/^[. ]+/, "");
  if (modelFormatOf(safe) === null || safe.length > 200)
    throw new AppError("invalid_request", `"${last.slice(0, 200)}" is not the name of a .gguf or .rkllm file. ${FORMS}`);
  return safe;
}

function fromUrl(text: string, endpoint: URL): PullSource {
  if (!URL.canParse(text)) throw new AppError("invalid_request", `"${text}" is not a link. ${FORMS}`);
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    throw new AppError("invalid_request", "Leave the user name and the password out of the link.");
  if (HUB_HOSTS.has(url.hostname) || url.origin === endpoint.origin) {
    const hub = fromHubPath(decoded(url.pathname.slice(1)));
    if (hub !== null) return hub;
  }
  requireSafeUrl(url);
  safeFileName(decoded(url.pathname));
  return { kind: "url", url };
}

/** `owner/repository`, with `/file`, `:file`, `:Q4_K_M`, `/resolve/<revision>/file` or `/blob/<revision>/file` after it; null for anything else. */
function fromHubPath(path: string): PullSource | null {
  const match = REPOSITORY.exec(path.slice(0, path.length - slashesAtEnd(path)));
  if (match?.[1] === undefined) return null;
  const rest = match[2] ?? "";
  const page = /^(?:resolve|blob|tree)\/([^/]+)(?:\/(.*))?$/s.exec(rest);
  const selector = page === null ? rest : (page[2] ?? "");
  if (selector.split("/").some((segment) => segment === ".." || segment === ".")) return null;
  // Ollama's clients add the tag to names that have none.
  return { kind: "hub", repository: match[1], revision: page?.[1] ?? "main", selector: selector === "latest" ? "" : selector };
}

/** Counted, because `/\/+$/` takes the square of the time for slashes that do not stand at the end. */
function slashesAtEnd(path: string): number {
  let count = 0;
  while (path.at(-1 - count) === "/") count += 1;
  return count;
}

/** Percent signs that encode nothing stay as they are. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function localPath(text: string): string {
  if (text.startsWith("file://")) return Bun.fileURLToPath(text);
  return resolve(text.startsWith("~/") ? homedir() + text.slice(1) : text);
}
