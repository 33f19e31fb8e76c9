/** Models in Ollama's form. */
import type { ModelDescriptor } from "../../core/model.ts";
import type { JsonObject } from "../dialect.ts";

/** Ollama shows every model with a tag. A name that has none gets the default one, which lookups take off again. */
function displayName(model: ModelDescriptor): string {
  return [model.id, ...model.aliases].find((name) => name.includes(":")) ?? `${model.id}:latest`;
}

/** 64 hex digits that change when the file does. Hashing gigabytes of weights for a list would take minutes. */
function listDigest(model: ModelDescriptor): string {
  return new Bun.CryptoHasher("sha256").update(JSON.stringify([model.id, model.path, model.bytes, model.modifiedMs])).digest("hex");
}

function tagObject(model: ModelDescriptor): JsonObject {
  const name = displayName(model);
  return {
    name,
    model: name,
    modified_at: new Date(model.modifiedMs).toISOString(),
    size: model.bytes,
    digest: listDigest(model),
    details: {
      parent_model: "",
      format: model.format,
      family: model.family,
      families: [model.family],
      parameter_size: model.parameterSize,
      quantization_level: model.quantization,
      context_length: model.contextTokensMax,
    },
    capabilities: ["completion"],
  };
}

/** The list of GET /api/tags, newest file first. Models that this machine cannot run are left out: there is no place to say why. */
export function tagList(models: readonly ModelDescriptor[]): JsonObject {
  const runnable = models.filter((model) => model.unrunnableReason === undefined);
  return { models: runnable.toSorted((a, b) => b.modifiedMs - a.modifiedMs).map(tagObject) };
}
