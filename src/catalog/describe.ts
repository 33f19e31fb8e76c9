/**
 * From a file on disk to what is known of the model: the file's name, overruled by its metadata, overruled by model.json.
 * Nothing here throws: a model that cannot be read is described with the reason.
 */
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ModelDescriptor, Soc } from "../core/model.ts";
import { type AdapterDraft, type AdapterFile, adaptersOf, faultOfAdapter, isAdapterName } from "./adapters.ts";
import { contextOf, type DerivedDraft } from "./derived-models.ts";
import type { ManifestFile, WeightsFile } from "./discovery.ts";
import { embeddingTraits, judgesDocuments } from "./embedding-traits.ts";
import { type GgufFacts, readGgufFacts } from "./gguf-facts.ts";
import { type Manifest, type ManifestReading, readManifest } from "./manifest.ts";
import { presetOf } from "./preset.ts";
import { type NameFacts, shown } from "./model-names.ts";
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
}

/** What a scan's files make. */
export interface Descriptions {
  readonly models: readonly ModelDraft[];
  readonly derived: readonly DerivedDraft[];
}

/** A manifest as it was read, and when it was written. */
interface DatedReading {
  readonly reading: ManifestReading;
  readonly modifiedMs: number;
}

/** Describes weights, and remembers by path, size and modification time what it had to open files for. */
export class Describer {
  readonly #machine: Machine;
  #facts = new Map<string, Facts>();
  #manifests = new Map<string, DatedReading>();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Describes the models of a scan, each with its adapters; what was remembered of files that are gone is forgotten. */
  async describeAll(weights: readonly WeightsFile[], manifestFiles: readonly ManifestFile[]): Promise<Descriptions> {
    const facts = new Map<string, Facts>();
    const manifests = new Map<string, DatedReading>();
    const all: ReadFile[] = [];
    for (const file of weights) {
      const key = `${file.path}\0${file.bytes}\0${file.modifiedMs}`;
      const known = this.#facts.get(key) ?? (await readFacts(file));
      facts.set(key, known);
      const { reading, modifiedMs } = await this.#manifest(file.manifestPath, manifests);
      const speaks =
        "manifest" in reading && reading.manifest.from === undefined && [undefined, file.fileName].includes(reading.manifest.file);
      all.push({ file, facts: known, reading, manifest: speaks ? reading.manifest : {}, manifestModifiedMs: modifiedMs });
    }
    const readings: { readonly file: ManifestFile; readonly reading: ManifestReading }[] = [];
    for (const file of manifestFiles) readings.push({ file, reading: (await this.#manifest(file.path, manifests)).reading });
    this.#facts = facts;
    this.#manifests = manifests;
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

  async #manifest(path: string | null, kept: Map<string, DatedReading>): Promise<DatedReading> {
    const none = { reading: { manifest: {} }, modifiedMs: 0 };
    if (path === null) return none;
    const status = await stat(path).catch(() => null);
    if (status === null) return none;
    const key = `${path}\0${status.size}\0${status.mtimeMs}`;
    const dated = kept.get(key) ??
      this.#manifests.get(key) ?? { reading: await readManifest(path), modifiedMs: Math.trunc(status.mtimeMs) };
    kept.set(key, dated);
    return dated;
  }
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
    return { gguf: null, fault: message.includes(file.path) ? message : `Cannot read ${file.path}: ${message}` };
  }
}

function describe({ file, facts, reading, manifest, manifestModifiedMs }: ReadFile, machine: Machine): Omit<ModelDraft, "adapters"> {
  const name = parseModelFileName(file.fileName);
  const id = manifest.name?.toLowerCase().replaceAll(":", "-") ?? name.id;
  const soc = manifest.soc ?? name.soc;
  const toolkitVersion = manifest.toolkitVersion ?? name.toolkitVersion;
  const reason =
    facts.fault ?? faultOfType(file, facts) ?? faultOfManifest(reading) ?? faultOfParts(file) ?? unrunnable(file, soc, machine);
  const preset = presetOf(manifest);
  const said = (manifest.aliases ?? []).map((alias) => alias.toLowerCase());
  const contextTokensMax =
    manifest.contextTokensMax ?? facts.gguf?.contextTokensMax ?? name.contextTokensMax ?? RKLLM_CONTEXT_TOKENS_DEFAULT;
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
    ...(facts.gguf?.kvBytesPerToken === undefined ? {} : { kvBytesPerToken: facts.gguf.kvBytesPerToken }),
    family: manifest.family ?? facts.gguf?.family ?? name.family,
    parameterSize: manifest.parameterSize ?? facts.gguf?.parameterSize ?? name.parameterSize,
    quantization: manifest.quantization ?? facts.gguf?.quantization ?? name.quantization,
    ...(soc === undefined ? {} : { soc }),
    ...(toolkitVersion === undefined ? {} : { toolkitVersion }),
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
  const { quantization } = model;
  return { model, id, longId, quantization, contextTokensMax: model.contextTokensMax, ...(soc === undefined ? {} : { soc }) };
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
