/** Makes, copies, gets and deletes models in the models folders: see core/model-library.ts. */
import { mkdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AppError } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";
import type { LibraryProgress, ModelLibrary, ModelRecipe, OnLibraryProgress } from "../core/model-library.ts";
import { BlobStore, parseDigest } from "./blob-store.ts";
import type { Catalog } from "./catalog.ts";
import { DEPTH_MAX, DERIVED_MAX, tooDeep } from "./derived-models.ts";
import { filesToRemove, removeFiles } from "./model-removal.ts";
import { type Manifest, MODEL_NAME, manifestFault, readManifest, writeManifest } from "./manifest.ts";
import { placeModel } from "./model-making.ts";
import { shown } from "./model-names.ts";
import { recipeFiles, type RecipeFiles } from "./recipe-files.ts";
import { SharedPulls } from "./shared-pulls.ts";

/** What a library is made over. */
export interface ModelLibraryOptions {
  readonly catalog: Catalog;
  /** New models go into the first. */
  readonly modelsDirs: readonly string[];
  /** Unloads a model that is about to change or go. */
  readonly unload: (model: string) => Promise<unknown>;
  /** A client's template as Jinja; undefined where it is that of the model. Throws AppError invalid_request. */
  readonly templateOf: (text: string, parent: ModelDescriptor | null) => Promise<string | undefined>;
  /** The time, ms since the epoch; a test brings its own. */
  readonly nowMs?: () => number;
  /** Gets a model from a hub, never from this machine; the path of its weights. */
  readonly pull: (name: string, modelsDir: string, onProgress: OnLibraryProgress, signal: AbortSignal) => Promise<string>;
}

const NO_FILES: RecipeFiles = { weights: null, sidecars: [], adapter: null };

/** Opens the library. */
export function openModelLibrary(options: ModelLibraryOptions): ModelLibrary & { close(): Promise<void> } {
  const { catalog } = options;
  const modelsDir = resolve(options.modelsDirs[0] ?? ".");
  const blobs = new BlobStore(modelsDir);
  const pulls = new SharedPulls();
  // What nobody came back for before the last stop is not left to the next upload, which may never come.
  const collected = blobs.collect(options.nowMs?.()).catch(() => undefined);

  /** The model a name stands for; null where there is none. */
  async function existing(name: string): Promise<ModelDescriptor | null> {
    try {
      return await catalog.resolve(name);
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === "model_not_found") return null;
      throw thrown;
    }
  }

  /** Where a model of this name is written. Throws AppError invalid_request where the name is none or belongs to weights. */
  async function placeFor(
    name: string,
    field: string,
    sha256: string | null,
  ): Promise<{ dir: string; folder: string; replaced: ModelDescriptor | null }> {
    requireName(name, field);
    const folder = folderOf(name);
    const replaced = await existing(name);
    if (replaced === null) return { dir: modelsDir, folder, replaced };
    const isUploaded = sha256 !== null && dirname(replaced.path) === join(modelsDir, folder) && replaced.sha256 === sha256;
    if (isUploaded) return { dir: modelsDir, folder, replaced };
    if (replaced.derived === undefined || sha256 !== null) {
      throw new AppError(
        "invalid_request",
        `The name "${shown(name)}" stands for the weights of ${replaced.id}. Choose another, or delete that first.`,
        {
          details: { field, fault: "value" },
        },
      );
    }
    const own = dirname(replaced.derived.manifestPath);
    return { dir: dirname(own), folder: own.slice(dirname(own).length + 1), replaced };
  }

  /** Throws AppError invalid_request where a line of models, or their number, would become too long to be listed. */
  async function requireFewEnough(parent: string | undefined, isNew: boolean): Promise<void> {
    if (parent === undefined) return;
    const from = await existing(parent);
    const refuse = (message: string) => new AppError("invalid_request", message, { details: { field: "from", fault: "value" } });
    if (from !== null && (from.derived?.depth ?? 0) >= DEPTH_MAX) throw refuse(tooDeep(from));
    const made = (await catalog.list()).filter(({ derived }) => derived !== undefined);
    if (isNew && made.length >= DERIVED_MAX)
      throw refuse(`There are ${made.length} models that are made of others, and there can be no more. Delete those that nobody uses.`);
  }

  async function write(name: string, files: RecipeFiles, manifest: Manifest): Promise<void> {
    const { dir, folder, replaced } = await placeFor(name, "model", files.weights?.sha256 ?? null);
    await requireFewEnough(manifest.from, replaced === null);
    const whole = { ...(name.toLowerCase() === folder ? {} : { name }), ...manifest };
    const fault = manifestFault(whole);
    if (fault !== null)
      throw new AppError("invalid_request", fault, { details: { field: fault.split(" ")[0] ?? "model", fault: "value" } });
    await mkdir(dir, { recursive: true });
    await placeModel(dir, folder, files, whole, async () => {
      if (replaced !== null && (files.weights !== null || replaced.template !== undefined)) await options.unload(replaced.id);
    });
  }

  async function parentOf(recipe: ModelRecipe, onProgress: OnLibraryProgress, signal: AbortSignal): Promise<ModelDescriptor | null> {
    const from = recipe.from ?? "";
    if (from === "") return null;
    const found = await existing(from);
    if (found !== null || !from.includes("/")) return found ?? catalog.resolve(from);
    await getModel(from, untilSuccess(onProgress), signal);
    return catalog.resolve(from);
  }

  async function getModel(name: string, onProgress: OnLibraryProgress, signal: AbortSignal): Promise<void> {
    const begin = async (tell: OnLibraryProgress, stop: AbortSignal) => {
      const path = await options.pull(name, modelsDir, untilSuccess(tell), stop);
      // Clients go on with the name that they pulled by.
      if ((await existing(name)) === null) await writeManifest(dirname(path), { file: basename(path), aliases: [name.toLowerCase()] });
      tell({ status: "success" });
    };
    await pulls.join(name.toLowerCase(), begin, onProgress, signal);
  }

  return {
    async create(recipe, onProgress, signal) {
      requireName(recipe.name, "model");
      // Whose weights may be replaced is known once the new ones are.
      if (Object.keys(recipe.files).length === 0) await placeFor(recipe.name, "model", null);
      const files = await recipeFiles(recipe, blobs, folderOf(recipe.name));
      const parent = files.weights === null ? await parentOf(recipe, onProgress, signal) : null;
      if (parent === null && files.weights === null) {
        throw new AppError("invalid_request", "neither 'from' or 'files' was specified", { details: { field: "from", fault: "missing" } });
      }
      const template = recipe.template === undefined ? undefined : await options.templateOf(recipe.template, parent);
      const manifest = manifestOf(recipe, template, parent, files, await factsOf(itselfIn(recipe, parent)));
      if (files.weights?.format === "gguf") onProgress({ status: "parsing GGUF" });
      for (const file of [files.weights, files.adapter, ...files.sidecars]) {
        if (file !== null) onProgress({ status: `using existing layer sha256:${file.sha256}` });
      }
      onProgress({ status: "writing manifest" });
      await write(recipe.name, files, manifest);
      onProgress({ status: "success" });
    },

    async copy(source, destination) {
      const model = await catalog.resolve(source);
      if ((await existing(destination))?.id === model.id) return;
      await write(destination, NO_FILES, { from: model.id });
    },

    async remove(name) {
      const model = await catalog.resolve(name);
      const files = await filesToRemove(model, await catalog.list(), options.modelsDirs);
      // One that cannot run was never loaded. What shares the weights of another goes without it.
      if (model.unrunnableReason === undefined && (model.derived === undefined || model.template !== undefined))
        await options.unload(model.id);
      await removeFiles(files, options.modelsDirs);
    },

    async pull(name, onProgress, signal) {
      if ((await existing(name)) === null) return getModel(name, onProgress, signal);
      for (const status of ["pulling manifest", "success"]) onProgress({ status });
    },

    async hasBlob(digest) {
      return (await blobs.find(parseDigest(digest))) !== null;
    },

    async putBlob(digest, body, bytes, signal) {
      const hex = parseDigest(digest);
      if ((await blobs.find(hex)) !== null) return false;
      await blobs.put(hex, body, bytes, signal);
      return true;
    },

    close: async () => {
      await Promise.all([pulls.close(), collected]);
    },
  };
}

/** Leaves out the last line: there is more to do. */
function untilSuccess(onProgress: OnLibraryProgress): OnLibraryProgress {
  return (line: LibraryProgress) => {
    if (line.status !== "success") onProgress(line);
  };
}

/** A name as that of a folder. What stands for a slash is in no name, so that `me/mario` and `me-mario` have each their own. */
function folderOf(name: string): string {
  return name.toLowerCase().replaceAll(":", "-").replace("/", "~");
}

function requireName(name: string, field: string): void {
  if (!MODEL_NAME.test(name)) throw new AppError("invalid_request", "invalid model name", { details: { field, fault: "value" } });
}

/** The model that a recipe makes anew of itself; null where it makes another. */
function itselfIn(recipe: ModelRecipe, parent: ModelDescriptor | null): ModelDescriptor | null {
  return parent?.derived !== undefined && [parent.id, ...parent.aliases].includes(recipe.name.toLowerCase()) ? parent : null;
}

/** What the model.json of a model says for lists; its descriptor does not tell that from what it has of its parent. */
async function factsOf(model: ModelDescriptor | null): Promise<ModelRecipe["facts"]> {
  const reading = model?.derived === undefined ? null : await readManifest(model.derived.manifestPath);
  if (reading === null || "fault" in reading) return {};
  const names = ["contextTokensMax", "family", "parameterSize", "quantization", "capabilities"] as const;
  return Object.fromEntries(names.flatMap((name) => (reading.manifest[name] === undefined ? [] : [[name, reading.manifest[name]]])));
}

/** What model.json of a recipe says. What is made of a model that this one replaces is made of that one's parent. */
function manifestOf(
  recipe: ModelRecipe,
  template: string | undefined,
  parent: ModelDescriptor | null,
  { weights, adapter }: RecipeFiles,
  keptFacts: ModelRecipe["facts"],
): Manifest {
  const { system = "", messages = [], parameters = {}, licenses, facts } = recipe;
  const itself = itselfIn(recipe, parent);
  const kept = itself?.preset;
  const ownSystem = system === "" ? (kept?.system ?? "") : system;
  const ownMessages = messages.length > 0 ? messages : (kept?.messages ?? []);
  const ownTemplate = template ?? (itself === null ? undefined : itself.template);
  const values = { ...kept?.parameters, ...parameters };
  const texts = [...new Set([...(kept?.licenses ?? []), ...licenses])];
  return {
    ...(parent === null ? {} : { from: itself?.derived?.parent ?? parent.id }),
    ...(weights === null ? {} : { file: weights.fileName, sha256: weights.sha256, source: "upload" }),
    ...(adapter === null ? {} : { adapter: adapter.fileName }),
    ...(ownSystem === "" ? {} : { system: ownSystem }),
    ...(ownTemplate === undefined ? {} : { template: ownTemplate }),
    ...(Object.keys(values).length === 0 ? {} : { parameters: values }),
    ...(ownMessages.length === 0
      ? {}
      : { messages: ownMessages.map(({ role, content }) => ({ role, content })) as Manifest["messages"] & {} }),
    ...(texts.length === 0 ? {} : { license: texts }),
    ...keptFacts,
    ...facts,
  };
}
