/**
 * model.json: beside weights what a person, or `pull`, knows better than the file's name and metadata; with `from`, in a folder without
 * weights, a model made of another. Every key is optional, and keys that are not known here are left alone.
 */
import { existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { readSmallText } from "../core/small-file.ts";
import { isGoTemplate } from "./go-template.ts";
import { ModelParametersSchema } from "./model-parameters.ts";

/** Name of the file, in the model's folder. */
export const MANIFEST_FILE = "model.json";

/** What an adapter may be named. */
const ADAPTER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,79}$/;

/**
 * What a model may be named; as a name is typed, it may have a colon, which then stands for a hyphen, and one owner in front (`me/mario`), as
 * clients of Ollama give their own models.
 */
export const MODEL_NAME = /^(?:[A-Za-z0-9_][A-Za-z0-9_-]{0,79}\/)?[A-Za-z0-9_][A-Za-z0-9_.:-]{0,79}$/;

/** Bytes of a model.json that is written here: readSmallText would not read much more, and runtimes add what they learn. */
const WRITTEN_BYTES_MAX = 4_000_000;

/** The keys of model.json. */
export const ManifestSchema = Type.Object({
  /** File name of the weights it speaks of; absent: of all in the folder. */
  file: Type.Optional(Type.String({ minLength: 1 })),
  /** Friendly name, in place of the one from the file name. */
  name: Type.Optional(Type.String({ pattern: MODEL_NAME.source })),
  /** More names that lead to it. */
  aliases: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 32 })),
  contextTokensMax: Type.Optional(Type.Integer({ minimum: 32 })),
  family: Type.Optional(Type.String({ minLength: 1 })),
  parameterSize: Type.Optional(Type.String({ minLength: 1 })),
  quantization: Type.Optional(Type.String({ minLength: 1 })),
  /** What lists say that it can do, beside what its files show. Clients offer functions only to models that say `tools`. */
  capabilities: Type.Optional(Type.Array(Type.Literal("tools"), { maxItems: 1 })),
  soc: Type.Optional(Type.Union([Type.Literal("rk3588"), Type.Literal("rk3576"), Type.Literal("rk3562"), Type.Literal("rv1126b")])),
  toolkitVersion: Type.Optional(Type.String({ minLength: 1 })),
  /** LoRA adapters of the model, by the names of their files in the same folder. */
  adapters: Type.Optional(
    Type.Array(
      Type.Object({
        file: Type.String({ minLength: 1 }),
        /** In place of the one from its file's name. */
        name: Type.Optional(Type.String({ pattern: ADAPTER_NAME.source })),
        /** Default 1. */
        scale: Type.Optional(Type.Number()),
      }),
    ),
  ),
  /** The model that this one is made of; without it the manifest speaks of the weights beside it. */
  from: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  /** With `from`: an adapter of that model by its name, or the file of one in this folder. */
  adapter: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  system: Type.Optional(Type.String()),
  /** Jinja. */
  template: Type.Optional(Type.String()),
  parameters: Type.Optional(ModelParametersSchema),
  messages: Type.Optional(
    Type.Array(
      Type.Object({
        role: Type.Union([Type.Literal("system"), Type.Literal("user"), Type.Literal("assistant")]),
        content: Type.String(),
      }),
    ),
  ),
  license: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  /** Where `pull` got the weights, and their SHA-256. */
  source: Type.Optional(Type.String()),
  sha256: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
  /** What runtimes said of the weights, by file name: see learnt-facts.ts. Machines write it, so nothing in it is a fault. */
  learnt: Type.Optional(Type.Unknown()),
});

/** A model.json as it was read. */
export type Manifest = Static<typeof ManifestSchema>;

/** A manifest, or the sentence that says what is wrong with it. */
export type ManifestReading = { readonly manifest: Manifest } | { readonly fault: string };

/** Reads a manifest; a faulty one is reported, never thrown, because a list of models must not break on one of them. */
export async function readManifest(path: string): Promise<ManifestReading> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readSmallText(path));
  } catch (cause) {
    return { fault: `Cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}. Mend or delete it.` };
  }
  const fault = Value.Errors(ManifestSchema, parsed).First();
  if (fault === undefined) return checked(path, Value.Cast(ManifestSchema, parsed));
  const key = fault.path.slice(1).replaceAll("/", ".");
  return {
    fault:
      key === "" ? `${path} has to hold a JSON object.` : `${path}: ${key} is wrong (${fault.message.toLowerCase()}). Mend or delete it.`,
  };
}

/** What is wrong with a manifest that is to be written, beginning with its key; null where nothing is. */
export function manifestFault(manifest: unknown): string | null {
  const fault = Value.Errors(ManifestSchema, manifest).First();
  if (fault !== undefined) return `${fault.path.slice(1).replaceAll("/", ".")} is wrong: ${fault.message.toLowerCase()}.`;
  const bytes = Buffer.byteLength(JSON.stringify(manifest, null, 2));
  return bytes <= WRITTEN_BYTES_MAX ? null : `model has texts of ${bytes} bytes; at most ${WRITTEN_BYTES_MAX} are kept.`;
}

function checked(path: string, manifest: Manifest): ManifestReading {
  if (!isGoTemplate(manifest.template ?? "")) return { manifest };
  return { fault: `${path}: template is a Go template. Write it in Jinja, or leave it out to have the model's own.` };
}

/** Writes what `pull` knows into the folder's manifest; keys that a person set stay, and a manifest of other weights or a broken one is left alone. */
export async function writeManifest(dir: string, facts: Manifest & { readonly file: string }): Promise<void> {
  const shared = join(dir, MANIFEST_FILE);
  const existing = existsSync(shared) ? await readManifest(shared) : { manifest: {} as Manifest };
  if ("fault" in existing) return;
  const other = existing.manifest.file !== undefined && existing.manifest.file !== facts.file;
  const stem = facts.file.slice(0, facts.file.lastIndexOf("."));
  const path = join(dir, other ? `${stem}.${MANIFEST_FILE}` : MANIFEST_FILE);
  const kept = other ? {} : existing.manifest;
  await writeFile(`${path}.tmp`, `${JSON.stringify({ ...kept, ...facts }, null, 2)}\n`);
  await rename(`${path}.tmp`, path);
}
