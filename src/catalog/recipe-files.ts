/** Files that a model is to be made of: what each is, and the name it gets. Names come from a client and are never paths here. */
import { open } from "node:fs/promises";
import { AppError } from "../core/errors.ts";
import type { ModelFormat } from "../core/model.ts";
import { isAdapterName } from "./adapters.ts";
import { type BlobStore, parseDigest } from "./blob-store.ts";
import { isWeights } from "./choose-weights.ts";
import { modelFormatOf, splitPartOf } from "./model-file-name.ts";
import { shown } from "./model-names.ts";

/** One uploaded file, and what it will be called. */
export interface RecipeFile {
  readonly fileName: string;
  readonly path: string;
  readonly sha256: string;
}

/** Weights or an adapter. */
export interface RecipeWeights extends RecipeFile {
  readonly format: ModelFormat;
}

/** The files of a recipe by what they are. */
export interface RecipeFiles {
  /** null where there are none. */
  readonly weights: RecipeWeights | null;
  readonly sidecars: readonly RecipeFile[];
  readonly adapter: RecipeWeights | null;
}

const SIDECARS: ReadonlySet<string> = new Set([
  "tokenizer.json",
  "tokenizer_config.json",
  "chat_template.jinja",
  "chat_template.json",
  "generation_config.json",
  "config.json",
]);
/** A file's name as it may stand in a models folder. */
const FILE_NAME = /^\w[\w .+@()-]{0,150}$/;

/** Most files of a model: weights, an adapter and what lies beside them are fewer. */
const FILES_MAX = 16;

function refuse(message: string, field: string): never {
  throw new AppError("invalid_request", message, { details: { field, fault: "value" } });
}

/** Finds what was uploaded. Throws AppError invalid_request for names that lead elsewhere, for what is unknown, and for several weights. */
export async function recipeFiles(
  named: { readonly files: Readonly<Record<string, string>>; readonly adapters: Readonly<Record<string, string>> },
  blobs: BlobStore,
  stem: string,
): Promise<RecipeFiles> {
  const files = await uploaded(named.files, "files", blobs);
  const adapters = await uploaded(named.adapters, "adapters", blobs);
  if (adapters.length > 1) refuse("only one adapter is currently supported", "adapters");
  const sidecars = files.filter(({ fileName }) => SIDECARS.has(fileName));
  const weights = files.filter(({ fileName }) => !SIDECARS.has(fileName));
  if (weights.length > 1) refuse("Give the weights as one .gguf or .rkllm file, with a tokenizer and a template beside it.", "files");
  const [file] = weights;
  const [adapter] = adapters;
  if (file === undefined && files.length > 0) refuse("There are no weights among the files.", "files");
  return {
    weights: file === undefined ? null : asListed(await asWeights(file, stem, "files")),
    sidecars,
    adapter: adapter === undefined ? null : asAdapter(await asWeights(adapter, stem, "adapters")),
  };
}

async function uploaded(files: Readonly<Record<string, string>>, field: string, blobs: BlobStore): Promise<readonly RecipeFile[]> {
  if (Object.keys(files).length > FILES_MAX) refuse(`"${field}" has more than ${FILES_MAX} entries.`, field);
  const found: RecipeFile[] = [];
  for (const [name, digest] of Object.entries(files)) {
    const sha256 = parseDigest(digest);
    const fileName = lastOf(name, field);
    const path = await blobs.find(sha256);
    if (path === null) refuse(`"${shown(name)}" has not been uploaded: send it to /api/blobs/sha256:${sha256} first.`, field);
    if (found.some((other) => other.fileName === fileName)) refuse(`There are two files "${shown(fileName)}".`, field);
    found.push({ fileName, path, sha256 });
  }
  return found;
}

/** The last part of a relative path. */
function lastOf(name: string, field: string): string {
  const parts = name.split(/[/\\]/);
  if (parts[0] === "" || parts.includes("..") || /^[A-Za-z]:/.test(name)) refuse("file path must be relative", field);
  const last = parts.at(-1) ?? "";
  if (!FILE_NAME.test(last)) refuse(`"${shown(name)}" cannot be a file's name here.`, field);
  return last;
}

/** What begins as a .gguf does is one, whatever it is called; a .rkllm has no mark, so its name must say it. */
async function asWeights(file: RecipeFile, stem: string, field: string): Promise<RecipeWeights> {
  const named = modelFormatOf(file.fileName);
  if (await isGguf(file.path)) return { ...file, format: "gguf", fileName: named === "gguf" ? file.fileName : `${stem}.gguf` };
  if (named === "gguf") refuse("supplied file was not in GGUF format", field);
  if (named === "rkllm") return { ...file, format: "rkllm" };
  return refuse(`unknown type: "${shown(file.fileName)}" is no .gguf and no .rkllm file`, field);
}

/** Weights that would be found again by their name: not a part of others, no adapter, no image encoder. */
function asListed(file: RecipeWeights): RecipeWeights {
  if (isWeights(file.fileName) && splitPartOf(file.fileName) === null) return file;
  return refuse(`"${shown(file.fileName)}" is not the name of a whole model's weights. Choose another.`, "files");
}

function asAdapter(file: RecipeWeights): RecipeWeights {
  if (isAdapterName(file.fileName)) return file;
  return { ...file, fileName: file.fileName.replace(/\.(gguf|rkllm)$/i, "_lora.$1") };
}

async function isGguf(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { buffer } = await file.read(new Uint8Array(4), 0, 4, 0);
    return new TextDecoder("latin1").decode(buffer) === "GGUF";
  } finally {
    await file.close();
  }
}
