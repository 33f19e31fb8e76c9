/**
 * Gets a model: weights, and what the prompt needs beside them. Everything is fetched and checked in a staging folder; the weights come
 * into place last, by a rename, so a model that is listed is whole.
 */
import { existsSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../core/errors.ts";
import type { Soc } from "../core/model.ts";
import type { DownloadProgress } from "./download.ts";
import { type Manifest, MANIFEST_FILE, MODEL_NAME, readManifest, writeManifest } from "./manifest.ts";
import { parseModelFileName } from "./model-file-name.ts";
import { shown } from "./model-names.ts";
import { planPull, type PullPart, type PullPlan } from "./pull-plan.ts";
import { pullSidecars } from "./pull-sidecars.ts";
import { type PullStatus, PullStatusLines } from "./pull-status.ts";
import { getPart, presentPart, requireRoom } from "./pull-weights.ts";
import { TransientError } from "./remote-file.ts";
import { openStaging, publish } from "./staging.ts";

/** What happens meanwhile; `note` is a sentence for the user. */
export type PullProgress = DownloadProgress | { readonly kind: "note"; readonly text: string };

/** How a model is pulled. */
export interface PullOptions {
  /** Folder that the model goes to; made where it does not exist. */
  readonly modelsDir: string;
  /** Address of the model hub or of a mirror of it. */
  readonly endpoint: string;
  /** Access token for the hub; it is sent to the endpoint alone. */
  readonly token?: string;
  /** SHA-256 that the weights have to have. */
  readonly sha256?: string;
  /** Name for the model, in place of the one from its file's name. */
  readonly name?: string;
  /** Repository to take the tokenizer and the template from where the weights' own has none. */
  readonly tokenizer?: string;
  /** Where the source leaves a choice between conversions, the one for this SoC is taken. */
  readonly boardSoc?: Soc | null;
  /** Version of the RKLLM library here, null where there is none: no conversion for a newer one is chosen. Absent: not known. */
  readonly runtimeVersion?: string | null;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PullProgress) => void;
  /** The same as Ollama streams it, from "pulling manifest" to "success". */
  readonly onStatus?: (line: PullStatus) => void;
  /** Waits between tries; a test need not wait. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What a pull has done. */
export interface PullResult {
  /** Friendly name that the model now has, unless another model has it too. */
  readonly name: string;
  /** The weights, of a split GGUF the first part. */
  readonly path: string;
  readonly bytes: number;
  /** The weights were here already and were not fetched again. */
  readonly alreadyPresent: boolean;
  /** Names of the files that were put beside the weights. */
  readonly sidecars: readonly string[];
}

/**
 * Pulls a model from a short name (`qwen3:0.6b`), `owner/repository`, with `:file`, `:quantization` or `/file` behind it, a link, or a path on
 * this machine.
 * Throws AppError invalid_request, not_found, download_failed (what was downloaded is kept and continued next time) or cancelled.
 */
export async function pull(source: string, options: PullOptions): Promise<PullResult> {
  const { onStatus, onProgress } = options;
  const lines = new PullStatusLines(onStatus ?? (() => undefined));
  const report = (event: PullProgress): void => {
    lines.event(event);
    onProgress(event);
  };
  try {
    lines.step("pulling manifest");
    const result = await pullModel(source, { ...options, onProgress: report }, lines);
    lines.step("success");
    return result;
  } catch (cause) {
    if (options.signal.aborted) throw new AppError("cancelled", `The download of ${shown(source)} was stopped.`, { cause });
    if (cause instanceof TransientError)
      throw new AppError("download_failed", `The download failed: ${cause.message}. Try again later.`, { cause });
    throw cause;
  }
}

/** What can be refused without asking anybody. */
function checkOptions({ sha256, name }: PullOptions): void {
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new AppError("invalid_request", `"${shown(sha256)}" is no SHA-256: it has 64 hexadecimal digits.`);
  }
  if (name !== undefined && (!MODEL_NAME.test(name) || name.includes("/"))) {
    throw new AppError("invalid_request", `"${shown(name)}" cannot be a model's name: use letters, digits, "-", "_", "." and ":".`);
  }
}

/**
 * The same file from somewhere else is another model, which must not take the place of the one that is there. A new version from the same place
 * may; so may a file that says nothing of where it came from.
 */
async function refuseOther(plan: PullPlan, modelDir: string): Promise<void> {
  const [{ fileName }] = plan.parts;
  const reading = await readManifest(join(modelDir, MANIFEST_FILE));
  if ("fault" in reading || reading.manifest.file !== fileName || !existsSync(join(modelDir, fileName))) return;
  const there = reading.manifest.source;
  if (there === undefined || placeOf(there) === placeOf(plan.origin)) return;
  throw new AppError(
    "invalid_request",
    `There is another ${fileName} already, from ${there}. Pull this one under a name of its own with --name, or remove the other first.`,
  );
}

/** A link without its host: mirrors hold the same. */
function placeOf(origin: string): string {
  return URL.parse(origin)?.pathname ?? origin;
}

async function pullModel(source: string, options: PullOptions, lines: PullStatusLines): Promise<PullResult> {
  checkOptions(options);
  const endpoint = parseEndpoint(options.endpoint);
  const onRetry = (reason: string, waitMs: number): void => options.onProgress({ kind: "retry", file: shown(source), reason, waitMs });
  const retries = { wait: options.wait, onRetry };
  const plan = await planPull(source, { ...options, endpoint, boardSoc: options.boardSoc ?? null, retries });
  for (const text of plan.notes) options.onProgress({ kind: "note", text });
  const [first] = plan.parts;
  if (options.sha256 !== undefined && plan.parts.length > 1) {
    throw new AppError("invalid_request", "A SHA-256 can be checked for weights of one file only.");
  }
  const parsed = parseModelFileName(first.fileName);
  const name = options.name ?? parsed.id;
  const folder = folderName(options.name ?? parsed.longId);
  const modelsDir = resolve(options.modelsDir);
  const modelDir = join(modelsDir, folder);
  if (plan.localDir !== null && plan.localDir !== modelDir && [plan.localDir, dirname(plan.localDir)].includes(modelsDir)) {
    throw new AppError("invalid_request", `${first.local ?? first.fileName} is in the models folder already.`);
  }
  // Files of this machine may lie in several places and be the same.
  if (plan.localDir === null) await refuseOther(plan, modelDir);
  const staging = await openStaging(modelsDir, folder);
  try {
    const missing: PullPart[] = [];
    for (const part of plan.parts) {
      const present = await presentPart(part, modelDir, options);
      if (present === null) missing.push(part);
      else lines.present(part.fileName, present.bytes, present.sha256);
    }
    await requireRoom(missing, staging.dir);
    const hashes: string[] = [];
    for (const part of missing) hashes.push(await getPart(part, join(staging.dir, `${part.fileName}.partial`), plan, options));
    if (missing.length > 0) lines.step("verifying sha256 digest");
    // The checksum that the user gives is that of the weights.
    const { sha256: _, ...others } = options;
    const sidecars = await pullSidecars(plan, staging.dir, modelDir, {
      ...others,
      endpoint,
      needsTokenizer: parsed.format === "rkllm",
      note: (text) => options.onProgress({ kind: "note", text }),
    });

    lines.step("writing manifest");
    await mkdir(modelDir, { recursive: true });
    for (const sidecar of sidecars) await publish(join(staging.dir, sidecar), join(modelDir, sidecar));
    if (missing.length > 0) await writeManifest(modelDir, manifestOf(first, plan, hashes, options.name));
    // The first part makes the model appear.
    for (const part of missing.toReversed()) await publish(join(staging.dir, `${part.fileName}.partial`), join(modelDir, part.fileName));
    await staging.remove();
    const sizes = await Promise.all(plan.parts.map(async (part) => (await stat(join(modelDir, part.fileName))).size));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    return { name, path: join(modelDir, first.fileName), bytes, alreadyPresent: missing.length === 0, sidecars };
  } finally {
    await staging.release();
  }
}

/** What model.json says of weights that were pulled. One checksum cannot stand for several parts. */
function manifestOf(
  first: PullPart,
  plan: PullPlan,
  hashes: readonly string[],
  name: string | undefined,
): Manifest & { readonly file: string } {
  const sha256 = plan.parts.length === 1 ? (hashes[0] ?? "") : "";
  return { file: first.fileName, source: plan.origin, ...(name === undefined ? {} : { name }), ...(sha256 === "" ? {} : { sha256 }) };
}

function parseEndpoint(endpoint: string): URL {
  if (URL.canParse(endpoint)) return new URL(endpoint);
  throw new AppError("config_invalid", `The model hub's address "${endpoint}" is not a link. Write it as https://huggingface.co.`);
}

/** A model's name as a folder: no path, not hidden. */
function folderName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[.-]+|[.-]+$/g, "");
}
