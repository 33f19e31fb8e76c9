/** Loaded and available models, and settings, in the management API's form. */
import type { ModelDescriptor } from "../../core/model.ts";
import type { EffectiveSetting } from "../../core/settings.ts";
import type { ModelStatus } from "../../engine/engine.ts";
import type { JsonObject } from "../dialect.ts";

/** One loaded model. */
export function loadedModel(status: ModelStatus): JsonObject {
  return {
    id: status.id,
    object: "loaded_model",
    base_id: status.baseId,
    bytes: status.bytes,
    memory_bytes: status.memoryBytes,
    context_length: status.contextTokens,
    slots: status.slots,
    n_batch: status.lanes,
    cpu_count: status.threads,
    runtime_version: status.runtimeVersion,
    running: status.running,
    queued: status.queued,
    pinned: status.pinned,
    expires_at: status.expiresAtMs === null ? null : new Date(status.expiresAtMs).toISOString(),
    loaded_at: new Date(status.loadedAtMs).toISOString(),
  };
}

/** Every model with its adapters, in the order given. */
export function availableModels(models: readonly ModelDescriptor[], loaded: readonly ModelStatus[]): readonly JsonObject[] {
  const loadedIds = new Set(loaded.map(({ baseId }) => baseId));
  return models.filter(isListed).map((model) => ({
    id: model.id,
    object: "model",
    aliases: model.aliases,
    format: model.format,
    runtime: model.format === "rkllm" ? "npu" : "cpu",
    bytes: model.bytes,
    context_length: model.contextTokensMax,
    family: model.family,
    parameter_size: model.parameterSize,
    quantization: model.quantization,
    made_from: model.derived?.parent ?? null,
    loaded: loadedIds.has(model.derived?.opens.id ?? model.id),
    ...runnable(model),
    adapters: models.flatMap((each) =>
      each.adapted?.base.id === model.id && each.derived === undefined
        ? [{ id: each.id, name: each.adapted.adapter.name, scale: each.adapted.adapter.scale, ...runnable(each) }]
        : [],
    ),
  }));
}

/** A model with an adapter is listed with the model, unless it has a name and values of its own. */
function isListed(model: ModelDescriptor): boolean {
  return model.adapted === undefined || model.derived !== undefined;
}

function runnable({ unrunnableReason }: ModelDescriptor): JsonObject {
  return { runnable: unrunnableReason === undefined, unrunnable_reason: unrunnableReason ?? null };
}

/** One setting; of a secret only whether there is one. */
export function settingObject({ name, value, isSet, source, changeable }: EffectiveSetting): JsonObject {
  return { name, value, ...(isSet === undefined ? {} : { secret: true, is_set: isSet }), source, changeable };
}
