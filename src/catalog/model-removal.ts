/** Deletes a model's own files, and nothing else: what others use, what is not known, and what lies outside of the models folders stays. */
import { readdir, realpath, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AppError } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { MANIFEST_FILE } from "./manifest.ts";
import { splitPartOf } from "./model-file-name.ts";
import { listed } from "./model-names.ts";
import { isWithin } from "./within-folder.ts";

/**
 * The files that make a model, those that it takes to exist in front.
 * @throws AppError invalid_request for a model that others need, that comes with the program, or that lies elsewhere
 */
export async function filesToRemove(
  model: ModelDescriptor,
  all: readonly ModelDescriptor[],
  modelsDirs: readonly string[],
): Promise<readonly string[]> {
  if (isBuiltin(model)) {
    throw new AppError("invalid_request", `${model.id} comes with the program and cannot be deleted; builtin_model = false hides it.`);
  }
  const users = all.filter((other) => other.id !== model.id && uses(other, model)).map(({ id }) => id);
  if (users.length > 0) {
    throw new AppError(
      "invalid_request",
      `${model.id} is what ${listed(users, "and")} ${users.length === 1 ? "is" : "are"} made of. Delete that first.`,
    );
  }
  const files = await ownFiles(model, all);
  const roots = await Promise.all(modelsDirs.map(async (dir) => realpath(resolve(dir)).catch(() => null)));
  for (const file of files) {
    // A link in the folder may be deleted; what is in a folder that is a link is somebody else's.
    const dir = await realpath(dirname(file)).catch(() => null);
    if (dir !== null && roots.some((root) => root !== null && isWithin(root, dir))) continue;
    throw new AppError("invalid_request", `${model.id} does not lie in a models folder, but is linked from there. Delete it by hand.`);
  }
  return files;
}

/** Deletes files, and their folder where nothing else is left in it. */
export async function removeFiles(files: readonly string[], modelsDirs: readonly string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
  const kept = new Set(modelsDirs.map((dir) => resolve(dir)));
  // Only empty ones go.
  for (const dir of new Set(files.map((file) => dirname(file)))) if (!kept.has(dir)) await rmdir(dir).catch(() => undefined);
}

function isBuiltin(model: ModelDescriptor): boolean {
  return model.derived === undefined && model.builtin === true;
}

/** Whether one model would not be there, or not run, without the other. */
function uses(other: ModelDescriptor, model: ModelDescriptor): boolean {
  if (other.derived?.parent === model.id) return true;
  if (model.derived !== undefined) return false;
  if (model.adapted !== undefined) return other.adapted?.adapter.path === model.adapted.adapter.path;
  return (other.derived?.opens ?? other.adapted?.base)?.path === model.path;
}

async function ownFiles(model: ModelDescriptor, all: readonly ModelDescriptor[]): Promise<readonly string[]> {
  if (model.derived !== undefined) {
    const { manifestPath } = model.derived;
    const adapter = model.adapted?.adapter.path ?? "";
    return dirname(adapter) === dirname(manifestPath) ? [manifestPath, adapter] : [manifestPath];
  }
  if (model.adapted !== undefined) return [model.adapted.adapter.path];
  const dir = dirname(model.path);
  const stem = basename(model.path).replace(/[^.]*$/, "");
  const isAlone = !all.some((other) => other.id !== model.id && dirname(other.derived?.manifestPath ?? other.path) === dir);
  const names = await readdir(dir);
  const manifests = names.filter((name) => name === MANIFEST_FILE || name === stem + MANIFEST_FILE).map((name) => join(dir, name));
  const beside = [...Object.values(model.sidecars), ...manifests] as readonly string[];
  // In a folder with several models what has no model's name is for all of them.
  return [...partsOf(model.path, names), ...beside.filter((path) => isAlone || basename(path).startsWith(stem))];
}

/** The weights' file, or all parts of it that are there. */
function partsOf(path: string, names: readonly string[]): readonly string[] {
  if (splitPartOf(path) === null) return [path];
  const wanted = basename(path).replace(/-\d{5}-of-/, "-#-of-");
  return names.filter((name) => name.replace(/-\d{5}-of-/, "-#-of-") === wanted).map((name) => join(dirname(path), name));
}
