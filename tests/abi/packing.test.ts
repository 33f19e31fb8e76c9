/** Packed structs, read back by compiled C through the header's declarations. */
import { describe, expect, test } from "bun:test";
import { CString, type Pointer, ptr, read } from "bun:ffi";
import type { Sampling } from "../../src/core/generation.ts";
import { abiById, type AbiId } from "../../src/runtime/native/abi.ts";
import {
  packCallback,
  packInferParam,
  packLoraAdapter,
  packParam,
  packTextInput,
  packTokenInput,
  type InitValues,
} from "../../src/runtime/native/structs.ts";
import { StructReader } from "./probe.ts";

/** Values a 32-bit float holds exactly, so that they can be compared as they are. */
const SAMPLING: Sampling = {
  temperature: 0.5,
  topK: 40,
  topP: 0.75,
  repeatPenalty: 1.125,
  frequencyPenalty: -0.25,
  presencePenalty: 0.375,
  mirostat: 2,
  mirostatTau: 5,
  mirostatEta: 0.0625,
};

const SAMPLING_IN_C = {
  temperature: 0.5,
  top_k: 40,
  top_p: 0.75,
  repeat_penalty: 1.125,
  frequency_penalty: -0.25,
  presence_penalty: 0.375,
  mirostat: 2,
  mirostat_tau: 5,
  mirostat_eta: 0.0625,
};

const INIT: InitValues = {
  modelPath: "/models/größe 模型.rkllm",
  contextTokens: 4096,
  newTokensMax: -1,
  sampling: SAMPLING,
  nKeep: -1,
  skipSpecialToken: true,
  ignoreEos: false,
  baseDomainId: 9,
  embedFlash: true,
  cpuCount: 4,
  cpuMask: 0xf0,
  nBatch: 200,
};

const INIT_IN_C = {
  max_context_len: 4096,
  max_new_tokens: -1,
  n_keep: -1,
  ...SAMPLING_IN_C,
  skip_special_token: 1,
  "extend_param.base_domain_id": 9,
  "extend_param.embed_flash": 1,
  "extend_param.enabled_cpus_num": 4,
  "extend_param.enabled_cpus_mask": 0xf0,
  "extend_param.n_batch": 200,
};

const held: unknown[] = [];
const IDS = Int32Array.of(1, 151644, -1, 2_147_483_647);

describe.each<AbiId>(["1.2", "1.3"])("ABI %s", (id) => {
  const abi = abiById(id);
  const reader = new StructReader(abi);

  test("a model's parameters arrive, top_k as an integer, and image tags are never NULL where they exist", () => {
    const { model_path: path, img_start: start, img_end: end, img_content: content, ...others } = readParam(INIT);
    expect(others).toEqual(INIT_IN_C);
    expect(text(path)).toBe("/models/größe 模型.rkllm");
    const tags = [start, end, content].map((tag) => (tag === undefined ? "NULL" : text(tag)));
    expect(tags).toEqual(id === "1.2" ? ["", "", ""] : ["NULL", "NULL", "NULL"]);
  });

  test("the highest CPU of a 32-CPU mask arrives", () => {
    expect(readParam({ ...INIT, cpuMask: 0x8000_0000 })["extend_param.enabled_cpus_mask"]).toBe(0x8000_0000);
  });

  test("a token prompt arrives with its ids", () => {
    const input = hold(packTokenInput(abi, IDS));
    const {
      "token_input.input_ids": ids,
      "token_input.n_tokens": count,
      input_type: type,
      role,
    } = reader.read("RKLLMInput", input.address);
    expect({ count, type, role: text(role) }).toEqual({ count: 4, type: 1, role: "user" });
    expect(int32s(ids, 4)).toEqual([...IDS]);
  });

  test("a token prompt does not follow later changes of the caller's array", () => {
    const ids = Int32Array.from(IDS);
    const input = hold(packTokenInput(abi, ids));
    ids.fill(7);
    expect(int32s(reader.read("RKLLMInput", input.address)["token_input.input_ids"], 4)).toEqual([...IDS]);
  });

  test("a text prompt arrives with role and thinking", () => {
    const input = hold(packTextInput(abi, "Wie geht es? 你好", "tool", true));
    const { prompt_input: prompt, role, enable_thinking: thinking, input_type: type = 0 } = reader.read("RKLLMInput", input.address);
    expect({ prompt: text(prompt), role: text(role), thinking, type }).toEqual({
      prompt: "Wie geht es? 你好",
      role: "tool",
      thinking: 1,
      type: 0,
    });
  });

  test("a LoRA adapter arrives", () => {
    const adapter = hold(packLoraAdapter(abi, { path: "/models/a.rkllm", name: "a", scale: 0.5 }));
    const { lora_adapter_path: path, lora_adapter_name: name, scale } = reader.read("RKLLMLoraAdapter", adapter.address);
    expect({ path: text(path), name: text(name), scale }).toEqual({ path: "/models/a.rkllm", name: "a", scale: 0.5 });
  });

  test("a run's adapter and prompt cache arrive", () => {
    const infer = hold(
      packInferParam(abi, {
        mode: "lastHiddenLayer",
        keepHistory: true,
        newTokensMax: 0,
        sampling: null,
        loraName: "a",
        promptCache: { save: true, path: "/cache/1" },
      }),
    );
    const { lora_params: lora, prompt_cache_params: cache, ...others } = reader.read("RKLLMInferParam", infer.address);
    expect(others).toEqual({ mode: 1, keep_history: 1 });
    expect(text(reader.read("RKLLMLoraParam", pointer(lora))["lora_adapter_name"])).toBe("a");
    const { prompt_cache_path: path, save_prompt_cache: save } = reader.read("RKLLMPromptCacheParam", pointer(cache));
    expect({ save, path: text(path) }).toEqual({ save: 1, path: "/cache/1" });
  });

  test("a run without options is all zeros", () => {
    const infer = hold(packInferParam(abi, { mode: "generate", keepHistory: false, newTokensMax: 0, sampling: null }));
    expect(reader.read("RKLLMInferParam", infer.address)).toEqual({});
  });

  test("what a struct points to survives garbage collection as long as the struct is held", () => {
    const inputs = Array.from({ length: 200 }, (_, index) => packTextInput(abi, `prompt ${index}`, "user", false));
    Bun.gc(true);
    const texts = inputs.map((input) => text(reader.read("RKLLMInput", input.address)["prompt_input"]));
    expect(texts).toEqual(inputs.map((_, index) => `prompt ${index}`));
  });

  test("copying what a struct holds elsewhere does not move it", () => {
    const { keep } = packTextInput(abi, "prompt", "user", false);
    const addresses = () => keep.map((bytes) => ptr(bytes as Uint8Array));
    const before = addresses();
    structuredClone(keep);
    expect(addresses()).toEqual(before);
  });

  function readParam(values: InitValues): Record<string, number> {
    const param = hold(packParam(abi, values));
    return reader.read("RKLLMParam", param.address);
  }
});

test("ABI 1.3 carries a run's sampling and token limit", () => {
  const abi = abiById("1.3");
  const reader = new StructReader(abi);
  const infer = hold(packInferParam(abi, { mode: "generate", keepHistory: false, newTokensMax: 64, sampling: SAMPLING }));
  const { sampling_params: sampling, ...others } = reader.read("RKLLMInferParam", infer.address);
  expect(others).toEqual({ max_new_tokens: 64 });
  expect(reader.read("RKLLMSamplingParam", pointer(sampling))).toEqual(SAMPLING_IN_C);
});

test("ABI 1.2 has no place for a run's sampling and token limit", () => {
  const abi = abiById("1.2");
  const infer = hold(packInferParam(abi, { mode: "generate", keepHistory: false, newTokensMax: 64, sampling: SAMPLING }));
  expect(new StructReader(abi).read("RKLLMInferParam", infer.address)).toEqual({});
});

test("ABI 1.3 takes a struct that names the callback, ABI 1.2 the callback itself", () => {
  const callback = 0x1234_5678_9abc as Pointer;
  const userdata = 0x1111_2222_3333 as Pointer;
  const abi = abiById("1.3");
  const reader = new StructReader(abi);
  const withUserdata = hold(packCallback(abi, callback, userdata));
  expect(reader.read("RKLLMCallback", withUserdata.address)).toEqual({ result_callback: callback, result_userdata: userdata });
  const without = hold(packCallback(abi, callback, null));
  expect(reader.read("RKLLMCallback", without.address)).toEqual({ result_callback: callback });
  expect(packCallback(abiById("1.2"), callback, userdata).address).toBe(callback);
});

test("ABI 1.3 can ignore the end-of-sequence token", () => {
  const abi = abiById("1.3");
  const param = hold(packParam(abi, { ...INIT, ignoreEos: true }));
  expect(new StructReader(abi).read("RKLLMParam", param.address)["ignore_eos_token"]).toBe(1);
});

/** Keeps a struct alive for as long as the tests run: C reads it after JavaScript's last mention of it. */
function hold<T>(packed: T): T {
  held.push(packed);
  return packed;
}

function text(address: number | undefined): string {
  return new CString(pointer(address));
}

function int32s(address: number | undefined, count: number): number[] {
  return Array.from({ length: count }, (_, index) => read.i32(pointer(address), index * 4));
}

function pointer(address: number | undefined): Pointer {
  if (address === undefined) throw new Error("The struct holds NULL here");
  return address as Pointer;
}
