/**
 * LoRA adapters: whose a file is, and what it makes of its model. An adapter named after its model's weights
 * (`<weights without ending>.<name>_lora.gguf`) is that model's; one that is not is that of the only model beside it.
 */
import { dirname } from "node:path";
import type { Adapter, ModelDescriptor } from "../core/model.ts";
import type { WeightsFile } from "./discovery.ts";
import type { Manifest } from "./manifest.ts";
import { shown } from "./model-names.ts";

/** An adapter beside its model. */
export interface AdapterDraft {
  readonly file: WeightsFile;
  readonly name: string;
  readonly scale: number;
  /** What is wrong with its file, as a sentence; null where nothing is. */
  readonly fault: string | null;
}

/** A file that holds an adapter, and what is wrong with it. */
export type AdapterFile = Pick<AdapterDraft, "file" | "fault">;

const ADAPTER = /[-_.]lora(?:[-_.](?:bf16|f16|f32|q8_0))?\.(?:gguf|rkllm)$/i;

/** Whether a file's name says that it is an adapter: `pirate_lora.gguf`. */
export function isAdapterName(fileName: string): boolean {
  return ADAPTER.test(fileName);
}

/**
 * The adapters of a model, by name.
 * @param manifest what its model.json says; an adapter named there is the model's whatever its file is called
 * @param files every adapter of the models folders
 * @param alone whether no other model of its format lies in its folder
 */
export function adaptersOf(model: WeightsFile, manifest: Manifest, files: readonly AdapterFile[], alone: boolean): readonly AdapterDraft[] {
  const beside = files.filter(({ file }) => file.format === model.format && dirname(file.path) === dirname(model.path));
  const entries = manifest.adapters ?? [];
  const stem = model.fileName.replace(/[^.]*$/, "").toLowerCase();
  const found: AdapterDraft[] = [];
  for (const { file, fault } of beside) {
    const own = file.fileName.toLowerCase().startsWith(stem);
    const name = plainName(own ? file.fileName.slice(stem.length) : file.fileName);
    const said = entries.filter((entry) => entry.file === file.fileName);
    if (said.length > 0)
      found.push(
        ...said.map((entry) => ({ file, fault, name: entry.name === undefined ? name : plainName(entry.name), scale: entry.scale ?? 1 })),
      );
    else if (own || alone) found.push({ file, fault, name, scale: 1 });
  }
  return distinct(found.sort((a, b) => a.name.localeCompare(b.name, "en")));
}

/** The model with its adapter, as a model of its own beside it. */
export function adapted(base: ModelDescriptor, { file, name, scale, fault }: AdapterDraft): ModelDescriptor {
  const reason = base.unrunnableReason ?? fault;
  return {
    ...base,
    id: `${base.id}+${name}`,
    aliases: base.aliases.map((alias) => `${alias}+${name}`),
    bytes: base.bytes + file.bytes,
    modifiedMs: Math.max(base.modifiedMs, file.modifiedMs),
    adapted: { base, adapter: adapterOf({ file, name, scale }) },
    ...(reason === null ? {} : { unrunnableReason: reason }),
  };
}

/** The adapter of a draft. */
export function adapterOf({ file, name, scale }: Pick<AdapterDraft, "file" | "name" | "scale">): Adapter {
  return { name, path: file.path, scale, edition: `${file.bytes} ${file.modifiedMs}` };
}

/** What is wrong with an adapter's file beside what is wrong with any; null where nothing is. */
export function faultOfAdapter(label: string, otherType: string | undefined): string | null {
  return otherType === "adapter" ? null : `${label} is no adapter: it says it is of the type ${shown(otherType ?? "model")}.`;
}

/** A file's name, or the one that a person gave, as a part of a model's. */
function plainName(text: string): string {
  const stem = text
    .toLowerCase()
    .replace(ADAPTER, "")
    .replace(/\.(?:gguf|rkllm)$/, "");
  return stem.replace(/[^\p{L}\p{N}_.-]+/gu, "-").replace(/^[-_.]+|[-_.]+$/g, "") || "lora";
}

/** Of several with one name all but the first get a number. */
function distinct(adapters: readonly AdapterDraft[]): readonly AdapterDraft[] {
  const taken = new Set<string>();
  return adapters.map((adapter) => {
    let name = adapter.name;
    for (let count = 2; taken.has(name); count += 1) name = `${adapter.name}-${count}`;
    taken.add(name);
    return { ...adapter, name };
  });
}
