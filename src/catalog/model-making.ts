/** Puts a new model into the models folder: everything is got together in a staging folder, and what makes the model appear comes last. */
import { lstat, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../core/errors.ts";
import { placeLocal } from "./local-file.ts";
import { readGgufFacts } from "./gguf-facts.ts";
import { MANIFEST_FILE, type Manifest } from "./manifest.ts";
import { shown } from "./model-names.ts";
import type { RecipeFiles, RecipeWeights } from "./recipe-files.ts";
import { openStaging, publish } from "./staging.ts";
import { readFaultOfWeights } from "./weights-file.ts";

/** Writes the model. Throws AppError invalid_request for files that are no model's, and for a folder that is in use. */
export async function placeModel(
  modelsDir: string,
  folder: string,
  files: RecipeFiles,
  manifest: Manifest,
  beforeReplacing: () => Promise<void>,
): Promise<void> {
  const dir = join(modelsDir, folder);
  await requireOwnFolder(dir);
  const staging = await openStaging(modelsDir, folder);
  const placed = [...files.sidecars, files.adapter, files.weights].filter((file) => file !== null);
  const names = placed.map(({ fileName }) => fileName);
  try {
    for (const { path, fileName } of placed) await placeLocal(path, join(staging.dir, fileName));
    if (files.weights !== null) await requireModel(join(staging.dir, files.weights.fileName), files.weights, undefined);
    if (files.adapter !== null) await requireModel(join(staging.dir, files.adapter.fileName), files.adapter, "adapter");
    await writeFile(join(staging.dir, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    await beforeReplacing();
    await mkdir(dir, { recursive: true });
    // With weights they come last, without the manifest does: it is what makes the model appear.
    const order = files.weights === null ? [...names, MANIFEST_FILE] : [...names.slice(0, -1), MANIFEST_FILE, ...names.slice(-1)];
    // A rename takes the place of a link, it does not go through it.
    for (const name of order) await publish(join(staging.dir, name), join(dir, name));
  } finally {
    // What was refused would otherwise keep its room. What a pull has left there stays.
    for (const name of [...names, MANIFEST_FILE]) await rm(join(staging.dir, name), { force: true });
    await staging.release();
  }
}

/** A link to somewhere else is nothing to write into. */
async function requireOwnFolder(dir: string): Promise<void> {
  const status = await lstat(dir).catch(() => null);
  if (status === null || status.isDirectory()) return;
  throw new AppError("invalid_request", `${dir} is not a folder of the models folder. Choose another name.`);
}

async function requireModel(path: string, file: RecipeWeights, type: "adapter" | undefined): Promise<void> {
  const fault = await readFaultOfWeights(path, file.format);
  if (fault !== null) throw new AppError("invalid_request", `${file.fileName} ${fault}.`);
  if (file.format === "rkllm") return;
  let otherType: string | undefined;
  try {
    ({ otherType } = readGgufFacts(path));
  } catch (cause) {
    const message = (cause instanceof Error ? cause.message : String(cause)).replaceAll(path, file.fileName);
    throw new AppError("invalid_request", message, { cause });
  }
  if (otherType === type) return;
  throw new AppError("invalid_request", `${file.fileName} is of the type ${shown(otherType ?? "model")}, not ${type ?? "model"}.`);
}
