/** From the argument of `pull` to the files to get. */
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError } from "../core/errors.ts";
import { speedNote } from "./board-speeds.ts";
import { chooseWeights, type PullTarget } from "./choose-weights.ts";
import { type HubEntry, type HubRepository, hubFile, readHubInfo } from "./hub.ts";
import { modelFormatOf, parseModelFileName, splitPartOf } from "./model-file-name.ts";
import { nearestRepositories } from "./nearest-names.ts";
import { decoded, parsePullSource, type PullSource, safeFileName } from "./pull-source.ts";
import type { RemoteFile } from "./remote-file.ts";
import { type RetryOptions, withRetries } from "./retries.ts";
import { sourceOfShortName } from "./short-name-source.ts";
import { findShortName } from "./short-names.ts";

/** One file of the weights. */
export type PullPart =
  /** `bytes` and `sha256` where the hub has told them beforehand. */
  | {
      readonly fileName: string;
      readonly remote: RemoteFile;
      readonly bytes: number | null;
      readonly sha256: string | null;
      readonly local?: never;
    }
  | { readonly fileName: string; readonly local: string; readonly remote?: never };

/** The files to get, and where else to look. */
export interface PullPlan {
  /** All parts of split weights in order; otherwise one. */
  readonly parts: readonly [PullPart, ...PullPart[]];
  /** Where they come from, for model.json: no query, no credentials. */
  readonly origin: string;
  /** The repository, and the folder in it, that may have the tokenizer and the template; null for a bare link or a local file. */
  readonly hub: { readonly repository: HubRepository; readonly dir: string; readonly path: string } | null;
  /** The model's publisher's own repository, where it is known without asking. */
  readonly original: string | null;
  /** The local folder that may have them; null for what is elsewhere. */
  readonly localDir: string | null;
  /** Sentences for the user before anything is downloaded. */
  readonly notes: readonly string[];
}

/** What a source is read against. */
export interface PlanOptions extends PullTarget {
  readonly endpoint: URL;
  readonly token?: string;
  readonly signal: AbortSignal;
  /** How questions to the hub are tried again. */
  readonly retries: Pick<RetryOptions, "wait" | "onRetry">;
}

/** Decides what to get; asks the hub only where the source does not name a file. Throws AppError invalid_request, not_found, download_failed. */
export async function planPull(source: string, options: PlanOptions): Promise<PullPlan> {
  const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  const short = findShortName(source);
  if (short !== null && !isFile(source)) {
    const { conversion, selector, notes } = await sourceOfShortName(short, options);
    const plan = await planHub({ kind: "hub", repository: conversion.repository, revision: "main", selector }, notes, options);
    return { ...plan, original: short.model.original };
  }
  const parsed = parsePullSource(source, options.endpoint, isFile);
  if (parsed.kind === "hub") return planHub(parsed, [], options);
  if (parsed.kind === "file") {
    const dir = dirname(parsed.path);
    const parts = partNames(basename(parsed.path)).map((name) => ({ fileName: safeFileName(name), local: join(dir, name) }));
    return { parts: atLeastOne(parts), origin: parsed.path, hub: null, original: null, localDir: dir, notes: [] };
  }
  const path = parsed.url.pathname;
  const parts = partNames(basename(path)).map((name) => ({
    fileName: safeFileName(decoded(name)),
    remote: { url: new URL(name + parsed.url.search, parsed.url) },
    bytes: null,
    sha256: null,
  }));
  return { parts: atLeastOne(parts), origin: parsed.url.origin + path, hub: null, original: null, localDir: null, notes: [] };
}

async function planHub(source: PullSource & { readonly kind: "hub" }, notes: readonly string[], options: PlanOptions): Promise<PullPlan> {
  const repository = {
    endpoint: options.endpoint,
    repository: source.repository,
    revision: source.revision,
    token: options.token,
  };
  let path = source.selector;
  let files: readonly HubEntry[] = [];
  if (modelFormatOf(path) === null) {
    files = await filesOf(repository, options);
    ({ path } = chooseWeights(source.repository, files, source.selector, options));
  }
  const dir = dirname(path) === "." ? "" : `${dirname(path)}/`;
  const parts = partNames(basename(path)).map((name) => {
    const { bytes = null, sha256 = null } = files.find((file) => file.path === dir + name) ?? {};
    return { fileName: safeFileName(name), remote: hubFile(repository, dir + name), bytes, sha256 };
  });
  const [first] = atLeastOne(parts);
  const speed = speedNote(parseModelFileName(first.fileName), options.boardSoc);
  return {
    parts: atLeastOne(parts),
    origin: hubFile(repository, path).url.href,
    hub: { repository, dir, path },
    original: null,
    localDir: null,
    notes: speed === null ? notes : [...notes, speed],
  };
}

/** What the hub lists; for a repository that it does not have, what it has instead. */
async function filesOf(repository: HubRepository, { signal, retries }: PlanOptions): Promise<readonly HubEntry[]> {
  const failure = (reason: string): AppError =>
    new AppError("download_failed", `Cannot ask what ${repository.repository} has: ${reason}. Try again later.`);
  try {
    return (await withRetries(() => readHubInfo(repository, signal), { ...retries, signal, failure })).files;
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== "not_found") throw cause;
    const name = repository.repository.slice(repository.repository.indexOf("/") + 1);
    throw new AppError("not_found", cause.message + (await nearestRepositories(repository, name, signal)), { cause });
  }
}

/** Every part of a split GGUF, whichever one was named. */
function partNames(fileName: string): readonly string[] {
  const split = splitPartOf(fileName);
  if (split === null) return [fileName];
  return Array.from({ length: split.parts }, (_, index) => fileName.replace(/-\d{5}-of-/, `-${String(index + 1).padStart(5, "0")}-of-`));
}

function atLeastOne<Part>(parts: readonly Part[]): readonly [Part, ...Part[]] {
  const [first, ...rest] = parts;
  if (first === undefined) throw new Error("Broken invariant: weights have at least one part");
  return [first, ...rest];
}
