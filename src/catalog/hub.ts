/** Files of a repository on a model hub, by the addresses that Hugging Face and its mirrors share. */
import { AppError } from "../core/errors.ts";
import { readTextOf } from "./answer-text.ts";
import { type RemoteFile, requestRemote } from "./remote-file.ts";

/** Longest answer about a repository that is read, bytes. */
const INFO_BYTES_MAX = 16 * 1024 * 1024;

/** Longest path of a file in a repository, characters; others are looked at no further. */
const PATH_LENGTH_MAX = 1000;

/** A repository at one revision. */
export interface HubRepository {
  readonly endpoint: URL;
  readonly repository: string;
  readonly revision: string;
  readonly token?: string | undefined;
}

/** A file as the hub lists it. */
export interface HubEntry {
  readonly path: string;
  /** null where the hub does not tell it. */
  readonly bytes: number | null;
  readonly sha256: string | null;
}

/** What the hub says of a repository. */
export interface HubInfo {
  readonly files: readonly HubEntry[];
  /** The repositories it was made from, as its author states. */
  readonly baseModels: readonly string[];
}

/** `owner/repository`, as models name each other. */
export const REPOSITORY_NAME = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

/** The address of a file in a repository. */
export function hubFile(hub: HubRepository, path: string): RemoteFile {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const url = under(hub.endpoint, `${hub.repository}/resolve/${encodeURIComponent(hub.revision)}/${encoded}`);
  return { url, token: hub.token };
}

/** Asks the hub what is in a repository. Throws what `requestRemote` throws. */
export async function readHubInfo(hub: HubRepository, signal: AbortSignal): Promise<HubInfo> {
  const url = under(hub.endpoint, `api/models/${hub.repository}/revision/${encodeURIComponent(hub.revision)}?blobs=true`);
  return parseHubInfo(await readText({ url, token: hub.token }, signal), url);
}

/** Names of repositories that the hub finds for some words. Throws what `requestRemote` throws. */
export async function searchHub(
  hub: Pick<HubRepository, "endpoint" | "token">,
  words: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const url = under(hub.endpoint, `api/models?limit=8&search=${encodeURIComponent(words)}`);
  const found = parsed(await readText({ url, token: hub.token }, signal), url) as { id?: unknown; modelId?: unknown }[];
  return (Array.isArray(found) ? found : [])
    .map(({ id, modelId }) => id ?? modelId)
    .filter((name): name is string => typeof name === "string" && REPOSITORY_NAME.test(name));
}

/** The page on which a person searches the hub. */
export function searchPage(endpoint: URL, words: string): string {
  return under(endpoint, `models?search=${encodeURIComponent(words).replaceAll("%20", "+")}`).href;
}

function under(endpoint: URL, path: string): URL {
  return new URL(path, endpoint.href.endsWith("/") ? endpoint : `${endpoint.href}/`);
}

async function readText(file: RemoteFile, signal: AbortSignal): Promise<string> {
  const { response } = await requestRemote(file, {}, signal);
  const { text, whole } = await readTextOf(response, INFO_BYTES_MAX);
  if (!whole) throw new AppError("download_failed", `${file.url.href} answered more than was asked for.`);
  return text;
}

function parsed(text: string, url: URL): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw noHub(url, cause);
  }
}

function noHub(url: URL, cause?: unknown): AppError {
  const message = `${url.origin}${url.pathname} did not answer as a model hub does. Check the endpoint.`;
  return new AppError("download_failed", message, { cause });
}

interface Sibling {
  readonly rfilename?: unknown;
  readonly size?: unknown;
  readonly lfs?: { readonly sha256?: unknown; readonly size?: unknown } | null;
}

function parseHubInfo(text: string, url: URL): HubInfo {
  const info = parsed(text, url) as { siblings?: readonly Sibling[]; cardData?: { base_model?: unknown } | null } | null;
  if (info === null || typeof info !== "object") throw noHub(url);
  const base = info.cardData?.base_model;
  return {
    files: (Array.isArray(info.siblings) ? info.siblings : []).flatMap(entryOf),
    baseModels: (Array.isArray(base) ? base : [base]).filter(
      (name): name is string => typeof name === "string" && REPOSITORY_NAME.test(name),
    ),
  };
}

function entryOf({ rfilename, size, lfs }: Sibling): HubEntry[] {
  if (typeof rfilename !== "string" || rfilename.length > PATH_LENGTH_MAX) return [];
  const bytes = lfs?.size ?? size;
  const sha256 = lfs?.sha256;
  return [
    {
      path: rfilename,
      bytes: typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : null,
      sha256: typeof sha256 === "string" && /^[0-9a-f]{64}$/i.test(sha256) ? sha256.toLowerCase() : null,
    },
  ];
}
