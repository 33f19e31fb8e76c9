/** POST /api/show: everything that is known of one model. */
import { SAMPLING_NAMES } from "../../core/generation.ts";
import type { Sampling } from "../../core/generation.ts";
import type { ModelDescriptor } from "../../core/model.ts";
import type { ModelFacts } from "../../engine/model-facts.ts";
import type { MetadataValue, ModelMetadata } from "../../engine/model-metadata.ts";
import type { JsonObject } from "../dialect.ts";
import { modelDetails } from "./models.ts";
import { modelfileText, parametersText } from "./modelfile.ts";
import type { ShowBody } from "./show-schema.ts";

/** What a reply is made from. */
export interface Shown {
  readonly facts: ModelFacts;
  readonly metadata: ModelMetadata & { readonly sampling: Sampling };
  readonly body: ShowBody;
  /** The name as the client wrote it. */
  readonly name: string;
  readonly userAgent: string;
}

/** Metadata that is told elsewhere in the reply, or is the same for all. */
const HIDDEN = new Set(["general.name", "tokenizer.chat_template"]);
/** It looks a model's name up in `general.basename`. */
const COPILOT = "GitHubCopilotChat/";
/** 0 turns them off. */
const ADDED_PENALTIES: ReadonlySet<keyof Sampling> = new Set(["frequencyPenalty", "presencePenalty"]);
const SIZES: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

/** The reply. */
export function shownModel({ facts, metadata, body, name, userAgent }: Shown): JsonObject {
  const { model, template, capabilities } = facts;
  const system = body.system ?? model.preset?.system ?? "";
  const stored = { ...model.preset?.parameters, ...body.options };
  const licenses = [...(model.preset?.licenses ?? []), ...licenseOf(metadata)];
  const info = { ...modelInfo(facts, metadata), ...(userAgent.startsWith(COPILOT) ? { "general.basename": name } : {}) };
  const messages = (model.preset?.messages ?? []).map(({ role, content }) => ({ role, content }));
  return {
    ...(licenses.length === 0 ? {} : { license: licenses.join("\n") }),
    modelfile: modelfileText({
      from: model.derived?.parent ?? model.id,
      template: model.template,
      system,
      parameters: stored,
      licenses: model.preset?.licenses ?? [],
      messages,
    }),
    parameters: parametersText({ ...runningParameters(metadata.sampling, facts.contextTokens), ...stored }),
    ...(template === "" ? {} : { template }),
    ...(system === "" ? {} : { system }),
    details: modelDetails(facts),
    ...(messages.length === 0 ? {} : { messages }),
    model_info: info,
    ...(metadata.tensors.length === 0 ? {} : { tensors: metadata.tensors }),
    capabilities,
    modified_at: new Date(model.modifiedMs).toISOString(),
  };
}

/** What it runs with where a request is silent; what is turned off is left out. */
function runningParameters(sampling: Sampling, contextTokens: number): Readonly<Record<string, unknown>> {
  const isOff = (name: keyof Sampling): boolean =>
    name.startsWith("mirostat") ? sampling.mirostat === 0 : ADDED_PENALTIES.has(name) && sampling[name] === 0;
  const names = (Object.keys(SAMPLING_NAMES) as (keyof Sampling)[]).filter((name) => !isOff(name));
  return { num_ctx: contextTokens, ...Object.fromEntries(names.map((name) => [SAMPLING_NAMES[name], sampling[name]])) };
}

function licenseOf({ values }: ModelMetadata): string[] {
  const license = values["general.license"];
  return typeof license === "string" && license !== "" ? [license] : [];
}

/** The file's metadata, and the keys that clients look for where the file has none. Lengths are those that a request can really have. */
function modelInfo(
  { model, contextTokens, embeddingLength, parameterCount }: ModelFacts,
  { values }: ModelMetadata,
): Record<string, MetadataValue> {
  const architecture = String(values["general.architecture"] ?? model.family);
  const count = parameterCount ?? countOf(model.parameterSize);
  return {
    "general.basename": model.id,
    "general.type": "model",
    ...Object.fromEntries(Object.entries(values).filter(([key]) => !HIDDEN.has(key))),
    "general.architecture": architecture,
    ...(count === null ? {} : { "general.parameter_count": count }),
    [`${architecture}.context_length`]: contextTokens,
    ...(embeddingLength === undefined ? {} : { [`${architecture}.embedding_length`]: embeddingLength }),
    ...rkllmInfo(model),
  };
}

function rkllmInfo({
  format,
  soc,
  toolkitVersion,
  quantization,
  npuCores,
  contextTokensMax,
}: ModelDescriptor): Record<string, MetadataValue> {
  if (format !== "rkllm") return {};
  return {
    ...(soc === undefined ? {} : { "rkllm.target_platform": soc }),
    ...(toolkitVersion === undefined ? {} : { "rkllm.toolkit_version": toolkitVersion }),
    ...(quantization === "" ? {} : { "rkllm.quantized_dtype": quantization }),
    ...(npuCores === undefined ? {} : { "rkllm.npu_core_num": npuCores }),
    "rkllm.max_context_limit": contextTokensMax,
  };
}

/** `0.6B` as a number; null where it is none. */
function countOf(size: string): number | null {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)([KMBT])$/i.exec(size) ?? [];
  return amount === undefined ? null : Math.round(Number(amount) * (SIZES[unit.toUpperCase()] ?? 1));
}
