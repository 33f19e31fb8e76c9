/** Models in Ollama's form. */
import { AppError } from "../../core/errors.ts";
import type { ModelDescriptor } from "../../core/model.ts";
import type { Engine } from "../../engine/engine.ts";
import type { ModelFacts } from "../../engine/model-facts.ts";
import type { JsonObject } from "../dialect.ts";

/** Clients want a text where nothing is known. */
const UNKNOWN = "unknown";

/** Ollama shows every model with a tag. A name that has none gets the default one, which lookups take off again. */
export function displayName(model: ModelDescriptor): string {
  return [model.id, ...model.aliases].find((name) => name.includes(":")) ?? `${model.id}:latest`;
}

/** 64 hex digits: of what the model is made of where that is known, else such that change when the file does. Hashing gigabytes for a list would take minutes. */
export function digestOf(model: ModelDescriptor): string {
  const facts = JSON.stringify([model.id, model.path, model.bytes, model.modifiedMs]);
  return model.digest ?? new Bun.CryptoHasher("sha256").update(facts).digest("hex");
}

/** What lists and /api/show say of a model. */
export function modelDetails({ model, parameterCount }: ModelFacts): JsonObject {
  return {
    parent_model: model.derived?.parent ?? "",
    format: model.format,
    family: model.family,
    families: [model.family],
    parameter_size: model.parameterSize === "" ? sizeOf(parameterCount) : model.parameterSize,
    quantization_level: model.quantization === "" ? UNKNOWN : model.quantization.toUpperCase(),
  };
}

/** A number of weights as people write it: `1.5B`, `751.63M`. */
function sizeOf(count: number | undefined): string {
  if (count === undefined) return UNKNOWN;
  return count >= 1e9 ? `${Number((count / 1e9).toFixed(1))}B` : `${Number((count / 1e6).toFixed(2))}M`;
}

function tagObject(facts: ModelFacts): JsonObject {
  const { model, capabilities, contextTokens, embeddingLength } = facts;
  const name = displayName(model);
  return {
    name,
    model: name,
    modified_at: new Date(model.modifiedMs).toISOString(),
    size: model.bytes,
    digest: digestOf(model),
    details: {
      ...modelDetails(facts),
      context_length: contextTokens,
      ...(embeddingLength === undefined ? {} : { embedding_length: embeddingLength }),
    },
    capabilities,
  };
}

/** The list of GET /api/tags, newest file first. Models that this machine cannot run are left out: there is no place to say why. */
export async function tagList(engine: Engine): Promise<JsonObject> {
  const runnable = (await engine.models()).filter((model) => model.unrunnableReason === undefined);
  const newestFirst = runnable.toSorted((a, b) => b.modifiedMs - a.modifiedMs);
  const facts = await Promise.all(newestFirst.map(async (model) => readableFacts(engine, model)));
  return { models: facts.filter((each) => each !== null).map(tagObject) };
}

/** null for a model whose files cannot be read: the others are listed all the same. */
export async function readableFacts(engine: Engine, model: ModelDescriptor): Promise<ModelFacts | null> {
  try {
    return await engine.facts(model);
  } catch (thrown) {
    if (thrown instanceof AppError) return null;
    throw thrown;
  }
}
