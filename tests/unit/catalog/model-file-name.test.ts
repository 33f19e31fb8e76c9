import { describe, expect, test } from "bun:test";
import { modelFormatOf, parseModelFileName, splitPartOf } from "../../../src/catalog/model-file-name.ts";

/** File name · id · long id · family · size · quantization · SoC · context · toolkit; "-" where the name does not tell. */
const NAMES = `
Qwen_Qwen3-0.6B-w8a8-opt0-hybrid0-npu3-ctx16384-rk3588.rkllm          | qwen3-0.6b | qwen3-0.6b | qwen3 | 0.6B | w8a8 | rk3588 | 16384 | -
gemma-3-1b-it_w8a8.rkllm                                              | gemma3-1b | gemma3-1b-it | gemma3 | 1B | w8a8 | - | 4096 | -
google_gemma-3-270m-w8a8-opt0-hybrid0-npu3-ctx16384-rk3588.rkllm      | gemma3-270m | gemma3-270m | gemma3 | 270M | w8a8 | rk3588 | 16384 | -
google_gemma-3-270m-it-w8a8-opt0-hybrid0-npu3-ctx16384-rk3588.rkllm   | gemma3-270m | gemma3-270m-it | gemma3 | 270M | w8a8 | rk3588 | 16384 | -
gemma-3-4b-it-w8a8-rk3588.rkllm                                       | gemma3-4b | gemma3-4b-it | gemma3 | 4B | w8a8 | rk3588 | 4096 | -
gemma-4-E2B-it-w8a8-16k-rk3588.rkllm                                  | gemma4-e2b | gemma4-e2b-it | gemma4 | E2B | w8a8 | rk3588 | 16384 | -
Qwen3-Embedding-0.6B_w8a8.rkllm                                       | qwen3-embedding-0.6b | qwen3-embedding-0.6b | qwen3 | 0.6B | w8a8 | - | 4096 | -
Qwen3-4B-Instruct-2507-rk3588-w8a8_g512-opt-1-hybrid-ratio-1.0.rkllm  | qwen3-4b-instruct-2507 | qwen3-4b-instruct-2507 | qwen3 | 4B | w8a8_g512 | rk3588 | 4096 | -
Qwen2.5-1.5B-Instruct-rk3588-w8a8-opt-1-hybrid-ratio-1.0.rkllm        | qwen2.5-1.5b | qwen2.5-1.5b-instruct | qwen2 | 1.5B | w8a8 | rk3588 | 4096 | -
Qwen2.5-3B-Instruct-rk3588-w8a8-opt-0-hybrid-ratio-0.5.rkllm          | qwen2.5-3b | qwen2.5-3b-instruct | qwen2 | 3B | w8a8 | rk3588 | 4096 | -
Qwen2.5-3B-abliterated-16k-rk3588.rkllm                               | qwen2.5-3b-abliterated | qwen2.5-3b-abliterated | qwen2 | 3B | - | rk3588 | 16384 | -
Qwen2.5-1.5B-Instruct_W8A8_RK3562.rkllm                               | qwen2.5-1.5b | qwen2.5-1.5b-instruct | qwen2 | 1.5B | w8a8 | rk3562 | 4096 | -
Qwen2.5-1.5B-Instruct_w4a16_RK3576.rkllm                              | qwen2.5-1.5b | qwen2.5-1.5b-instruct | qwen2 | 1.5B | w4a16 | rk3576 | 4096 | -
Qwen2.5-1.5B-Instruct-rk3588s-1.1.4.rkllm                             | qwen2.5-1.5b | qwen2.5-1.5b-instruct | qwen2 | 1.5B | - | rk3588 | 4096 | 1.1.4
Qwen2.5-VL-7B-Instruct-rk3588-w8a8-opt-1-hybrid-ratio-0.5.rkllm       | qwen2.5-vl-7b | qwen2.5-vl-7b-instruct | qwen2vl | 7B | w8a8 | rk3588 | 4096 | -
qwen2vl_2b_w8a8_rk3576.rkllm                                          | qwen2vl-2b | qwen2vl-2b | qwen2vl | 2B | w8a8 | rk3576 | 4096 | -
qwen2.5-7b-instruct-rk3588.rkllm                                      | qwen2.5-7b | qwen2.5-7b-instruct | qwen2 | 7B | - | rk3588 | 4096 | -
qwen3-vl-2b-instruct_w8a8_rk3588.rkllm                                | qwen3-vl-2b | qwen3-vl-2b-instruct | qwen3vl | 2B | w8a8 | rk3588 | 4096 | -
qwen3-vl-2b-instruct_w4a16_g128_rk3576.rkllm                          | qwen3-vl-2b | qwen3-vl-2b-instruct | qwen3vl | 2B | w4a16_g128 | rk3576 | 4096 | -
Qwen3-4B-Base-rk3576-w4a16-grq-v1.2.3-RKLLM.rkllm                     | qwen3-4b-base | qwen3-4b-base | qwen3 | 4B | w4a16 | rk3576 | 4096 | 1.2.3
Qwen3-1.7B-Instruct-RK3588-W8A8-normal-v1.2.1b1-RKLLM.rkllm           | qwen3-1.7b | qwen3-1.7b-instruct | qwen3 | 1.7B | w8a8 | rk3588 | 4096 | 1.2.1
Qwen3-1.7B_W8A8_RK3588.rkllm                                          | qwen3-1.7b | qwen3-1.7b | qwen3 | 1.7B | w8a8 | rk3588 | 4096 | -
Qwen3-4B-rk3588-w8a8-opt-0-hybrid-ratio-0.0.rkllm                     | qwen3-4b | qwen3-4b | qwen3 | 4B | w8a8 | rk3588 | 4096 | -
Qwen3-8B_w8a8_g128_rk3588_16384.rkllm                                 | qwen3-8b | qwen3-8b | qwen3 | 8B | w8a8_g128 | rk3588 | 16384 | -
Qwen3-0.6B-RKLLM.rkllm                                                | qwen3-0.6b | qwen3-0.6b | qwen3 | 0.6B | - | - | 4096 | -
Qwen3-0.6B_W8A8_RK3562_opt0.rkllm                                     | qwen3-0.6b | qwen3-0.6b | qwen3 | 0.6B | w8a8 | rk3562 | 4096 | -
Qwen3-0.6B_W4A16_RV1126B.rkllm                                        | qwen3-0.6b | qwen3-0.6b | qwen3 | 0.6B | w4a16 | rv1126b | 4096 | -
qwen3_0.6b_w4a16_g64_rk3562.rkllm                                     | qwen3-0.6b | qwen3-0.6b | qwen3 | 0.6B | w4a16_g64 | rk3562 | 4096 | -
Qwen3.5-4B_w8a8_rk3588_ctx4096.rkllm                                  | qwen3.5-4b | qwen3.5-4b | qwen35 | 4B | w8a8 | rk3588 | 4096 | -
Qwen3.5-0.8B_w4a16_g128_rk3576.rkllm                                  | qwen3.5-0.8b | qwen3.5-0.8b | qwen35 | 0.8B | w4a16_g128 | rk3576 | 4096 | -
decoder_qwen3.w8a8.rk3576.rkllm                                       | decoder-qwen3 | decoder-qwen3 | unknown | - | w8a8 | rk3576 | 4096 | -
DeepSeek-R1-Distill-Qwen-1.5B_W4A16_G128_RK3576.rkllm                 | deepseek-r1-distill-qwen-1.5b | deepseek-r1-distill-qwen-1.5b | qwen2 | 1.5B | w4a16_g128 | rk3576 | 4096 | -
DeepSeek-R1-Distill-Qwen-1.5B_W8A8_RK3588.rkllm                       | deepseek-r1-distill-qwen-1.5b | deepseek-r1-distill-qwen-1.5b | qwen2 | 1.5B | w8a8 | rk3588 | 4096 | -
deepseek-llm-7b-chat-rk3588-w8a8_g256-opt-1-hybrid-ratio-0.5.rkllm    | deepseek-llm-7b | deepseek-llm-7b-chat | deepseek2 | 7B | w8a8_g256 | rk3588 | 4096 | -
Llama-3.2-3B-Instruct_W8A8_RK3588_v1.22.rkllm                         | llama3.2-3b | llama3.2-3b-instruct | llama | 3B | w8a8 | rk3588 | 4096 | 1.2.2
Llama-3.2-1B-Instruct_W8A8_RK3588.rkllm                               | llama3.2-1b | llama3.2-1b-instruct | llama | 1B | w8a8 | rk3588 | 4096 | -
meta-llama_Llama-3.2-3B-rk3588.rkllm                                  | llama3.2-3b | llama3.2-3b | llama | 3B | - | rk3588 | 4096 | -
LLaMA-Mesh-rk3588-w8a8_g128-opt-1-hybrid-ratio-0.5.rkllm              | llama-mesh | llama-mesh | llama | - | w8a8_g128 | rk3588 | 4096 | -
TinyLlama-1.1B-Chat-v1.0-rk3588-w8a8-opt-0-hybrid-ratio-0.5.rkllm     | tinyllama-1.1b-chat-v1.0 | tinyllama-1.1b-chat-v1.0 | llama | 1.1B | w8a8 | rk3588 | 4096 | -
T-lite-it-2.1_W8A8_RK3588.rkllm                                       | t-lite-it-2.1 | t-lite-it-2.1 | unknown | - | w8a8 | rk3588 | 4096 | -
MiniCPM4-0.5B_w4a16_RV1126B.rkllm                                     | minicpm4-0.5b | minicpm4-0.5b | minicpm | 0.5B | w4a16 | rv1126b | 4096 | -
internvl3-1b-instruct_122_w8a8_rv1126b.rkllm                          | internvl3-1b | internvl3-1b-instruct | internvl | 1B | w8a8 | rv1126b | 4096 | 1.2.2
fastvlm-0.5B-w8a8_level0.rv1126b.rkllm                                | fastvlm-0.5b | fastvlm-0.5b | unknown | 0.5B | w8a8 | rv1126b | 4096 | -
Llama-3.2-1B-Instruct_RK3576_w4a16_g128.rkllm                         | llama3.2-1b | llama3.2-1b-instruct | llama | 1B | w4a16_g128 | rk3576 | 4096 | -
Qwen3-0.6B-rk3588-w8a8_g256-opt-1-hybrid-ratio-0.5.rkllm              | qwen3-0.6b | qwen3-0.6b | qwen3 | 0.6B | w8a8_g256 | rk3588 | 4096 | -
Qwen3-1.7B-w4a16_g32-rk3562.rkllm                                     | qwen3-1.7b | qwen3-1.7b | qwen3 | 1.7B | w4a16_g32 | rk3562 | 4096 | -
Qwen3-1.7B-Instruct-RK3562-W4A8_G32-GRQ-v1.2.3-RKLLM.rkllm            | qwen3-1.7b | qwen3-1.7b-instruct | qwen3 | 1.7B | w4a8_g32 | rk3562 | 4096 | 1.2.3
Qwen3-0.6B-w4a16-2-1024.rkllm                                         | qwen3-0.6b | qwen3-0.6b | qwen3 | 0.6B | w4a16 | - | 1024 | -
Qwen3-1.7B-w8a8-2-16384.rkllm                                         | qwen3-1.7b | qwen3-1.7b | qwen3 | 1.7B | w8a8 | - | 16384 | -
Qwen2.5-0.5B-Instruct-1.2.0.rkllm                                     | qwen2.5-0.5b | qwen2.5-0.5b-instruct | qwen2 | 0.5B | - | - | 4096 | 1.2.0
deepseek-r1-1.5B-rkllm1.1.4.rkllm                                     | deepseek-r1-1.5b | deepseek-r1-1.5b | deepseek2 | 1.5B | - | - | 4096 | 1.1.4
qwen2.5-vl-3b-w4a16_level1_rk3576.rkllm                               | qwen2.5-vl-3b | qwen2.5-vl-3b | qwen2vl | 3B | w4a16 | rk3576 | 4096 | -
Phi-3-mini-128k-instruct-rk3588-w8a8.rkllm                            | phi3-mini-128k | phi3-mini-128k-instruct | phi3 | - | w8a8 | rk3588 | 4096 | -
SmolLM2-135M-Instruct.Q4_1.gguf                                       | smollm2-135m | smollm2-135m-instruct | llama | 135M | Q4_1 | - | - | -
Qwen_Qwen3-0.6B-Q4_K_M.gguf                                           | qwen3-0.6b | qwen3-0.6b | qwen3 | 0.6B | Q4_K_M | - | - | -
Qwen3-0.6B-UD-Q4_K_XL.gguf                                            | qwen3-0.6b | qwen3-0.6b | qwen3 | 0.6B | UD-Q4_K_XL | - | - | -
Qwen3-30B-A3B-i1-Q4_K_M.gguf                                          | qwen3-30b-a3b | qwen3-30b-a3b | qwen3 | 30B | Q4_K_M | - | - | -
qwen2.5-0.5b-instruct-q4_k_m.gguf                                     | qwen2.5-0.5b | qwen2.5-0.5b-instruct | qwen2 | 0.5B | Q4_K_M | - | - | -
Qwen2.5-Coder-1.5B-Instruct.f16.gguf                                  | qwen2.5-coder-1.5b | qwen2.5-coder-1.5b-instruct | qwen2 | 1.5B | F16 | - | - | -
google_gemma-3-1b-it-IQ4_XS.gguf                                      | gemma3-1b | gemma3-1b-it | gemma3 | 1B | IQ4_XS | - | - | -
Meta-Llama-3-8B-Instruct.Q4_K_M.gguf                                  | llama3-8b | llama3-8b-instruct | llama | 8B | Q4_K_M | - | - | -
Mistral-7B-Instruct-v0.3-Q5_K_S-00001-of-00002.gguf                   | mistral-7b-instruct-v0.3 | mistral-7b-instruct-v0.3 | mistral | 7B | Q5_K_S | - | - | -
Phi-3-mini-4k-instruct-q4.gguf                                        | phi3-mini-4k | phi3-mini-4k-instruct | phi3 | - | Q4 | - | - | -
DeepSeek-R1-0528-Qwen3-8B-Q4_0.gguf                                   | deepseek-r1-0528-qwen3-8b | deepseek-r1-0528-qwen3-8b | qwen3 | 8B | Q4_0 | - | - | -
gpt-oss-20b-mxfp4.gguf                                                | gpt-oss-20b | gpt-oss-20b | unknown | 20B | MXFP4 | - | - | -
stories260K.gguf                                                      | stories260k | stories260k | unknown | - | - | - | - | -
model.RKLLM                                                           | model | model | unknown | - | - | - | 4096 | -
rk3588.rkllm                                                          | rk3588 | rk3588 | unknown | - | - | rk3588 | 4096 | -
`;

const rows = NAMES.trim()
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("parseModelFileName", () => {
  test.each(rows)("%s", (fileName, ...expected) => {
    const { id, longId, family, parameterSize, quantization, soc, contextTokensMax, toolkitVersion } = parseModelFileName(fileName ?? "");
    const told = [id, longId, family, parameterSize, quantization, soc, contextTokensMax, toolkitVersion];
    expect(told.map((fact) => String(fact ?? "-") || "-")).toEqual(expected);
  });

  test("every spelling people use is an alias", () => {
    expect(parseModelFileName("gemma-3-1b-it_w8a8.rkllm").aliases.toSorted()).toEqual([
      "gemma-3-1b-it_w8a8",
      "gemma-3-1b-it_w8a8.rkllm",
      "gemma3-1b-it",
      "gemma3-1b-it-w8a8",
      "gemma3-1b-w8a8",
      "gemma3:1b",
      "gemma3:1b-it",
      "gemma3:1b-it-w8a8",
      "gemma3:1b-w8a8",
    ]);
  });

  test("a name in another script keeps its letters", () => {
    expect(parseModelFileName("模型 (测试)-0.5B_w8a8.rkllm").id).toBe("模型-测试-0.5b");
  });
});

test("modelFormatOf knows two endings in any case", () => {
  expect(["a.gguf", "a.GGUF", "a.RkLlm", "a.gguf.partial", "a.rknn", "gguf", ""].map(modelFormatOf)).toEqual([
    "gguf",
    "gguf",
    "rkllm",
    null,
    null,
    null,
    null,
  ]);
});

test("splitPartOf reads the part of a split GGUF", () => {
  expect(splitPartOf("x-00002-of-00003.gguf")).toEqual({ part: 2, parts: 3 });
  expect(splitPartOf("x-2-of-3.gguf")).toBeNull();
});
