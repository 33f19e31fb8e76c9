/**
 * The list of models that can be pulled by a short name. A repository stands here only where public material names it: pages of the hub,
 * documents and programs of people who use it. A model without a conversion for a SoC is still known: `pull` then says what to look for.
 */
import type { Soc } from "../core/model.ts";

/** A repository with weights of a model. */
export interface Conversion {
  readonly repository: string;
  /** What a .rkllm is for; absent for a .gguf. */
  readonly soc?: Soc;
  /** RKLLM toolkit that made it, as the repository or its page says; absent where nothing does. */
  readonly toolkit?: string;
  /** The file to take where the repository has several that differ in more than a machine can judge. */
  readonly file?: string;
  /** Somebody has pulled it with this program and had an answer from it. */
  readonly verified: boolean;
}

/** A model with a short name. */
export interface ShortModel {
  /** As Ollama writes it: `qwen3:0.6b`. */
  readonly name: string;
  /** Its publisher's own repository, which has the tokenizer and the template. */
  readonly original: string;
  /** Conversions for NPUs, of each SoC the best first. */
  readonly npu: readonly Conversion[];
  readonly gguf: Conversion;
}

type Rest = Pick<Conversion, "toolkit" | "file">;
const gguf = (repository: string): Conversion => ({ repository, verified: false });
const on = (soc: Soc, repository: string, rest: Rest = {}): Conversion => ({ repository, soc, ...rest, verified: false });
/** A repository with files for both. */
const onBoth = (repository: string, rest: Rest = {}) => [on("rk3588", repository, rest), on("rk3576", repository, rest)];

/** The list. */
export const SHORT_MODELS: readonly ShortModel[] = [
  {
    name: "qwen3:0.6b",
    original: "Qwen/Qwen3-0.6B",
    npu: [
      on("rk3588", "dulimov/Qwen3-0.6B-rk3588-1.2.1-unsloth-16k", {
        toolkit: "1.2.1",
        file: "Qwen3-0.6B-rk3588-w8a8-opt-1-hybrid-ratio-0.0.rkllm",
      }),
      on("rk3576", "JiahaoLi/Qwen3-RK3576", { file: "Qwen3-0.6B-rk3576-w4a16.rkllm" }),
    ],
    gguf: gguf("Qwen/Qwen3-0.6B-GGUF"),
  },
  {
    name: "qwen3:1.7b",
    original: "Qwen/Qwen3-1.7B",
    npu: [on("rk3588", "GatekeeperZA/Qwen3-1.7B-RKLLM-v1.2.3", { toolkit: "1.2.3" }), ...onBoth("HanzoHuang/Qwen3-1.7B-RKLLM")],
    gguf: gguf("Qwen/Qwen3-1.7B-GGUF"),
  },
  {
    name: "qwen3:4b",
    original: "Qwen/Qwen3-4B",
    npu: [
      on("rk3588", "GatekeeperZA/Qwen3-4B-RKLLM-v1.2.3", { toolkit: "1.2.3" }),
      on("rk3588", "dulimov/Qwen3-4B-rk3588-1.2.1-base", {
        toolkit: "1.2.1",
        file: "Qwen3-4B-rk3588-w8a8-opt-1-hybrid-ratio-0.0.rkllm",
      }),
      on("rk3576", "HanzoHuang/Qwen3-4B-RKLLM"),
    ],
    gguf: gguf("Qwen/Qwen3-4B-GGUF"),
  },
  {
    name: "qwen3-embedding:0.6b",
    original: "Qwen/Qwen3-Embedding-0.6B",
    npu: [
      on("rk3588", "GatekeeperZA/Qwen3-Embedding-0.6B-RKLLM-v1.2.3", { toolkit: "1.2.3" }),
      on("rk3588", "dulimov/Qwen3-Embedding-0.6B-rk3588-1.2.1", {
        toolkit: "1.2.1",
        file: "Qwen3-Embedding-0.6B-rk3588-w8a8-opt-1-hybrid-ratio-0.5.rkllm",
      }),
    ],
    gguf: gguf("Qwen/Qwen3-Embedding-0.6B-GGUF"),
  },
  {
    name: "gemma3:1b",
    original: "google/gemma-3-1b-it",
    npu: [
      on("rk3588", "jamescallander/gemma-3-1b-it_w8a8_g128_rk3588.rkllm", { toolkit: "1.2.1" }),
      on("rk3588", "thanhtantran/gemma-3-1b-it-rk3588-1.2.0", {
        toolkit: "1.2.0",
        file: "gemma-3-1b-it-rk3588-w8a8-opt-1-hybrid-ratio-0.0.rkllm",
      }),
    ],
    gguf: gguf("ggml-org/gemma-3-1b-it-GGUF"),
  },
  { name: "smollm2:135m", original: "HuggingFaceTB/SmolLM2-135M-Instruct", npu: [], gguf: gguf("bartowski/SmolLM2-135M-Instruct-GGUF") },
  { name: "smollm2:360m", original: "HuggingFaceTB/SmolLM2-360M-Instruct", npu: [], gguf: gguf("bartowski/SmolLM2-360M-Instruct-GGUF") },
  {
    name: "smollm2:1.7b",
    original: "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    npu: [on("rk3588", "Venator2025/SmolLM2-1.7B-Instruct-rk3588-1.1.4", { toolkit: "1.1.4" })],
    gguf: gguf("HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF"),
  },
  {
    name: "llama3.2:1b",
    original: "meta-llama/Llama-3.2-1B-Instruct",
    npu: [
      ...onBoth("HanzoHuang/Llama-3.2-1B-Instruct-RKLLM", { toolkit: "1.3.0" }),
      on("rk3588", "c01zaut/Llama-3.2-1B-Instruct-rk3588-1.1.1", {
        toolkit: "1.1.1",
        file: "Llama-3.2-1B-Instruct-rk3588-w8a8-opt-1-hybrid-ratio-1.0.rkllm",
      }),
    ],
    gguf: gguf("bartowski/Llama-3.2-1B-Instruct-GGUF"),
  },
  {
    name: "llama3.2:3b",
    original: "meta-llama/Llama-3.2-3B-Instruct",
    npu: [
      ...onBoth("HanzoHuang/Llama-3.2-3B-Instruct-RKLLM", { toolkit: "1.3.0" }),
      on("rk3588", "GatekeeperZA/Llama-3.2-3B-Instruct-RKLLM-v1.2.3", { toolkit: "1.2.3" }),
      on("rk3588", "jamescallander/Llama-3.2-3B-Instruct_w8a8_g128_rk3588.rkllm", { toolkit: "1.2.1" }),
    ],
    gguf: gguf("mradermacher/Llama-3.2-3B-Instruct-GGUF"),
  },
  {
    name: "deepseek-r1:1.5b",
    original: "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B",
    npu: [
      ...onBoth("HanzoHuang/DeepSeek-R1-Distill-Qwen-1.5B-RKLLM", { toolkit: "1.3.0" }),
      on("rk3588", "VRxiaojie/DeepSeek-R1-Distill-Qwen-1.5B-RK3588S-RKLLM1.1.4", { toolkit: "1.1.4" }),
    ],
    gguf: gguf("bartowski/DeepSeek-R1-Distill-Qwen-1.5B-GGUF"),
  },
];

/** The model's name as its publisher writes it. */
export function titleOf({ original }: ShortModel): string {
  return original.slice(original.indexOf("/") + 1);
}
