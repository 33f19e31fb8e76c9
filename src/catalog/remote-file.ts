/** One request for a file on another machine: redirects, credentials, and answers that mean something to the user. */
import { AppError } from "../core/errors.ts";
import { requireSafeUrl } from "./pull-source.ts";
import { requireOutward } from "./redirect-guard.ts";

const REDIRECTS_MAX = 8;
/** Longest wait that a server may ask for before the next try. */
const RETRY_AFTER_MS_MAX = 120_000;

/** What to fetch. */
export interface RemoteFile {
  readonly url: URL;
  /** Sent as a bearer token to this URL's own origin, never to a host that a redirect leads to. */
  readonly token?: string | undefined;
}

/** The answer after all redirects: 200, 206 or 416. */
export interface RemoteAnswer {
  readonly response: Response;
  /** Size and SHA-256 of the whole file where the hub tells them (x-linked-size, x-linked-etag). */
  readonly linkedBytes: number | null;
  readonly linkedSha256: string | null;
}

/** A fault that may be gone at the next try. */
export class TransientError extends Error {
  override readonly name = "TransientError";
  /** What the server asked to wait; null where it did not. */
  readonly retryAfterMs: number | null;

  constructor(message: string, retryAfterMs: number | null = null, cause?: unknown) {
    super(message, { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Sends a GET and follows redirects by hand, because credentials must not follow them.
 * Throws TransientError for network faults, 408, 429 and 5xx; AppError not_found for 404 and 410, download_failed for other answers.
 */
export async function requestRemote(
  file: RemoteFile,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<RemoteAnswer> {
  let { url } = file;
  requireSafeUrl(url);
  let linkedBytes: number | null = null;
  let linkedSha256: string | null = null;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const response = await send(url, { ...headers, ...credentials(file, url) }, signal);
    linkedSha256 ??= sha256Of(response.headers.get("x-linked-etag"));
    linkedBytes ??= wholeNumber(response.headers.get("x-linked-size"));
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      if (!URL.canParse(location, url.href)) throw new AppError("download_failed", `${url.host} redirects to a broken link.`);
      const next = new URL(location, url);
      requireSafeUrl(next);
      await requireOutward(url, next);
      url = next;
      continue;
    }
    if (response.status === 200 || response.status === 206 || response.status === 416) return { response, linkedBytes, linkedSha256 };
    await response.body?.cancel();
    throw refused(response, file, url);
  }
  throw new AppError("download_failed", `${file.url.host} redirects more than ${REDIRECTS_MAX} times.`);
}

/** A header's whole number; null where it is none. */
export function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

async function send(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
  try {
    // Compressed bodies have neither a length nor ranges that fit the file.
    return await fetch(url, {
      headers: { "accept-encoding": "identity", "user-agent": "rockchip-llama", ...headers },
      redirect: "manual",
      signal,
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new TransientError(`cannot reach ${url.host} (${codeOf(cause)})`, null, cause);
  }
}

/** A network fault's short name. */
export function codeOf(cause: unknown): string {
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return cause instanceof Error ? cause.message : String(cause);
}

function credentials(file: RemoteFile, url: URL): Readonly<Record<string, string>> {
  const allowed = hasToken(file) && url.origin === file.url.origin;
  return allowed ? { authorization: `Bearer ${file.token ?? ""}` } : {};
}

function sha256Of(etag: string | null): string | null {
  return /^(?:W\/)?"?([0-9a-f]{64})"?$/i.exec(etag ?? "")?.[1]?.toLowerCase() ?? null;
}

function refused(response: Response, file: RemoteFile, url: URL): Error {
  const { status } = response;
  const what = `${url.origin}${url.pathname}`;
  const code = response.headers.get("x-error-code");
  // Hugging Face answers 401 for a repository that is not there, or not for everybody.
  if (status === 404 || status === 410 || code === "RepoNotFound") {
    const otherwise = code === "RepoNotFound" && !hasToken(file) ? ` For a private repository, ${SET_TOKEN}.` : "";
    return new AppError("not_found", `${what} does not exist. Check owner, repository and file name.${otherwise}`);
  }
  if (status === 401 || status === 403) return new AppError("download_failed", forbidden(status, what, file, code));
  if (status === 408 || status === 429 || status >= 500)
    return new TransientError(`${url.host} answered ${status}`, retryAfterMs(response.headers.get("retry-after")));
  return new AppError("download_failed", `${what} answered ${status}.`);
}

/** How a token is given. */
const SET_TOKEN = "set HF_TOKEN to an access token of an account that may read it";

function hasToken({ token }: RemoteFile): boolean {
  return token !== undefined && token !== "";
}

function forbidden(status: number, what: string, file: RemoteFile, code: string | null): string {
  if (code === "GatedRepo") {
    const whose = hasToken(file) ? ", with the account of your token" : ", then set HF_TOKEN to an access token of that account";
    return `${what} is gated (${status}): accept its terms on the repository's page${whose}.`;
  }
  if (hasToken(file)) return `${what} refused the token (${status}). Check that HF_TOKEN is valid and may read this repository.`;
  return `${what} does not exist or needs an access token (${status}). Check owner, repository and file name; for a private or gated repository ${SET_TOKEN}.`;
}

/** Seconds or a date, bounded. */
function retryAfterMs(header: string | null): number | null {
  if (header === null) return null;
  const seconds = wholeNumber(header.trim());
  const wait = seconds === null ? Date.parse(header) - Date.now() : seconds * 1000;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), RETRY_AFTER_MS_MAX) : null;
}
