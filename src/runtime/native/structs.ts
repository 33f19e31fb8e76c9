/**
 * The structs of the RKLLM ABI, filled from plain values. Who calls the library must hold what these functions return for as long as the
 * library may read it: `packParam` and `packCallback` as long as the handle (whether rkllm_init copies them is not documented), the
 * inputs and options of a run until rkllm_run has returned.
 */
import { ptr, type Pointer } from "bun:ffi";
import { assert } from "../../core/errors.ts";
import type { Sampling } from "../../core/generation.ts";
import { INFER_MODE, INPUT_TYPE, type Abi } from "./abi.ts";
import { nativeBytes, nativeInt32s, nativeString, StructWriter, type NativeArgument, type PackedStruct } from "./struct-writer.ts";

/** What a model is opened with (RKLLMParam). */
export interface InitValues {
  readonly modelPath: string;
  /** max_context_len: not above the limit the file was converted with. */
  readonly contextTokens: number;
  /** max_new_tokens: the limit of a run that brings none of its own. */
  readonly newTokensMax: number;
  readonly sampling: Sampling;
  /** n_keep: positions kept at the start when the context window shifts. */
  readonly nKeep: number;
  /** Control tokens produce no text. */
  readonly skipSpecialToken: boolean;
  /** Must be false where the ABI has no such setting (`Abi.ignoreEos`). */
  readonly ignoreEos: boolean;
  /** First 4 GB NPU address domain of the model. */
  readonly baseDomainId: number;
  /** Read the embedding table from the file instead of holding it in memory. */
  readonly embedFlash: boolean;
  readonly cpuCount: number;
  /** Bit n allows CPU n; as many bits as cpuCount, or the runtime uses all CPUs. */
  readonly cpuMask: number;
  readonly nBatch: number;
}

/** What one run does (RKLLMInferParam). */
export interface InferValues {
  readonly mode: keyof typeof INFER_MODE;
  readonly keepHistory: boolean;
  /** 0: the value given at init. Has no effect where `Abi.perRunTokensMax` is false: the field does not exist there. */
  readonly newTokensMax: number;
  /** Null: the values given at init. Has no effect where `Abi.perRunSampling` is false. */
  readonly sampling: Sampling | null;
  /** Name of an adapter loaded with rkllm_load_lora. */
  readonly loraName?: string;
  /** A file the KV cache is written to after the run when `save` is set. */
  readonly promptCache?: { readonly save: boolean; readonly path: string };
}

/** The model's parameters. Keep the result as long as the handle. */
export function packParam(abi: Abi, values: InitValues): PackedStruct {
  const writer = new StructWriter(abi.structs, "RKLLMParam").point("model_path", nativeString(values.modelPath)).setAll({
    max_context_len: values.contextTokens,
    max_new_tokens: values.newTokensMax,
    n_keep: values.nKeep,
    ...samplingFields(values.sampling),
    skip_special_token: values.skipSpecialToken,
    is_async: false,
    "extend_param.base_domain_id": values.baseDomainId,
    "extend_param.embed_flash": values.embedFlash ? 1 : 0,
    "extend_param.enabled_cpus_num": values.cpuCount,
    "extend_param.enabled_cpus_mask": values.cpuMask,
    "extend_param.n_batch": values.nBatch,
  });
  assert(abi.ignoreEos || !values.ignoreEos, `ABI ${abi.id} can ignore the end-of-sequence token`);
  if (abi.ignoreEos) writer.set("ignore_eos_token", values.ignoreEos);
  if (abi.imageTags === "init") {
    // 1.2 runtimes read these strings without a test for NULL, text-only models included.
    const empty = nativeString("");
    writer.point("img_start", empty).point("img_end", empty).point("img_content", empty);
  }
  return writer.pack();
}

/**
 * The third argument of rkllm_init: the function's own address, or that of an RKLLMCallback that names it. Keep the result as long as the
 * handle.
 * @param callback address of an LLMResultCallback.
 * @param userdata passed to it by runs that bring no userdata of their own; 1.2 passes NULL then, so each run should bring it.
 */
export function packCallback(abi: Abi, callback: Pointer, userdata: Pointer | null): NativeArgument {
  if (abi.initCallback === "function") return { address: callback, keep: [] };
  return new StructWriter(abi.structs, "RKLLMCallback")
    .point("result_callback", { address: callback, keep: [] })
    .point("result_userdata", userdata === null ? null : { address: userdata, keep: [] })
    .pack();
}

/** A prompt of token ids: the runtime applies no template to it. The ids are copied; there must be at least one. */
export function packTokenInput(abi: Abi, ids: Int32Array): PackedStruct {
  return new StructWriter(abi.structs, "RKLLMInput")
    .point("role", nativeString("user"))
    .set("input_type", INPUT_TYPE.token)
    .point("token_input.input_ids", nativeInt32s(ids))
    .set("token_input.n_tokens", ids.length)
    .pack();
}

/**
 * A prompt of text, which the runtime wraps in the template in force and tokenizes, control tokens included.
 * @param role "user" or "tool".
 * @throws AppError invalid_request when the text contains a NUL.
 */
export function packTextInput(abi: Abi, text: string, role: "user" | "tool", enableThinking: boolean): PackedStruct {
  return new StructWriter(abi.structs, "RKLLMInput")
    .point("role", nativeString(role))
    .set("enable_thinking", enableThinking)
    .set("input_type", INPUT_TYPE.prompt)
    .point("prompt_input", nativeString(text))
    .pack();
}

/** A lane of a batch that has nothing to do: no tokens. */
export function packNoInput(abi: Abi): PackedStruct {
  return new StructWriter(abi.structs, "RKLLMInput").point("role", nativeString("user")).set("input_type", INPUT_TYPE.token).pack();
}

/** Inputs one behind the other, as a batch takes them. */
export function packInputs(inputs: readonly PackedStruct[]): NativeArgument {
  const [only, ...others] = inputs;
  if (only !== undefined && others.length === 0) return only;
  const bytes = nativeBytes(inputs.reduce((sum, input) => sum + input.bytes.length, 0));
  let at = 0;
  for (const input of inputs) {
    bytes.set(input.bytes, at);
    at += input.bytes.length;
  }
  return { address: ptr(bytes), keep: [bytes, ...inputs] };
}

/** The options of one run. Keep the result until rkllm_run has returned. */
export function packInferParam(abi: Abi, values: InferValues): PackedStruct {
  const { structs } = abi;
  const writer = new StructWriter(structs, "RKLLMInferParam")
    .set("mode", INFER_MODE[values.mode])
    .set("keep_history", values.keepHistory ? 1 : 0);
  if (values.loraName !== undefined) {
    writer.point(
      "lora_params",
      new StructWriter(structs, "RKLLMLoraParam").point("lora_adapter_name", nativeString(values.loraName)).pack(),
    );
  }
  if (values.promptCache !== undefined) {
    const cache = new StructWriter(structs, "RKLLMPromptCacheParam")
      .set("save_prompt_cache", values.promptCache.save ? 1 : 0)
      .point("prompt_cache_path", nativeString(values.promptCache.path));
    writer.point("prompt_cache_params", cache.pack());
  }
  if (abi.perRunTokensMax) writer.set("max_new_tokens", values.newTokensMax);
  if (abi.perRunSampling && values.sampling !== null) {
    writer.point("sampling_params", new StructWriter(structs, "RKLLMSamplingParam").setAll(samplingFields(values.sampling)).pack());
  }
  return writer.pack();
}

/** An adapter for rkllm_load_lora, named as `InferValues.loraName` will name it. */
export function packLoraAdapter(abi: Abi, values: { readonly path: string; readonly name: string; readonly scale: number }): PackedStruct {
  return new StructWriter(abi.structs, "RKLLMLoraAdapter")
    .point("lora_adapter_path", nativeString(values.path))
    .point("lora_adapter_name", nativeString(values.name))
    .set("scale", values.scale)
    .pack();
}

/** The nine values by their C names, which RKLLMParam and RKLLMSamplingParam share. */
function samplingFields(sampling: Sampling) {
  return {
    top_k: sampling.topK,
    top_p: sampling.topP,
    temperature: sampling.temperature,
    repeat_penalty: sampling.repeatPenalty,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    mirostat: sampling.mirostat,
    mirostat_tau: sampling.mirostatTau,
    mirostat_eta: sampling.mirostatEta,
  };
}
