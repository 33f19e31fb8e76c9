/** From the argument of `pull` to the files to get. */
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Soc } from "../core/model.ts";
import { type HubRepository, hubFile, readHubInfo, selectWeights } from "./hub.ts";
import { modelFormatOf, splitPartOf } from "./model-file-name.ts";
import { decoded, parsePullSource, safeFileName } from "./pull-source.ts";
import type { RemoteFile } from "./remote-file.ts";

/** One file of the weights. */
export type PullPart =
  | { readonly fileName: string; readonly remote: RemoteFile; readonly local?: never }
  | { readonly fileName: string; readonly local: string; readonly remote?: never };

/** The files to get, and where else to look. */
export interface PullPlan {
  /** All parts of split weights in order; otherwise one. */
  readonly parts: readonly [PullPart, ...PullPart[]];
  /** Where they come from, for model.json: no query, no credentials. */
  readonly origin: string;
  /** The repository, and the folder in it, that may have the tokenizer and the template; null for a bare link or a local file. */
  readonly hub: { readonly repository: HubRepository; readonly dir: string } | null;
  /** The local folder that may have them; null for what is elsewhere. */
  readonly localDir: string | null;
}

/** What a source is read against. */
export interface PlanOptions {
  readonly endpoint: URL;
  readonly token?: string;
  readonly boardSoc: Soc | null;
  readonly signal: AbortSignal;
}

/** Decides what to get; asks the hub only where the source does not name a file. Throws AppError invalid_request and what `requestRemote` throws. */
export async function planPull(source: string, options: PlanOptions): Promise<PullPlan> {
  const parsed = parsePullSource(source, options.endpoint, (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
  if (parsed.kind === "file") {
    const dir = dirname(parsed.path);
    const parts = partNames(basename(parsed.path)).map((name) => ({ fileName: safeFileName(name), local: join(dir, name) }));
    return { parts: atLeastOne(parts), origin: parsed.path, hub: null, localDir: dir };
  }
  if (parsed.kind === "url") {
    const path = parsed.url.pathname;
    const parts = partNames(basename(path)).map((name) => ({
      fileName: safeFileName(decoded(name)),
      remote: { url: new URL(name + parsed.url.search, parsed.url) },
    }));
    return { parts: atLeastOne(parts), origin: parsed.url.origin + path, hub: null, localDir: null };
  }
  const repository = {
    endpoint: options.endpoint,
    repository: parsed.repository,
    revision: parsed.revision,
    token: options.token,
  };
  const path =
    modelFormatOf(parsed.selector) === null
      ? selectWeights(await readHubInfo(repository, options.signal), parsed.selector, options.boardSoc)
      : parsed.selector;
  const dir = dirname(path) === "." ? "" : `${dirname(path)}/`;
  const parts = partNames(basename(path)).map((name) => ({ fileName: safeFileName(name), remote: hubFile(repository, dir + name) }));
  return { parts: atLeastOne(parts), origin: hubFile(repository, path).url.href, hub: { repository, dir }, localDir: null };
}

/** Every part of a split GGUF, whichever one was named. */
function partNames(fileName: string): readonly string[] {
  const split = splitPartOf(fileName);
  if (split === null) return [fileName];
  return Array.from({ length: split.parts }, (_, index) => fileName.replace(/-\d{5}-of-/, `-${String(index + 1).padStart(5, "0")}-of-`));
}

function atLeastOne(parts: readonly PullPart[]): readonly [PullPart, ...PullPart[]] {
  const [first, ...rest] = parts;
  if (first === undefined) throw new Error("Broken invariant: weights have at least one part");
  return [first, ...rest];
}
