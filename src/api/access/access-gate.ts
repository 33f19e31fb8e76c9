/**
 * Who may use the server, and how often. A client is known by a key, or by the address of its connection; what a header says of
 * addresses (X-Forwarded-For) is the client's own word and counts nothing.
 */
import type { ApiKeySource } from "../../core/api-key.ts";
import { AppError } from "../../core/errors.ts";
import { isLoopbackAddress, type Network, networkContains, parseAddress } from "../../core/network.ts";
import { PAGE_FILES_PATH } from "../../core/web-page.ts";
import { createHostPolicy } from "./host-names.ts";
import { keyEnding, ownerOf, presentedKeys } from "./presented-keys.ts";
import { type RateLimit, RateLimiter, rateError, rateHeaders } from "./rate-limit.ts";

/** Who is let in. */
export interface AccessOptions {
  readonly keys: ApiKeySource;
  /** Clients from here need no key; where there is no key, others are refused. */
  readonly allow: readonly Network[];
  /** Names under which the server may be called without a key, beside those of this machine and of local networks; see host-names.ts. */
  readonly hostNames?: readonly string[];
  /** Null sets no limit. */
  readonly rateLimit: RateLimit | null;
}

/** Whose request it is, as far as it is known; the gate fills in the rest. */
export interface AccessScope {
  /** `key:` and the key's name, or the address of the connection. Never a key. */
  client: string;
  /** Whether the client may see more than that the server lives. */
  admitted?: boolean;
  /** What the reply says of the client's limit. */
  limitHeaders?: Readonly<Record<string, string>>;
}

/** Stands before every route. */
export interface AccessGate {
  /** Throws AppError unauthorized, forbidden, rate_limited. */
  admit(this: void, request: Request, path: string, scope: AccessScope): void;
}

/** For load balancers, and for people who want to know where they have landed. */
const PUBLIC_PATHS: ReadonlySet<string> = new Set(["/", "/health", "/v1/health", "/health/ready"]);

/** What makes a model work is a POST; lists and descriptions, which clients ask for in between, are not counted. */
const COUNTED_METHOD = "POST";

/**
 * Builds the gate. `nowMs` is any clock in milliseconds.
 * @param opened paths beside the public ones that want no key
 */
export function createAccessGate(
  { keys, allow, hostNames = [], rateLimit }: AccessOptions,
  nowMs: () => number,
  opened: readonly string[] = [],
): AccessGate {
  const open = new Set([...PUBLIC_PATHS, ...opened]);
  const isOurName = createHostPolicy(hostNames);
  const limiter = rateLimit === null ? null : new RateLimiter(rateLimit);
  // A server that had keys stays locked when the last of them goes: a lost file must not open it.
  let locked = keys.current().length > 0;

  const refusalOf = (client: string, presented: readonly string[]): AppError | null => {
    const address = allow.length === 0 ? null : parseAddress(client);
    const isAllowed = address !== null && allow.some((network) => networkContains(network, address));
    if (isAllowed) return null;
    if (locked) return unauthorized(presented);
    // Without keys and networks, where the server listens was the decision.
    if (allow.length === 0 || (address !== null && isLoopbackAddress(address))) return null;
    return new AppError("forbidden", "This address is not in the networks that may use the server. Add it to allow, or make an API key.");
  };

  return {
    admit: (request, path, scope) => {
      const known = keys.current();
      if (known.length > 0) locked = true;
      const presented = presentedKeys(request.headers);
      const owner = ownerOf(presented, known);
      const host = request.headers.get("host") ?? "";
      // No page of the internet knows a key; where none is asked for, the name has to tell that there is no such page behind the request.
      const refusal = owner !== null ? null : (refusalOf(scope.client, presented) ?? (isOurName(host) ? null : strange(host, locked)));
      if (owner !== null) scope.client = `key:${owner}`;
      scope.admitted = refusal === null;
      // The page asks for a key itself, so its files have to be there first; they are the same on every server of this version.
      if (open.has(path) || path.startsWith(PAGE_FILES_PATH)) return;
      // Refused requests count whatever they ask for: nobody tries keys for nothing.
      if (limiter !== null && (refusal !== null || request.method === COUNTED_METHOD)) {
        const state = limiter.take(scope.client, nowMs());
        scope.limitHeaders = rateHeaders(state);
        if (!state.allowed) throw rateError(state);
      }
      if (refusal !== null) throw refusal;
    },
  };
}

function strange(host: string, locked: boolean): AppError {
  const others = locked ? "add the name to host_names, or send an API key" : "or add the name to host_names";
  return new AppError(
    "forbidden",
    `The host name "${host}" is not one of this machine or its network, so a page of the internet could be behind this request. Use the address, ${others}.`,
  );
}

function unauthorized(presented: readonly string[]): AppError {
  const [key] = presented;
  return new AppError(
    "unauthorized",
    key === undefined
      ? 'No API key provided. Send one in the header "Authorization: Bearer <key>".'
      : `Incorrect API key provided${keyEnding(key)}. \`rockchip-llama keys add <name>\` makes one.`,
  );
}
