/** Models made of others: a model.json with `from` shares the weights of the model it names, and adds words and values of its own. */
import { dirname, join } from "node:path";
import type { Adapter, ModelDescriptor, ModelPreset } from "../core/model.ts";
import { AppError } from "../core/errors.ts";
import { adapterOf, type AdapterFile } from "./adapters.ts";
import type { ManifestFile } from "./discovery.ts";
import type { Manifest } from "./manifest.ts";
import { NameTable, shown } from "./model-names.ts";
import { spellings } from "./model-file-name.ts";
import { presetOf } from "./preset.ts";

/** A line of models that are made of each other is no longer than this: whoever reads it has to see what comes of it. */
export const DEPTH_MAX = 8;
/** Models made of others; each is read again whenever models are listed. */
export const DERIVED_MAX = 500;

/** A model.json that makes a model, or should. */
export interface DerivedDraft {
  readonly file: ManifestFile;
  /** Empty where there is a fault. */
  readonly manifest: Manifest;
  readonly fault: string | null;
  /** Adapters in its folder. */
  readonly adapters: readonly AdapterFile[];
}

/** A draft under its id. */
interface Entry {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly draft: DerivedDraft;
}

/** The models that drafts make of others, in the same order; one that cannot be made says why it cannot run. */
export function derivedModels(drafts: readonly DerivedDraft[], models: readonly ModelDescriptor[]): readonly ModelDescriptor[] {
  const entries = named(drafts, models);
  const table = new NameTable<ModelDescriptor | Entry>([...models, ...entries]);
  const made = new Map<Entry, ModelDescriptor>();

  /** @param line those that wait for this one, the first that was asked for in front */
  const make = (entry: Entry, line: readonly Entry[]): ModelDescriptor => {
    const known = made.get(entry);
    if (known !== undefined) return known;
    const parent = parentOf(entry, [...line, entry]);
    const model = typeof parent === "string" ? withoutParent(entry, parent) : derive(entry, parent, models);
    made.set(entry, model);
    return model;
  };
  /** The model it is made of, or why there is none. */
  const parentOf = (entry: Entry, line: readonly Entry[]): ModelDescriptor | string => {
    const { fault, manifest, file } = entry.draft;
    if (fault !== null) return fault;
    if (entries.indexOf(entry) >= DERIVED_MAX)
      return `There are more than ${DERIVED_MAX} models that are made of others. Delete those that nobody uses.`;
    const from = manifest.from ?? "";
    const mend = `Mend "from" in ${file.path}.`;
    try {
      const found = table.find(from);
      if (found === undefined) return `It is made of "${shown(from)}", and there is no such model. Get it, or mend "from" in ${file.path}.`;
      if (!("draft" in found)) return found;
      const start = line.indexOf(found);
      if (start < 0) {
        const parent = make(found, line);
        return (parent.derived?.depth ?? 0) < DEPTH_MAX ? parent : `${tooDeep(parent)} ${mend}`;
      }
      return `It is made of itself: ${[...line.slice(start), found].map(({ id }) => id).join(", ")}. ${mend}`;
    } catch (thrown) {
      return `${AppError.from(thrown).message} ${mend}`;
    }
  };
  return entries.map((entry) => make(entry, []));
}

/** Why nothing can be made of a model that stands at the end of a line; a sentence. */
export function tooDeep({ id }: ModelDescriptor): string {
  return `It is made of ${id}, which is itself the last in a line of ${DEPTH_MAX} models that are made of each other. Make it of one before that.`;
}

/** A name that is taken gets a number: a model with weights keeps its own. */
function named(drafts: readonly DerivedDraft[], models: readonly ModelDescriptor[]): readonly Entry[] {
  const taken = new Set(models.map((model) => model.id));
  return drafts.map((draft) => {
    const written = (draft.manifest.name ?? draft.file.folder).toLowerCase();
    const name = written.replaceAll(":", "-");
    let id = name;
    for (let count = 2; taken.has(id); count += 1) id = `${name}-${count}`;
    taken.add(id);
    const said = (draft.manifest.aliases ?? []).map((alias) => alias.toLowerCase());
    const aliases = new Set([...spellings(id), written, draft.file.folder.toLowerCase(), ...said]);
    aliases.delete(id);
    return { id, aliases: [...aliases], draft };
  });
}

/** One that only says why it cannot run. */
function withoutParent({ id, aliases, draft }: Entry, reason: string): ModelDescriptor {
  const { path, modifiedMs } = draft.file;
  const facts = { format: "gguf", bytes: 0, contextTokensMax: 0, family: "unknown", parameterSize: "", quantization: "" } as const;
  const model: ModelDescriptor = { id, aliases, path, modifiedMs, ...facts, sidecars: {}, unrunnableReason: reason };
  return { ...model, derived: { parent: draft.manifest.from ?? "", depth: 1, opens: model, manifestPath: path } };
}

function derive({ id, aliases, draft }: Entry, parent: ModelDescriptor, models: readonly ModelDescriptor[]): ModelDescriptor {
  const { manifest, file } = draft;
  const { builtin: _, unrunnableReason, ...inherited } = parent;
  const base = parent.derived?.opens ?? parent.adapted?.base ?? parent;
  const template = manifest.template?.trim() === "" ? undefined : manifest.template;
  const opens = template === undefined || template === base.template ? base : { ...base, template };
  const preset = presetOf(manifest, parent.preset);
  const adapter =
    manifest.adapter === undefined ? (parent.adapted?.adapter ?? null) : chosenAdapter(draft, manifest.adapter, parent, models);
  const adapterFault = typeof adapter === "string" ? adapter : null;
  const reason = unrunnableReason === undefined ? adapterFault : `It is made of ${parent.id}, which cannot run: ${unrunnableReason}`;
  return {
    ...inherited,
    id,
    aliases,
    modifiedMs: file.modifiedMs,
    contextTokensMax: contextOf(manifest.contextTokensMax ?? inherited.contextTokensMax, preset),
    family: manifest.family ?? inherited.family,
    parameterSize: manifest.parameterSize ?? inherited.parameterSize,
    quantization: manifest.quantization ?? inherited.quantization,
    ...(manifest.capabilities?.includes("tools") === true ? { tools: true } : {}),
    ...(opens.template === undefined ? {} : { template: opens.template }),
    ...(preset === undefined ? {} : { preset }),
    ...(adapter === null || typeof adapter === "string" ? {} : { adapted: { base: opens, adapter } }),
    derived: { parent: parent.id, depth: (parent.derived?.depth ?? 0) + 1, opens, manifestPath: file.path },
    ...(reason === null ? {} : { unrunnableReason: reason }),
  };
}

/** The file's context, or the shorter one that the preset asks for. */
export function contextOf(tokensMax: number, preset: ModelPreset | undefined): number {
  const wanted = preset?.parameters["num_ctx"];
  return typeof wanted === "number" ? Math.min(wanted, tokensMax) : tokensMax;
}

/** The adapter that a manifest names: a file of its own folder, or one of the model's; or why it is none. */
function chosenAdapter(draft: DerivedDraft, name: string, parent: ModelDescriptor, models: readonly ModelDescriptor[]): Adapter | string {
  const where = `Mend "adapter" in ${draft.file.path}.`;
  if (parent.adapted !== undefined) return `It is made of ${parent.id}, which has an adapter already, and there can be one. ${where}`;
  const path = join(dirname(draft.file.path), name);
  const own = draft.adapters.find(({ file }) => file.path === path);
  if (own?.fault != null) return own.fault;
  if (own !== undefined && own.file.format !== parent.format) return `The adapter ${name} is not of the format of ${parent.id}. ${where}`;
  if (own !== undefined) return adapterOf({ ...own, name: name.toLowerCase(), scale: 1 });
  const base = parent.derived?.opens ?? parent;
  const theirs = models.find(({ adapted }) => adapted?.base.id === base.id && adapted.adapter.name === name.toLowerCase());
  return theirs?.adapted?.adapter ?? `There is no adapter "${shown(name)}" beside it or beside ${base.id}. ${where}`;
}
