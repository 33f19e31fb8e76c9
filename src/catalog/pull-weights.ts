/** The weights of a pull, file by file: whether they are here, whether there is room for them, and getting them. */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../core/errors.ts";
import { requireSpace } from "./disk-space.ts";
import { download, type DownloadOptions } from "./download.ts";
import { readGgufFacts } from "./gguf-facts.ts";
import { placeLocal, sha256OfFile } from "./local-file.ts";
import { parseModelFileName } from "./model-file-name.ts";
import { nearestFiles } from "./nearest-names.ts";
import type { Downloaded } from "./partial-file.ts";
import type { PullPart, PullPlan } from "./pull-plan.ts";
import { requestRemote, TransientError, wholeNumber } from "./remote-file.ts";
import { readFaultOfWeights } from "./weights-file.ts";

/** How weights are got; `sha256` is the one that the user gives. */
export type WeightsOptions = Omit<DownloadOptions, "file">;

/** A file that is here already. */
export interface PresentPart {
  readonly bytes: number;
  /** null where nobody told what it has to be. */
  readonly sha256: string | null;
}

/** Gets and checks one file of the weights; its SHA-256, "" where nobody asked for that of a local file. */
export async function getPart(part: PullPart, path: string, plan: PullPlan, options: WeightsOptions): Promise<string> {
  const { sha256 } = options;
  let hash = "";
  if (part.remote !== undefined) {
    hash = (await downloadPart(part, path, plan, options)).sha256;
  } else {
    await placeLocal(part.local, path);
    if (sha256 !== undefined) hash = await sha256OfFile(path);
    if (sha256 !== undefined && hash !== sha256.toLowerCase()) {
      await rm(path, { force: true });
      throw new AppError("download_failed", `${part.local} has the SHA-256 ${hash}, not ${sha256.toLowerCase()}.`);
    }
  }
  const fault = await faultOf(part.fileName, path);
  if (fault === null) return hash;
  await Promise.all([rm(path, { force: true }), rm(`${path}.json`, { force: true })]);
  throw new AppError("download_failed", `${part.fileName} ${fault}.`);
}

/** Downloads; of a repository that has no such file, it tells which it has. */
async function downloadPart(
  part: PullPart & { readonly local?: never },
  path: string,
  { hub }: PullPlan,
  options: WeightsOptions,
): Promise<Downloaded> {
  const sha256 = options.sha256 ?? part.sha256;
  try {
    return await download(part.remote, path, { ...options, file: part.fileName, ...(sha256 === null ? {} : { sha256 }) });
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== "not_found" || hub === null) throw cause;
    throw new AppError("not_found", cause.message + (await nearestFiles(hub.repository, hub.path, options.signal)), { cause });
  }
}

/** Room for all parts, before the first of them fills the disk; what of them has come already is not counted again. */
export async function requireRoom(parts: readonly PullPart[], dir: string): Promise<void> {
  let bytes = 0;
  for (const part of parts) {
    const partial = await stat(join(dir, `${part.fileName}.partial`)).catch(() => null);
    // A file with holes counts for what it takes.
    if (part.remote !== undefined) bytes += Math.max((part.bytes ?? 0) - (partial?.blocks ?? 0) * 512, 0);
  }
  await requireSpace(join(dir, "partial"), bytes);
}

/** What is wrong with fetched weights, as a sentence without its subject; null where nothing is. */
async function faultOf(fileName: string, path: string): Promise<string | null> {
  const { format } = parseModelFileName(fileName);
  if ((await stat(path)).size === 0) return "is empty";
  const fault = await readFaultOfWeights(path, format);
  if (fault !== null || format === "rkllm") return fault;
  try {
    readGgufFacts(path);
    return null;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return `is damaged: ${message.replaceAll(path, "it")}`.replace(/\.$/, "");
  }
}

/** The very file, where it is here: of the size and, where the server or the user tells it, of the SHA-256 that it would have. Else null. */
export async function presentPart(part: PullPart, modelDir: string, options: WeightsOptions): Promise<PresentPart | null> {
  const path = join(modelDir, part.fileName);
  const status = await stat(path).catch(() => null);
  if (status === null) return null;
  if (part.local !== undefined) {
    const source = await stat(part.local).catch(() => null);
    return source?.ino === status.ino && source.dev === status.dev ? { bytes: status.size, sha256: null } : null;
  }
  try {
    const { response, linkedBytes, linkedSha256 } = await requestRemote(part.remote, {}, options.signal);
    await response.body?.cancel();
    const bytes = linkedBytes ?? wholeNumber(response.headers.get("content-length"));
    if (bytes !== status.size) return null;
    const sha256 = options.sha256?.toLowerCase() ?? linkedSha256 ?? part.sha256;
    return sha256 === null || sha256 === (await sha256OfFile(path)) ? { bytes, sha256 } : null;
  } catch (cause) {
    if (cause instanceof TransientError) return null;
    throw cause;
  }
}
