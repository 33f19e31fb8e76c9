/** From the body of POST /api/create to what a model is made from. */
import { AppError } from "../../../core/errors.ts";
import { type ChatMessage, type ChatRole, SAMPLING_NAMES, type SamplingOptions } from "../../../core/generation.ts";
import type { ModelRecipe } from "../../../core/model-library.ts";
import { present } from "../../schema.ts";
import { lookupName } from "../names.ts";
import { decodeOptions } from "../options.ts";
import type { OllamaCreateBody } from "./schema.ts";

/** Shortest context that a runtime opens. */
const CONTEXT_TOKENS_MIN = 32;
/** Most options of a model; those without effect are kept, too. */
const PARAMETERS_MAX = 64;
const CAPABILITIES: ReadonlySet<string> = new Set(["completion", "tools", "insert", "thinking", "embedding"]);
const ROLES: ReadonlySet<string> = new Set(["system", "user", "assistant"]);

function refuse(code: "invalid_request" | "unsupported_parameter", field: string, message: string): never {
  throw new AppError(code, message, { details: { field, fault: "value" } });
}

/** The name of a request's model, in whichever field it is; "" where there is none. */
export function namedModel(body: { readonly model?: string | null; readonly name?: string | null }): string {
  return body.model || body.name || "";
}

/** A name as it is written into a folder of models. Throws AppError for those that are none. */
function newName(name: string): string {
  return name.trim() === "" ? "" : lookupName(name);
}

function checkUnsupported(body: OllamaCreateBody): void {
  for (const field of ["quantize", "quantization"] as const) {
    if ((body[field] ?? "") !== "") {
      refuse(
        "unsupported_parameter",
        field,
        `"${field}" is not supported: weights are not converted here. Quantize a .gguf with llama.cpp, a .rkllm with the RKLLM toolkit, and upload the result.`,
      );
    }
  }
  if ((body.remote_host ?? "") !== "")
    refuse("unsupported_parameter", "remote_host", '"remote_host" is not supported: models run on this machine.');
  if (typeof body.draft_files === "object" && body.draft_files !== null && Object.keys(body.draft_files).length > 0) {
    refuse("unsupported_parameter", "draft_files", '"draft_files" is not supported: there are no draft models.');
  }
}

/** Values that a runtime can take, under the names they came by. */
function parametersOf(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const named = Object.entries(given).filter(([, value]) => value !== null);
  if (named.length > PARAMETERS_MAX) refuse("invalid_request", "parameters", `"parameters" has more than ${PARAMETERS_MAX} entries.`);
  const { sampling, stop } = decodeOptions(given);
  const taken = Object.entries(sampling).map(([name, value]) => [SAMPLING_NAMES[name as keyof SamplingOptions], value]);
  const integers = ["num_predict", "num_ctx"].flatMap((name) => {
    const value = given[name];
    return typeof value === "number" ? [[name, Math.max(Math.trunc(value), name === "num_ctx" ? CONTEXT_TOKENS_MIN : -1)]] : [];
  });
  return { ...Object.fromEntries(named), ...Object.fromEntries([...taken, ...integers]), ...(stop.length === 0 ? {} : { stop }) };
}

function messageOf({ role, content }: { role: string; content?: string | null }, index: number): ChatMessage {
  const name = role.toLowerCase();
  if (!ROLES.has(name))
    refuse("invalid_request", `messages[${index}].role`, `"messages[${index}].role" must be "system", "user" or "assistant"`);
  return { role: name as ChatRole, content: content ?? "" };
}

/** The files show the others, and saying them changes nothing; what a model has to see or to hear cannot be made of it. */
function saidCapabilities(given: unknown): "tools"[] | undefined {
  const names: readonly unknown[] = Array.isArray(given) ? given : given === undefined || given === null ? [] : [given];
  for (const name of names) {
    if (typeof name === "string" && Array.isArray(given) && CAPABILITIES.has(name)) continue;
    const known = [...CAPABILITIES].map((each) => `"${each}"`).join(", ");
    refuse("invalid_request", "info.capabilities", `"info.capabilities" must be a list of ${known}`);
  }
  return names.includes("tools") ? ["tools"] : undefined;
}

function factsOf(info: Readonly<Record<string, unknown>>): ModelRecipe["facts"] {
  const text = (name: string): string | undefined => {
    const value = info[name] ?? undefined;
    if (value === undefined || typeof value === "string") return value === "" ? undefined : value;
    return refuse("invalid_request", `info.${name}`, `"info.${name}" must be a string`);
  };
  const length = info["context_length"] ?? undefined;
  if (length !== undefined && (typeof length !== "number" || !Number.isInteger(length) || length < CONTEXT_TOKENS_MIN)) {
    refuse("invalid_request", "info.context_length", `"info.context_length" must be a whole number, at least ${CONTEXT_TOKENS_MIN}`);
  }
  return present<ModelRecipe["facts"]>({
    capabilities: saidCapabilities(info["capabilities"]),
    contextTokensMax: length,
    family: text("model_family"),
    parameterSize: text("parameter_size"),
    quantization: text("quantization_level"),
  });
}

/** Pure. Throws AppError invalid_request or unsupported_parameter. */
export function decodeOllamaCreate(body: OllamaCreateBody): ModelRecipe {
  checkUnsupported(body);
  const from = body.from ?? "";
  const files = body.files ?? {};
  if (from === "" && Object.keys(files).length === 0) refuse("invalid_request", "from", "neither 'from' or 'files' was specified");
  if (from !== "" && Object.keys(files).length > 0)
    refuse("invalid_request", "files", "'from' and 'files' were both specified: a model is made of one of them");
  const license = body.license ?? [];
  return present<ModelRecipe>({
    name: newName(namedModel(body)),
    from: from === "" ? undefined : lookupName(from),
    files,
    adapters: body.adapters ?? {},
    template: body.template,
    system: body.system,
    parameters: body.parameters == null ? undefined : parametersOf(body.parameters),
    messages: body.messages?.map(messageOf),
    licenses: (typeof license === "string" ? [license] : license).filter((text) => text !== ""),
    facts: factsOf(body.info ?? {}),
  });
}
