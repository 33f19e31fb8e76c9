/** What models exist, and which of them a name stands for. */
import { resolve } from "node:path";
import { AppError } from "../core/errors.ts";
import type { LoadFacts, ModelDescriptor, Soc } from "../core/model.ts";
import { adapted } from "./adapters.ts";
import { derivedModels } from "./derived-models.ts";
import { Describer } from "./describe.ts";
import { discoverWeights, type WeightsFile } from "./discovery.ts";
import { Sightings } from "./sightings.ts";
import { isWithin } from "./within-folder.ts";
import { distinctIds, listed, NameTable, shown } from "./model-names.ts";

/** What a catalog is made over. */
export interface CatalogOptions {
  /** Folders with models, the most important first. */
  readonly modelsDirs: readonly string[];
  /** Folder of the model that comes with the program; absent or null: none. It may have to be unpacked first. */
  readonly builtinDir?: () => Promise<string | null>;
  /** Name of the model that "" stands for; absent or "": the first that can run. */
  readonly defaultModel?: string;
  /** Why no .rkllm can run on this machine, as a sentence with the fix; null or absent when they can. */
  readonly rkllmUnavailableReason?: string | null;
  /** This machine's SoC; null or absent where it is not known. */
  readonly boardSoc?: Soc | null;
  /** The time, ms since the epoch; a test brings its own. */
  readonly nowMs?: () => number;
}

/** The models of this machine. */
export interface Catalog {
  /**
   * Every model, the default one first, the others by name (`qwen3-4b` before `qwen3-14b`), each followed by itself with its adapters
   * (`qwen3-4b+pirate`), and those that are made of others at the end. The list follows the file system.
   */
  list(): Promise<readonly ModelDescriptor[]>;
  /**
   * The model a name stands for, one that cannot run included; "" is the default: the configured one, else the first by name that can run,
   * the one that comes with the program last. A name is looked up in the list and never becomes a path.
   * Throws AppError model_not_found, and invalid_request where the name stands for several models.
   * @param sinceMs what was there at this time is recent enough, performance.now(); absent: now
   */
  resolve(name: string, sinceMs?: number): Promise<ModelDescriptor>;
  /**
   * The model a name stood for when the folders were looked at last, to go on with while they are looked at again; null where it stood for none, or
   * is not likely to stand for that still.
   * @param sinceMs as for `resolve`
   */
  recall(name: string, sinceMs?: number): RecalledModel | null;
  /** Begins to look at the folders for a name that is about to be asked for. */
  look(): void;
}

/** A model as it was last seen. */
export interface RecalledModel {
  readonly model: ModelDescriptor;
  /** Resolves with whether the folders are as they were then; never rejects. */
  readonly holds: Promise<boolean>;
}

/** A catalog that remembers what is found out about its models. */
export interface LearningCatalog extends Catalog {
  /**
   * Takes what a runtime said of a model while it loaded it: from now on it is told so, and after a restart where its folder can be written to.
   * Never throws.
   */
  learn(model: ModelDescriptor, facts: LoadFacts): Promise<void>;
}

interface Snapshot {
  readonly models: readonly ModelDescriptor[];
  readonly weights: readonly WeightsFile[];
  readonly names: NameTable<ModelDescriptor>;
  readonly problems: readonly string[];
  /** As long as they hold, a new scan would find the same. */
  readonly sightings: Sightings;
}

/** Nothing that was seen longer ago is recent, whoever says so: the body of a request may be a long time coming. */
const RECENT_MS = 1000;

/** Opens a catalog over folders; nothing is read until it is asked. */
export function openCatalog(options: CatalogOptions): LearningCatalog {
  const describer = new Describer({ rkllmUnavailableReason: options.rkllmUnavailableReason ?? null, boardSoc: options.boardSoc ?? null });
  const defaultName = options.defaultModel ?? "";
  let last: Snapshot | null = null;
  /** The look that is going on, or was last: when it began, and what it finds. */
  let latest: { readonly beganMs: number; readonly found: Promise<Snapshot> } | null = null;
  let next: Promise<Snapshot> | null = null;

  const look = async (): Promise<Snapshot> => {
    const kept = last;
    // It may have been given up while the files were asked.
    if (kept !== null && (await kept.sightings.hold()) && kept === last) return kept;
    return (last = await scan(options, describer));
  };
  const looked = async (): Promise<unknown> => latest?.found.catch(() => undefined);
  // A look that is going on may be past what has just changed: calls that come meanwhile share the next one.
  const snapshot = (sinceMs = Infinity): Promise<Snapshot> => {
    if (latest !== null && latest.beganMs >= Math.max(sinceMs, performance.now() - RECENT_MS)) return latest.found;
    next ??= looked().then(() => {
      next = null;
      const beganMs = performance.now();
      const found = look();
      latest = { beganMs, found };
      return found;
    });
    return next;
  };
  const pick = (name: string, { models, names, problems }: Snapshot): ModelDescriptor => {
    const model = name.trim() === "" ? firstChoice(models) : names.find(name);
    if (model === undefined) throw notFound(name.trim(), models, problems, options.modelsDirs);
    return model;
  };
  const pickAsked = (name: string, state: Snapshot): ModelDescriptor => pick(name.trim() === "" ? defaultName : name, state);

  return {
    async list() {
      const state = await snapshot();
      if (state.models.length === 0) return [];
      const first = defaultOf(defaultName, state, pick);
      const inFront = first === null ? [] : [first, ...state.models.filter((model) => isWithAdapter(model, first))];
      return [...inFront, ...state.models.filter((model) => !inFront.includes(model))];
    },
    async resolve(name, sinceMs) {
      return pickAsked(name, await snapshot(sinceMs));
    },
    recall(name, sinceMs) {
      const seen = last;
      // What is looked at anew each time is never as it was.
      if (seen?.sightings.settled !== true) return null;
      let model: ModelDescriptor;
      try {
        model = pickAsked(name, seen);
      } catch {
        // What `resolve` finds may be another.
        return null;
      }
      const holds = snapshot(sinceMs).then(
        (found) => found === seen,
        () => false,
      );
      return { model, holds };
    },
    look() {
      // Whoever asks for the name is told.
      snapshot().catch(() => undefined);
    },
    async learn({ path, bytes, modifiedMs }, facts) {
      const { models, weights } = await snapshot();
      const file = weights.find((each) => each.path === path && each.bytes === bytes && each.modifiedMs === modifiedMs);
      const known = models.find((model) => model.path === path && model.derived === undefined && model.adapted === undefined);
      // What was loaded may have been replaced meanwhile.
      if (file === undefined || known === undefined) return;
      await describer.learn(file, known, facts);
      // What was learnt need not show in a file. A scan that is going on may not have heard of it.
      await looked();
      last = null;
    },
  };
}

function isWithAdapter(model: ModelDescriptor, base: ModelDescriptor): boolean {
  return model.adapted?.base === base && model.derived === undefined;
}

/** The default model; null where the configured name fits none, which is said when the default is asked for. */
function defaultOf(name: string, state: Snapshot, pick: (name: string, state: Snapshot) => ModelDescriptor): ModelDescriptor | null {
  try {
    return pick(name, state);
  } catch {
    return null;
  }
}

/** A model that somebody put there goes before the one that comes with the program. One made of another has to be asked for by name. */
function firstChoice(models: readonly ModelDescriptor[]): ModelDescriptor | undefined {
  const runnable = models.filter((model) => model.unrunnableReason === undefined && model.derived === undefined);
  return runnable.find((model) => model.builtin !== true) ?? runnable[0] ?? models[0];
}

async function scan({ modelsDirs, builtinDir, nowMs = Date.now }: CatalogOptions, describer: Describer): Promise<Snapshot> {
  const ownDir = (await builtinDir?.()) ?? null;
  // In a models folder people change it: that of the sources lies in the one that is looked in by default.
  const isApart = ownDir !== null && !modelsDirs.some((dir) => isWithin(resolve(dir), ownDir));
  const sightings = new Sightings(nowMs(), isApart ? ownDir : null);
  const { weights, manifests, problems } = await discoverWeights(modelsDirs, ownDir, sightings);
  const { models: drafts, derived } = await describer.describeAll(weights, manifests, sightings);
  const byName = new Intl.Collator("en", { numeric: true });
  const withWeights = distinctIds(drafts)
    .map(({ entry, id }) => ({ base: settled(entry.model, id), adapters: entry.adapters }))
    .sort((a, b) => Number(a.base.builtin === true) - Number(b.base.builtin === true) || byName.compare(a.base.id, b.base.id))
    .flatMap(({ base, adapters }) => [base, ...adapters.map((adapter) => adapted(base, adapter))]);
  const models = [...withWeights, ...derivedModels(derived, withWeights).toSorted((a, b) => byName.compare(a.id, b.id))];
  return { models, weights, names: new NameTable(models), problems, sightings };
}

/** A model under its final id; the name it had to give up still leads to it, or to the list of those that share it. */
function settled(model: ModelDescriptor, id: string): ModelDescriptor {
  if (id === model.id) return model;
  return { ...model, id, aliases: [model.id, ...model.aliases.filter((alias) => alias !== id)] };
}

function notFound(name: string, models: readonly ModelDescriptor[], problems: readonly string[], modelsDirs: readonly string[]): AppError {
  if (models.length > 0) {
    const runnable = models.filter((model) => model.unrunnableReason === undefined);
    const ids = (runnable.length > 0 ? runnable : models).map((model) => model.id);
    const hint = `Available: ${listed(ids, "and")}.`;
    return new AppError("model_not_found", `There is no model "${shown(name)}". ${hint}`, { details: { hint } });
  }
  const which = name === "" ? "There is no model yet" : `There is no model "${shown(name)}": no model has been installed yet`;
  const hint =
    problems.length > 0
      ? problems.join(" ")
      : `Get one with "rockchip-llama pull qwen3:0.6b", or put a .gguf or .rkllm file into ${modelsDirs[0] ?? "a models folder"}.`;
  return new AppError("model_not_found", `${which}. ${hint}`, { details: { hint } });
}
