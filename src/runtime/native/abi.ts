/**
 * The binary interfaces of the RKLLM runtime. Releases 1.2.1 to 1.2.3 share one, 1.3.0 has another, and the two do not mix: the wrong one
 * crashes or corrupts without a word. The library exports no version function, so the version is read from its file (`library-file.ts`)
 * before the first call, and everything that depends on it is decided here, once.
 */
import type { FFIFunction } from "bun:ffi";
import { AppError } from "../../core/errors.ts";
import type { Sampling } from "../../core/generation.ts";
import { LAYOUTS_1_2, LAYOUTS_1_3, type StructLayouts } from "./struct-layouts.ts";

/** Names the known binary interfaces. */
export type AbiId = "1.2" | "1.3";

/** One binary interface and what follows from it. */
export interface Abi {
  readonly id: AbiId;
  /** Releases that have it, oldest first. */
  readonly versions: readonly string[];
  /** Value of the macro RKLLM_ABI that selects it in external/rkllm-cpu/rkllm.h. */
  readonly headerMacro: 123 | 130;
  readonly structs: StructLayouts;
  /** What rkllm_init takes as its third argument: the result callback itself, or an RKLLMCallback that names it. */
  readonly initCallback: "function" | "struct";
  /** RKLLMInferParam can replace the nine sampling values for one run; otherwise they are fixed by rkllm_init. */
  readonly perRunSampling: boolean;
  /** RKLLMInferParam can replace max_new_tokens for one run. */
  readonly perRunTokensMax: boolean;
  /** RKLLMParam can make generation go on past the end-of-sequence token. */
  readonly ignoreEos: boolean;
  /** Where the image tags of a multimodal model are given. */
  readonly imageTags: "init" | "run";
  /** The result callback may return 2, which frees the output buffer; 0 (go on) and 1 (pause, keep the KV cache) are in both. */
  readonly callbackFree: boolean;
}

const ABIS: Readonly<Record<AbiId, Abi>> = {
  "1.2": {
    id: "1.2",
    versions: ["1.2.1", "1.2.2", "1.2.3"],
    headerMacro: 123,
    structs: LAYOUTS_1_2,
    initCallback: "function",
    perRunSampling: false,
    perRunTokensMax: false,
    ignoreEos: false,
    imageTags: "init",
    callbackFree: false,
  },
  "1.3": {
    id: "1.3",
    versions: ["1.3.0"],
    headerMacro: 130,
    structs: LAYOUTS_1_3,
    initCallback: "struct",
    perRunSampling: true,
    perRunTokensMax: true,
    ignoreEos: true,
    imageTags: "run",
    callbackFree: true,
  },
};

/** Releases whose interface is known, oldest first. */
export const KNOWN_VERSIONS: readonly string[] = Object.values(ABIS).flatMap((abi) => abi.versions);

/** The sentences every refusal of a version ends with. */
export const VERSION_HINT =
  `Known versions: ${KNOWN_VERSIONS.join(", ")}. Releases before 1.2.1, its beta 1.2.1b1 included, have another binary interface: replace the library. ` +
  "If a newer one has the interface of a known version, say so with --runtime-version 1.3.0 or the configuration key runtime_version.";

/** The interface with this id. */
export function abiById(id: AbiId): Abi {
  return ABIS[id];
}

/**
 * The interface of a release, or undefined when it is not known. A leading "v" is allowed, a pre-release suffix is not: 1.2.1b1 has the
 * interface of 1.2.0, not that of 1.2.1 (rkllm.h at Rockchip's tag release-v1.2.1b1).
 */
export function findAbi(version: string): Abi | undefined {
  const release = version.trim().replace(/^v/i, "");
  return Object.values(ABIS).find((abi) => abi.versions.includes(release));
}

/**
 * The interface of a release.
 * @throws AppError runtime_version_unknown when it is not known; layouts have changed between releases before, so nothing is guessed.
 */
export function abiForVersion(version: string): Abi {
  const abi = findAbi(version);
  if (abi === undefined)
    throw new AppError("runtime_version_unknown", `The RKLLM runtime version "${version}" is not known. ${VERSION_HINT}`);
  return abi;
}

/** LLMCallState: why the result callback is called. */
export const CALL_STATE = { normal: 0, waiting: 1, finish: 2, error: 3 } as const;

/** RKLLMInputType: which member of RKLLMInput's union is set. */
export const INPUT_TYPE = { prompt: 0, token: 1, embed: 2, multimodal: 3 } as const;

/** RKLLMInferMode: what a run delivers. */
export const INFER_MODE = { generate: 0, lastHiddenLayer: 1, logits: 2 } as const;

/**
 * The sampling that rkllm_createDefaultParam sets, as far as Rockchip's manual states it. The function itself is never called: it returns a
 * struct by value, through a register (x8 on aarch64) that a foreign-function call cannot set.
 */
export const LIBRARY_SAMPLING: Sampling = {
  temperature: 0.8,
  topK: 40,
  topP: 0.9,
  repeatPenalty: 1.1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  mirostat: 0,
  mirostatTau: 5,
  mirostatEta: 0.1,
};

/**
 * The functions both interfaces export, in bun:ffi's terms; handles are pointers, every result is 0 for success. Their declared types are the
 * same in both, only the structs behind the pointers and rkllm_init's third argument differ (`initCallback`).
 */
export const RKLLM_FUNCTIONS = {
  /** (LLMHandle*, RKLLMParam*, callback function or RKLLMCallback*) */
  rkllm_init: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  rkllm_destroy: { args: ["ptr"], returns: "i32" },
  /** (handle, RKLLMInput*, RKLLMInferParam*, userdata) */
  rkllm_run: { args: ["ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  rkllm_run_async: { args: ["ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  rkllm_abort: { args: ["ptr"], returns: "i32" },
  /** Documented as 0 while running by 1.2 and as 1 while running by 1.3: not to be relied on. */
  rkllm_is_running: { args: ["ptr"], returns: "i32" },
  /** (handle, keep_system_prompt, int* starts, int* ends) */
  rkllm_clear_kv_cache: { args: ["ptr", "i32", "ptr", "ptr"], returns: "i32" },
  /** (handle, int sizes[n_batch]) */
  rkllm_get_kv_cache_size: { args: ["ptr", "ptr"], returns: "i32" },
  /** (handle, RKLLMLoraAdapter*) */
  rkllm_load_lora: { args: ["ptr", "ptr"], returns: "i32" },
  /** (handle, path) */
  rkllm_load_prompt_cache: { args: ["ptr", "ptr"], returns: "i32" },
  rkllm_release_prompt_cache: { args: ["ptr"], returns: "i32" },
  /** (handle, system, prefix, postfix) */
  rkllm_set_chat_template: { args: ["ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  /** (handle, system, tools as JSON, tool response tag) */
  rkllm_set_function_tools: { args: ["ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  /** (handle, RKLLMCrossAttnParam*) */
  rkllm_set_cross_attn_params: { args: ["ptr", "ptr"], returns: "i32" },
} as const satisfies Record<string, FFIFunction>;
