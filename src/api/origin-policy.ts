/** Which web pages may use the server. */
import { isLoopbackAddress, parseAddress } from "../core/network.ts";
import { wildcard } from "./wildcard.ts";

const ALLOWED_METHODS = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS";
const ALLOWED_HEADERS =
  "authorization, content-type, x-api-key, api-key, anthropic-version, anthropic-beta, openai-organization, openai-project, openai-beta";
const EXPOSED_HEADERS = [
  "x-request-id",
  "request-id",
  "retry-after",
  "x-should-retry",
  "x-ratelimit-limit-requests",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-reset-requests",
  "www-authenticate",
  "openai-processing-ms",
  "x-rockchip-llama-ignored",
  "x-rockchip-llama-note",
  "traceresponse",
].join(", ");
const PREFLIGHT_AGE_S = 43_200;

/** What CORS has to say about one request. */
export interface OriginVerdict {
  readonly allowed: boolean;
  /** Headers for the reply; empty for requests that come from no web page. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Judges one request. */
export type OriginPolicy = (request: Request) => OriginVerdict;

/** Builds the policy: pages of the origins that are configured, and those of the server itself. */
export function createOriginPolicy(origins: readonly string[]): OriginPolicy {
  const all = origins.includes("*");
  const patterns = origins.map(wildcard);
  return (request) => {
    const origin = request.headers.get("origin");
    if (origin === null) return { allowed: true, headers: {} };
    // The scheme is not compared: a proxy may take https and pass on http.
    const own = URL.parse(origin)?.host === request.headers.get("host");
    if (!own && !all && !patterns.some((pattern) => pattern.test(origin))) return { allowed: false, headers: { vary: "origin" } };
    return {
      allowed: true,
      headers: {
        "access-control-allow-origin": all ? "*" : origin,
        "access-control-expose-headers": EXPOSED_HEADERS,
        ...(all ? {} : { vary: "origin" }),
      },
    };
  };
}

/** Headers of the answer to a preflight request from an allowed origin. */
export function preflightHeaders(request: Request): Record<string, string> {
  const asked = request.headers.get("access-control-request-headers");
  return {
    "access-control-allow-methods": ALLOWED_METHODS,
    "access-control-allow-headers": asked ?? ALLOWED_HEADERS,
    "access-control-max-age": String(PREFLIGHT_AGE_S),
    ...(request.headers.get("access-control-request-private-network") === "true" ? { "access-control-allow-private-network": "true" } : {}),
  };
}

/** Whether a host to listen on only takes connections from this machine. A name that begins like an address is none. */
export function isLoopback(host: string): boolean {
  const address = parseAddress(host.replace(/^\[(.*)\]$/, "$1"));
  return address === null ? host.toLowerCase() === "localhost" : isLoopbackAddress(address);
}
