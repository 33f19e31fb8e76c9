/** Models in OpenAI's form, with what Anthropic's and other servers' clients look for beside it. */
import type { ModelDescriptor } from "../../core/model.ts";
import type { JsonObject } from "../dialect.ts";

/** One model. */
export function modelObject(model: ModelDescriptor): JsonObject {
  return {
    id: model.id,
    object: "model",
    created: Math.floor(model.modifiedMs / 1000),
    owned_by: "rockchip-llama",
    type: "model",
    display_name: model.id,
    created_at: new Date(model.modifiedMs).toISOString(),
    aliases: model.aliases,
    context_length: model.contextTokensMax,
    max_model_len: model.contextTokensMax,
    meta: { n_ctx_train: model.contextTokensMax, size: model.bytes, format: model.format, family: model.family },
    ...(model.unrunnableReason === undefined ? {} : { unrunnable_reason: model.unrunnableReason }),
  };
}

/** The list, in the order given: several clients take the first model for the default one. */
export function modelList(models: readonly ModelDescriptor[]): JsonObject {
  return {
    object: "list",
    data: models.map(modelObject),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}
