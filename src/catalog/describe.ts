/**
 * From a file on disk to what is known of the model: the file's name, overruled by its metadata, by the files beside it, by model.json, and by
 * what a runtime said while it loaded the model.
 * Nothing here throws: a model that cannot be read is described with the reason.
 */
import { dirname } from "node:path";
import { AppError } from "../core/errors.ts";
import type { LoadFacts, ModelDescriptor, Soc } from "../core/model.ts";
import { type AdapterDraft, type AdapterFile, adaptersOf, faultOfAdapter, isAdapterName } from "./adapters.ts";
import { type ConfigFacts, readConfigFacts } from "./config-json.ts";
import { type Dated, DatedReadings } from "./dated-readings.ts";
import { contextOf, type DerivedDraft } from "./derived-models.ts";
import type { ManifestFile, WeightsFile } from "./discovery.ts";
import { embeddingTraits, judgesDocuments } from "./embedding-traits.ts";
import { isSystemError } from "./gguf.ts";
import { type GgufFacts, readGgufFacts } from "./gguf-facts.ts";
import { LearntFacts } from "./learnt-facts.ts";
import { type Manifest, type ManifestReading, readManifest } from "./manifest.ts";
import { presetOf } from "./preset.ts";
import { type NameFacts, shown } from "./model-names.ts";
import type { Sightings } from "./sightings.ts";
import { parseModelFileName, RKLLM_CONTEXT_TOKENS_DEFAULT, spellings } from "./model-file-name.ts";
import { readFaultOfWeights } from "./weights-file.ts";

/** What this machine can run. */
export interface Machine {
  /** Why no .rkllm can run here (no NPU, no library), as a sentence with the fix; null when they can. */
  readonly rkllmUnavailableReason: string | null;
  /** null where it is not known; then no file is refused for its SoC. */
  readonly boardSoc: Soc | null;
}

/** A model whose id may still be shared with others, and what will tell it from them. */
export interface ModelDraft extends NameFacts {
  readonly model: ModelDescriptor;
  readonly adapters: readonly AdapterDraft[];
}

interface Facts {
  readonly gguf: GgufFacts | null;
  readonly fault: string | null;
  /** The file could not be read: its content is not known. */
  readonly unread?: true;
}

/** A file with all that was read of it. */
interface ReadFile {
  readonly file: WeightsFile;
  readonly facts: Facts;
  readonly reading: ManifestReading;
  /** Empty where it cannot be read or speaks of other weights. */
  readonly manifest: Manifest;
  /** 0 where there is none. */
  readonly manifestModifiedMs: number;
  /** Of a .gguf none: it carries them inside. */
  readonly config: ConfigFacts;
  readonly learnt: LoadFacts;
}

/** What a scan's files make. */
export interface Descriptions {
  readonly models: readonly ModelDraft[];
  readonly derived: readonly DerivedDraft[];
}

const NO_MANIFEST: Dated<ManifestReading> = { value: { manifest: {} }, modifiedMs: 0 };

/** Describes weights, and remembers by path, size and modification time what it had to open files for. */
export class Describer {
  readonly #machine: Machine;
  #facts = new Map<string, Facts>();
  readonly #manifests = new DatedReadings<ManifestReading>(readManifest);
  readonly #configs = new DatedReadings<ConfigFacts>(readConfigFacts);
  readonly #learnt = new LearntFacts();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Describes the models of a scan, each with its adapters; what was remembered of files that are gone is forgotten. */
  async describeAll(weights: readonly WeightsFile[], manifestFiles: readonly ManifestFile[], sightings: Sightings): Promise<Descriptions> {
    const facts = new Map<string, Facts>();
    const all: ReadFile[] = [];
    for (const file of weights) {
      const key = `${file.path}\0${file.bytes}\0${file.modifiedMs}`;
      const known = this.#facts.get(key) ?? (await readFacts(file));
      if (known.unread === true) sightings.doubt();
      else facts.set(key, known);
      const { value: reading, modifiedMs } = await this.#manifest(file.manifestPath, sightings);
      const { config } = file.sidecars;
      const configFacts = file.format === "gguf" || config === undefined ? null : await this.#configs.get(config, sightings);
      const speaks =
        "manifest" in reading && reading.manifest.from === undefined && [undefined, file.fileName].includes(reading.manifest.file);
      all.push({
        file,
        facts: known,
        reading,
        manifest: speaks ? reading.manifest : {},
        manifestModifiedMs: modifiedMs,
        config: configFacts?.value ?? {},
        learnt: this.#learnt.of(file, "manifest" in reading ? reading.manifest.learnt : undefined),
      });
    }
    const readings: { readonly file: ManifestFile; readonly reading: ManifestReading }[] = [];
    for (const file of manifestFiles) readings.push({ file, reading: (await this.#manifest(file.path, sightings)).value });
    this.#facts = facts;
    this.#manifests.sweep();
    this.#configs.sweep();
    const models = all.filter((each) => !isAdapter(each));
    const adapters = all.filter(isAdapter).map(adapterFile);
    const beside = Map.groupBy(models, placeOf);
    return {
      models: models.map((each) => ({
        ...describe(each, this.#machine),
        adapters: adaptersOf(each.file, each.manifest, adapters, beside.get(placeOf(each))?.length === 1),
      })),
      derived: readings.flatMap(({ file, reading }) => derivedDrafts(file, reading, adapters)),
    };
  }

  /** Remembers what a runtime said of weights while it loaded them, where that is more than was known. */
  async learn(file: WeightsFile, known: ModelDescriptor, facts: LoadFacts): Promise<void> {
    const news = newsOf(known, facts);
    if (news !== null && !file.builtin) await this.#learnt.learn(file, news, file.manifestPath, file.folder !== null);
  }

  async #manifest(path: string | null, sightings: Sightings): Promise<Dated<ManifestReading>> {
    return path === null ? NO_MANIFEST : ((await this.#manifests.get(path, sightings)) ?? NO_MANIFEST);
  }
}

/** What is worth keeping; null where nothing is. A .gguf tells all about itself, and at most a person has promised more context than it has. */
function newsOf(known: ModelDescriptor, facts: LoadFacts): LoadFacts | null {
  const { contextTokensMax } = facts;
  if (known.format === "gguf")
    return contextTokensMax === undefined || contextTokensMax >= known.contextTokensMax ? null : { contextTokensMax };
  const { runtimeVersion: _, driverVersion: __, ...ofFile } = facts;
  return Object.keys(ofFile).length === 0 ? null : facts;
}

/** None for a manifest that speaks of weights; one that cannot be read is somebody's model where it lies alone. */
function derivedDrafts(file: ManifestFile, reading: ManifestReading, adapters: readonly AdapterFile[]): readonly DerivedDraft[] {
  if ("fault" in reading) return file.hasWeights ? [] : [{ file, manifest: {}, fault: reading.fault, adapters: [] }];
  if (reading.manifest.from === undefined) return [];
  const beside = adapters.filter((adapter) => dirname(adapter.file.path) === dirname(file.path));
  return [{ file, manifest: reading.manifest, fault: null, adapters: beside }];
}

/** Its name says so, or its metadata, or the model.json beside it. */
function isAdapter({ file, facts, reading }: ReadFile): boolean {
  const named = "manifest" in reading && (reading.manifest.adapters ?? []).some((adapter) => adapter.file === file.fileName);
  return named || isAdapterName(file.fileName) || facts.gguf?.otherType === "adapter";
}

function adapterFile({ file, facts }: ReadFile): AdapterFile {
  return { file, fault: facts.fault ?? (facts.gguf === null ? null : faultOfAdapter(labelOf(file), facts.gguf.otherType)) };
}

/** Models of one format in one folder. */
function placeOf({ file }: ReadFile): string {
  return `${file.format} ${dirname(file.path)}`;
}

async function readFacts(file: WeightsFile): Promise<Facts> {
  try {
    const fault = await readFaultOfWeights(file.path, file.format);
    if (fault !== null) return { gguf: null, fault: `${labelOf(file)} ${fault}.` };
    return { gguf: file.format === "gguf" ? readGgufFacts(file.path) : null, fault: null };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const fault = message.includes(file.path) ? message : `Cannot read ${file.path}: ${message}`;
    return { gguf: null, fault, ...(isUnread(cause) ? { unread: true } : {}) };
  }
}

/** Whether the file is not to blame. */
function isUnread(cause: unknown): boolean {
  return !(cause instanceof AppError) || isSystemError(cause.cause);
}

function describe(read: ReadFile, machine: Machine): Omit<ModelDraft, "adapters"> {
  const { file, facts, reading, manifest, manifestModifiedMs, config, learnt } = read;
  const name = parseModelFileName(file.fileName);
  const id = manifest.name?.toLowerCase().replaceAll(":", "-") ?? name.id;
  const saidSoc = manifest.soc ?? name.soc;
  const soc = learnt.soc ?? saidSoc;
  const toolkitVersion = learnt.toolkitVersion ?? manifest.toolkitVersion ?? name.toolkitVersion;
  const reason =
    facts.fault ?? faultOfType(file, facts) ?? faultOfManifest(reading) ?? faultOfParts(file) ?? unrunnable(file, soc, machine);
  const preset = presetOf(manifest);
  const said = (manifest.aliases ?? []).map((alias) => alias.toLowerCase());
  const saidContext = saidContextOf(read, name.contextTokensMax);
  // A person may want less than the file allows, and cannot have more.
  const contextTokensMax = Math.min(manifest.contextTokensMax ?? Infinity, learnt.contextTokensMax ?? saidContext);
  const saidQuantization = manifest.quantization ?? facts.gguf?.quantization ?? name.quantization;
  const { embeddingLength } = config;
  const kvBytesPerToken = facts.gguf?.kvBytesPerToken ?? config.kvBytesPerToken;
  const isSummed = manifest.sha256 !== undefined && manifest.file === file.fileName && file.modifiedMs <= manifestModifiedMs;
  const embedding = embeddingTraits([id, name.longId], facts.gguf?.pooling);
  const model: ModelDescriptor = {
    id,
    aliases: aliasesOf(file, id, [...(manifest.name === undefined ? [] : [name.id]), ...name.aliases, ...said]),
    path: file.path,
    format: file.format,
    bytes: file.bytes,
    modifiedMs: file.modifiedMs,
    contextTokensMax: contextOf(contextTokensMax, preset),
    ...(kvBytesPerToken === undefined ? {} : { kvBytesPerToken }),
    family: manifest.family ?? config.family ?? facts.gguf?.family ?? name.family,
    parameterSize: manifest.parameterSize ?? facts.gguf?.parameterSize ?? name.parameterSize,
    quantization: learnt.quantization ?? saidQuantization,
    ...(soc === undefined ? {} : { soc }),
    ...(toolkitVersion === undefined ? {} : { toolkitVersion }),
    ...(learnt.npuCores === undefined ? {} : { npuCores: learnt.npuCores }),
    ...(embeddingLength === undefined ? {} : { embeddingLength }),
    sidecars: file.sidecars,
    ...(manifest.capabilities?.includes("tools") === true ? { tools: true } : {}),
    ...(manifest.template === undefined ? {} : { template: manifest.template }),
    ...(preset === undefined ? {} : { preset }),
    ...(isSummed ? { sha256: manifest.sha256 } : {}),
    ...(embedding === undefined ? {} : { embedding }),
    ...(judgesDocuments([id, name.longId]) ? { judges: true } : {}),
    ...(file.builtin ? { builtin: true } : {}),
    ...(reason === null ? {} : { unrunnableReason: reason }),
  };
  const longId = manifest.name === undefined ? name.longId : id;
  // Names must not change when a model is loaded for the first time: what was learnt has no part in them.
  const told = { quantization: saidQuantization, contextTokensMax: contextOf(saidContext, preset) };
  return { model, id, longId, ...told, ...(saidSoc === undefined ? {} : { soc: saidSoc }) };
}

/** The context before anybody has loaded it, tokens. No conversion has a longer one than its original. */
function saidContextOf({ facts, manifest, config }: ReadFile, named: number | undefined): number {
  const guess = Math.min(named ?? RKLLM_CONTEXT_TOKENS_DEFAULT, config.contextTokensMax ?? Infinity);
  return manifest.contextTokensMax ?? facts.gguf?.contextTokensMax ?? guess;
}

/** The file's names, and the folder's, which stands for the model it holds. */
function aliasesOf(file: WeightsFile, id: string, names: readonly string[]): readonly string[] {
  const folder = file.folder === null ? [] : [file.folder.toLowerCase(), `${file.folder}/${file.fileName}`.toLowerCase()];
  const all = new Set([...spellings(id), ...names, ...folder]);
  all.delete(id);
  return [...all];
}

/** The file as the models folder shows it. */
function labelOf(file: WeightsFile): string {
  return file.folder === null ? file.fileName : `${file.folder}/${file.fileName}`;
}

function faultOfType(file: WeightsFile, { gguf }: Facts): string | null {
  return gguf?.otherType === undefined ? null : `${labelOf(file)} is no model: it says it is of the type ${shown(gguf.otherType)}.`;
}

function faultOfManifest(reading: ManifestReading): string | null {
  return "fault" in reading ? reading.fault : null;
}

function faultOfParts(file: WeightsFile): string | null {
  return file.partsMissing === 0
    ? null
    : `${labelOf(file)} is split, and ${file.partsMissing} of its parts are missing. Put them into the same folder.`;
}

function unrunnable(file: WeightsFile, soc: Soc | undefined, machine: Machine): string | null {
  if (file.format === "gguf") return null;
  if (machine.rkllmUnavailableReason !== null) return machine.rkllmUnavailableReason;
  if (soc === undefined || machine.boardSoc === null || soc === machine.boardSoc) return null;
  return `${file.fileName} was converted for ${soc.toUpperCase()}, and this board is an ${machine.boardSoc.toUpperCase()}. Get the model converted for ${machine.boardSoc.toUpperCase()}.`;
}
