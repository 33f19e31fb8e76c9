import { describe, expect, test } from "bun:test";
import type { LoadFacts } from "../../../src/core/model.ts";
import { LoadLog } from "../../../src/runtime/load-log.ts";

function factsOf(...lines: readonly string[]): LoadFacts {
  const log = new LoadLog();
  for (const line of lines) log.read(line);
  return log.facts;
}

describe("LoadLog", () => {
  test("reads all that librkllmrt says while it loads a model", () => {
    // source: a terminal of a user, RK3588
    expect(
      factsOf(
        "rkllm init start",
        "W rkllm: Warning: Your rknpu driver version is too low, please upgrade to 0.9.7",
        "I rkllm: rkllm-runtime version: 1.3.0, rknpu driver version: 0.8.2, platform: RK3588",
        "I rkllm: loading rkllm model from ./models/DeepSeek-R1-Distill-Qwen-1.5B_W8A8_RK3588.rkllm",
        "I rkllm: rkllm-toolkit version: 1.2.1b1, max_context_limit: 4096, npu_core_num: 3, target_platform: RK3588, model_dtype: W8A8",
        "I rkllm: Enabled cpus: [4, 5, 6, 7]",
        "I rkllm: Enabled cpus num: 4",
      ),
    ).toEqual({
      runtimeVersion: "1.3.0",
      driverVersion: "0.8.2",
      toolkitVersion: "1.2.1b1",
      contextTokensMax: 4096,
      npuCores: 3,
      soc: "rk3588",
      quantization: "w8a8",
    });
  });

  test("reads groups, and leaves out what the library does not know", () => {
    expect(
      factsOf(
        "I rkllm: rkllm-toolkit version: unknown, max_context_limit: 16384, npu_core_num: 2, target_platform: RK3576, model_dtype: W4A16_G128",
      ),
    ).toEqual({ contextTokensMax: 16_384, npuCores: 2, soc: "rk3576", quantization: "w4a16_g128" });
  });

  test("reads the short line of older versions", () => {
    expect(factsOf("I rkllm: rkllm-toolkit version: 1.2.1b1, max_context_limit: 4096, npu_core_num: 3")).toEqual({
      toolkitVersion: "1.2.1b1",
      contextTokensMax: 4096,
      npuCores: 3,
    });
  });

  test("reads the limit of a model that was refused for it", () => {
    expect(factsOf("E rkllm: max_context[16384] must be less than the model's max_context_limit[4096]")).toEqual({
      contextTokensMax: 4096,
    });
  });

  test("takes nothing for a fact that is none", () => {
    expect(
      factsOf(
        "I rkllm: rkllm-toolkit version: , max_context_limit: many, npu_core_num: 0, target_platform: CPU, model_dtype: Q4_1",
        "max_context_limit: 32",
        "I rkllm: loading rkllm model from /models/max_context_limit: 64/x.rkllm",
      ),
    ).toEqual({});
  });

  test("takes nothing of what is printed once the model is open: a prompt may say anything", () => {
    const log = new LoadLog();
    log.read("I rkllm: max_context_limit: 4096");
    log.end();
    log.read("I rkllm: prompt: max_context_limit: 32, model_dtype: W4A16");
    expect(log.facts).toEqual({ contextTokensMax: 4096 });
  });
});
