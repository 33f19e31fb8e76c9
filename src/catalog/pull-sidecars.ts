/** The small files beside the weights: tokenizer, template, sampling defaults. Most of them are missing in most repositories. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../core/errors.ts";
import { download, type DownloadOptions } from "./download.ts";
import { baseModelsOf } from "./base-models.ts";
import { type HubRepository, hubFile } from "./hub.ts";
import { placeLocal } from "./local-file.ts";
import type { PullPlan } from "./pull-plan.ts";
import { isJson } from "../core/json.ts";
import { readSmallText, sidecarBytesMax } from "../core/small-file.ts";

const TOKENIZER_FILE = "tokenizer.json";
const SIDECAR_FILES: readonly string[] = [
  TOKENIZER_FILE,
  "tokenizer_config.json",
  "chat_template.jinja",
  "chat_template.json",
  "generation_config.json",
  "config.json",
];

const NO_TOKENIZER =
  "No tokenizer was found. The model runs, but its prompts cannot be counted beforehand; get one with --tokenizer owner/repository, naming the repository of the original model.";

/** Where sidecars come from, and how. */
export interface SidecarOptions extends Omit<DownloadOptions, "file" | "sha256"> {
  /** Repository to take them from where the weights' own has none; absent: those that it was made from. */
  readonly tokenizer?: string;
  readonly endpoint: URL;
  readonly token?: string;
  /** False for weights that carry their own tokenizer. */
  readonly needsTokenizer: boolean;
  readonly note: (text: string) => void;
}

/** Gets every sidecar that is not in `finalDir` yet into `stagingDir`; returns their names. Files that do not exist anywhere are no fault. */
export async function pullSidecars(
  plan: PullPlan,
  stagingDir: string,
  finalDir: string,
  options: SidecarOptions,
): Promise<readonly string[]> {
  const missing = new Set(SIDECAR_FILES.filter((name) => !existsSync(join(finalDir, name))));
  const wanted = [...missing];
  const getAll = async (get: (name: string) => Promise<boolean>): Promise<void> => {
    for (const name of wanted) if (missing.has(name) && (await get(name))) missing.delete(name);
  };
  const getFrom = (repository: HubRepository, dir: string): Promise<void> =>
    getAll((name) => fetchSidecar(repository, dir + name, join(stagingDir, name), options));

  const { localDir, hub } = plan;
  if (localDir !== null) await getAll((name) => copySidecar(join(localDir, name), join(stagingDir, name)));
  if (hub !== null) await getFrom(hub.repository, hub.dir);
  if (hub !== null && hub.dir !== "") await getFrom(hub.repository, "");
  if (options.needsTokenizer && missing.has(TOKENIZER_FILE)) {
    for (const repository of await substitutes(plan, [stagingDir, finalDir], options)) {
      if (missing.has(TOKENIZER_FILE)) await getFromSubstitute(repository, getFrom, options);
    }
    if (missing.has(TOKENIZER_FILE)) options.note(NO_TOKENIZER);
  }
  return wanted.filter((name) => !missing.has(name));
}

/** Repositories of the original model: the one the user names, else those that the weights' repository tells, and the one that is known anyway. */
async function substitutes(
  { hub, original }: PullPlan,
  dirs: readonly string[],
  options: SidecarOptions,
): Promise<readonly HubRepository[]> {
  const { endpoint, token, tokenizer, signal } = options;
  const configs = dirs.map((dir) => join(dir, "config.json"));
  const told = tokenizer !== undefined || hub === null ? [] : await baseModelsOf(hub.repository, configs, signal);
  const names = tokenizer !== undefined ? [tokenizer] : [...told, ...(original === null ? [] : [original])];
  return [...new Set(names)].map((repository) => ({ endpoint, repository, revision: "main", token }));
}

/** The original may be private or gated; that is said and is no fault, unless the user named it. */
async function getFromSubstitute(
  repository: HubRepository,
  getFrom: (from: HubRepository, dir: string) => Promise<void>,
  options: SidecarOptions,
): Promise<void> {
  try {
    await getFrom(repository, "");
    options.note(`Looked for the tokenizer and the template in ${repository.repository}.`);
  } catch (cause) {
    if (options.tokenizer !== undefined || !(cause instanceof AppError) || cause.code === "cancelled") throw cause;
    options.note(cause.message);
  }
}

/** True when it exists and has been downloaded. */
async function fetchSidecar(repository: HubRepository, path: string, target: string, options: SidecarOptions): Promise<boolean> {
  try {
    await download(hubFile(repository, path), target, { ...options, file: path, bytesMax: sidecarBytesMax(path) });
  } catch (cause) {
    await rm(target, { force: true });
    if (cause instanceof AppError && cause.code === "body_too_large") {
      options.note(`${repository.repository}: ${cause.message} It was left out.`);
      return false;
    }
    if (cause instanceof AppError && cause.code === "not_found") return false;
    throw cause;
  }
  return isSidecar(path, target);
}

async function copySidecar(from: string, to: string): Promise<boolean> {
  if (!existsSync(from)) return false;
  await placeLocal(from, to);
  return isSidecar(from, to);
}

/** Some servers answer a page where a file is missing; a file that is not what its ending says counts as missing. */
async function isSidecar(name: string, path: string): Promise<boolean> {
  const text = await readSmallText(path, sidecarBytesMax(name)).catch(() => "");
  const genuine = name.endsWith(".json") ? isJson(text) : text.trim() !== "" && !/^\s*<(?:!doctype|html)/i.test(text);
  if (!genuine) await rm(path, { force: true });
  return genuine;
}
