/** Files of a repository on a model hub, by the addresses that Hugging Face and its mirrors share. */
import { AppError } from "../core/errors.ts";
import type { Soc } from "../core/model.ts";
import { modelFormatOf, parseModelFileName, splitPartOf } from "./model-file-name.ts";
import { listed } from "./model-names.ts";
import { type RemoteFile, requestRemote } from "./remote-file.ts";

/** Longest answer about a repository that is read. */
const INFO_BYTES_MAX = 16 * 1024 * 1024;

/** A repository at one revision. */
export interface HubRepository {
  readonly endpoint: URL;
  readonly repository: string;
  readonly revision: string;
  readonly token?: string | undefined;
}

/** What the hub says of a repository. */
export interface HubInfo {
  /** Paths of all files. */
  readonly files: readonly string[];
  /** The repositories it was made from, as its author states. */
  readonly baseModels: readonly string[];
}

/** The address of a file in a repository. */
export function hubFile(hub: HubRepository, path: string): RemoteFile {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const url = under(hub.endpoint, `${hub.repository}/resolve/${encodeURIComponent(hub.revision)}/${encoded}`);
  return { url, token: hub.token };
}

/** Asks the hub what is in a repository. Throws what `requestRemote` throws. */
export async function readHubInfo(hub: HubRepository, signal: AbortSignal): Promise<HubInfo> {
  const url = under(hub.endpoint, `api/models/${hub.repository}/revision/${encodeURIComponent(hub.revision)}`);
  const { response } = await requestRemote({ url, token: hub.token }, {}, signal);
  const text = await response.text();
  if (text.length > INFO_BYTES_MAX) throw new AppError("download_failed", `${url.href} answered more than was asked for.`);
  return parseHubInfo(text, url);
}

/** The weights that a selector means. Throws AppError invalid_request, listing what there is, where that is none or several. */
export function selectWeights(info: HubInfo, selector: string, boardSoc: Soc | null): string {
  const weights = info.files.filter((path) => modelFormatOf(path) !== null && (splitPartOf(path)?.part ?? 1) === 1);
  const wanted = selector.toLowerCase();
  const named = weights.filter((path) => path.toLowerCase().includes(wanted));
  const fitting = named.filter((path) => [undefined, boardSoc ?? undefined].includes(parseModelFileName(path).soc));
  const candidates = named.length > 1 && boardSoc !== null && fitting.length > 0 ? fitting : named;
  if (candidates.length === 1 && candidates[0] !== undefined) return candidates[0];
  if (weights.length === 0) throw new AppError("invalid_request", "The repository has no .gguf and no .rkllm file.");
  const found = candidates.length === 0 ? `No file matches "${selector}"` : "Several files match";
  const choice = listed(candidates.length === 0 ? weights : candidates, "and");
  throw new AppError("invalid_request", `${found}. Name one of these: ${choice}.`);
}

function under(endpoint: URL, path: string): URL {
  return new URL(path, endpoint.href.endsWith("/") ? endpoint : `${endpoint.href}/`);
}

function parseHubInfo(text: string, url: URL): HubInfo {
  try {
    const info = JSON.parse(text) as { siblings?: { rfilename?: unknown }[]; cardData?: { base_model?: unknown } };
    const base = info.cardData?.base_model;
    const bases = Array.isArray(base) ? base : [base];
    return {
      files: (info.siblings ?? []).map((file) => file.rfilename).filter((path) => typeof path === "string"),
      baseModels: bases.filter((name) => typeof name === "string" && /^[\w.-]+\/[\w.-]+$/.test(name)) as string[],
    };
  } catch (cause) {
    throw new AppError("download_failed", `${url.origin}${url.pathname} did not answer as a model hub does. Check the endpoint.`, {
      cause,
    });
  }
}
