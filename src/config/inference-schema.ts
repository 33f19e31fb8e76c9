/** Every key of inference_config.json: sampling, lengths and hardware, each of them for all models or for one. */
import { type Static, Type } from "@sinclair/typebox";
import { zeroIsUnset } from "./ollama-variables.ts";
import { setting } from "./setting.ts";
import { boolean, cpuMask, integer, list, nullable, number, patternText } from "./value-type.ts";

const SAMPLING = {
  temperature: setting(number(0, 2), 0.6, {
    group: "Sampling",
    about: "How freely the next token is chosen; 0 always takes the most likely one.",
  }),
  top_k: setting(integer(0, 1_000_000), 20, {
    group: "Sampling",
    about: "Only this many of the most likely tokens are considered; 1 always takes the most likely one.",
  }),
  top_p: setting(number(0, 1), 0.95, {
    group: "Sampling",
    about: "Only the most likely tokens that together reach this probability are considered; 1 considers all.",
  }),
  repeat_penalty: setting(number(0, 10), 1, {
    group: "Sampling",
    about: "Makes tokens that have occurred less likely; 1 is off.",
  }),
  frequency_penalty: setting(number(-2, 2), 0, {
    group: "Sampling",
    about: "Makes tokens less likely the more often they have occurred; 0 is off.",
  }),
  presence_penalty: setting(number(-2, 2), 0, {
    group: "Sampling",
    about: "Makes tokens that have occurred at all less likely; 0 is off.",
  }),
  mirostat: setting(integer(0, 2), 0, {
    group: "Sampling",
    about: "Mirostat sampling: 0 is off, 1 and 2 are its versions.",
  }),
  mirostat_tau: setting(number(0, 100), 5, { group: "Sampling", about: "How surprising the text may be under Mirostat." }),
  mirostat_eta: setting(number(0, 1), 0.1, { group: "Sampling", about: "How fast Mirostat adapts." }),
};

const LENGTH = {
  max_context_len: setting(integer(32, 1_048_576, "tokens"), 4096, {
    group: "Length",
    about: "Tokens that prompt and answer may have together, or the model's own limit where that is lower.",
    aliases: [{ name: "OLLAMA_CONTEXT_LENGTH", pick: zeroIsUnset, note: "0 counts as not set" }],
  }),
  max_new_tokens: setting(nullable(integer(1, 1_048_576, "tokens")), null, {
    group: "Length",
    about: "Tokens an answer may have when the request sets no limit; null is as many as fit.",
  }),
  n_keep: setting(integer(-1, 1_048_576, "tokens"), 0, {
    group: "Length",
    about: "Tokens at the start of the context that the runtime keeps if it has to shift it; Rockchip's demos use -1.",
  }),
  skip_special_token: setting(boolean(), true, {
    group: "Length",
    about: "Leaves control tokens, such as the end of a turn, out of the answer's text.",
  }),
};

const HARDWARE = {
  cpu_count: setting(integer(1, 8), 4, { group: "Hardware", about: "CPU threads the runtime may use." }),
  cpu_mask: setting(nullable(cpuMask()), null, {
    group: "Hardware",
    about:
      "CPU cores the runtime may use, a bit each, as many as `cpu_count`; null is so many of them, big ones first: 0xF0 on RK3588 and RK3576, 0x0F on RK3562 and RV1126B, for 4.",
  }),
  embed_flash: setting(boolean(), true, {
    group: "Hardware",
    about: "Reads the embedding table from storage instead of keeping it in memory.",
  }),
  n_batch: setting(integer(1, 8), 1, { group: "Hardware", about: "Prompts the runtime may work on in one run; 1 is one after the other." }),
  slots: setting(integer(1, 8), 1, {
    group: "Hardware",
    about:
      "Copies of the model that are open side by side, each with a process and a KV cache of its own; on the NPU they still run one after the other.",
  }),
  runtime_library: setting(
    nullable(patternText("^(\\d+\\.\\d+\\.\\d+|/.+)$", 'a version such as "1.2.3", or an absolute path', "version|path")),
    null,
    {
      group: "Hardware",
      about:
        "The runtime library that opens the model, where there are several: its version or its path; null tries them, the newest first.",
    },
  ),
  base_domain_id: setting(integer(0, 15), 0, {
    group: "Hardware",
    about: "First NPU memory domain of 4 GB that the model uses; large models side by side need different ones.",
  }),
};

const PROMPT_CACHE = {
  system_prompts: setting(list("a list of texts", "texts"), [], {
    group: "Prompt cache",
    about:
      "System prompts that are computed at the start and kept on disk: of the models that `preload` names, and of those with texts of their own.",
  }),
};

/** What inference_config.json may hold beside the sections of single models. */
export const InferenceSchema = Type.Object({ ...SAMPLING, ...LENGTH, ...HARDWARE, ...PROMPT_CACHE });

/** Inference settings of one model, or of all that set nothing else. */
export type InferenceValues = Readonly<Static<typeof InferenceSchema>>;

/** Inference settings for all models, and what single models change of them. */
export interface InferenceConfig extends InferenceValues {
  /** By model name, in lower case. */
  readonly models: Readonly<Record<string, Partial<InferenceValues>>>;
}

/** The settings a model runs with: its own section over the general values. Names are compared without regard to case. */
export function resolveInference(config: InferenceConfig, modelId: string): InferenceValues {
  const { models, ...general } = config;
  return { ...general, ...models[modelId.toLowerCase()] };
}
