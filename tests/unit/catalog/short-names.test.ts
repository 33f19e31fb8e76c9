import { describe, expect, test } from "bun:test";
import { speedNote } from "../../../src/catalog/board-speeds.ts";
import { parseModelFileName } from "../../../src/catalog/model-file-name.ts";
import { SHORT_MODELS, titleOf } from "../../../src/catalog/short-models.ts";
import { findShortName, shortNamesLike } from "../../../src/catalog/short-names.ts";
import { SOCS } from "../../../src/core/model.ts";

test.each([
  ["qwen3:0.6b", "qwen3:0.6b", ""],
  ["qwen3-0.6b", "qwen3:0.6b", ""],
  [" Qwen3-0.6B ", "qwen3:0.6b", ""],
  ["qwen3:0.6b:latest", "qwen3:0.6b", ""],
  ["qwen3:0.6b-q4_K_M", "qwen3:0.6b", "Q4_K_M"],
  ["qwen3:0.6b-w8a8", "qwen3:0.6b", "w8a8"],
  ["llama3.2:1b", "llama3.2:1b", ""],
  ["llama-3.2-1b", "llama3.2:1b", ""],
  ["Llama-3.2-3B-Instruct", "llama3.2:3b", ""],
  ["gemma3:1b", "gemma3:1b", ""],
  ["gemma-3-1b-it", "gemma3:1b", ""],
  ["smollm2:135m", "smollm2:135m", ""],
  ["smollm2-1.7b-instruct", "smollm2:1.7b", ""],
  ["deepseek-r1:1.5b", "deepseek-r1:1.5b", ""],
  ["deepseek-r1-distill-qwen-1.5b", "deepseek-r1:1.5b", ""],
  ["qwen3-embedding:0.6b", "qwen3-embedding:0.6b", ""],
])("the short name %j means %s", (text, name, quantization) => {
  const found = findShortName(text);
  expect([found?.model.name, found?.wanted?.quantization ?? ""]).toEqual([name, quantization]);
});

test.each(["", "qwen3", "qwen3:0.7b", "owner/qwen3-0.6b", "Qwen3-0.6B-Q4_0.gguf", "https://x/qwen3:0.6b", "qwen3:0.6b/x"])(
  "%j is no short name",
  (text) => {
    expect(findShortName(text)).toBeNull();
  },
);

test("every short name finds its own model, and every repository is a name", () => {
  expect(SHORT_MODELS.map((model) => [findShortName(model.name)?.model.name, findShortName(titleOf(model))?.model.name])).toEqual(
    SHORT_MODELS.map(({ name }) => [name, name]),
  );
  const repositories = SHORT_MODELS.flatMap(({ npu, gguf }) => [...npu, gguf].map(({ repository }) => repository));
  expect(repositories.filter((name) => !/^[\w.-]+\/[\w.-]+$/.test(name))).toEqual([]);
});

test("what is listed is told by its name to be of the model and for the SoC that it is listed under", () => {
  const wrong = SHORT_MODELS.flatMap(({ name, npu }) =>
    npu.filter(({ repository, file, soc, toolkit }) => {
      const told = parseModelFileName(file ?? `${repository.replace(/^.*\/|\.rkllm$/g, "")}.rkllm`);
      const isOther = findShortName(told.id)?.model.name !== name;
      const isFor = told.soc === undefined || told.soc === soc;
      return isOther || !isFor || (told.toolkitVersion !== undefined && told.toolkitVersion !== toolkit);
    }),
  );
  expect(wrong).toEqual([]);
});

test("every conversion is for an NPU, none is listed twice for one, and nobody has claimed to have tried one", () => {
  for (const { npu } of SHORT_MODELS) {
    const places = npu.map(({ soc, repository }) => `${soc ?? ""} ${repository}`);
    expect([new Set(places).size, npu.every(({ soc }) => soc !== undefined && SOCS.includes(soc))]).toEqual([places.length, true]);
  }
  expect(SHORT_MODELS.flatMap(({ npu, gguf }) => [...npu, gguf]).filter(({ verified }) => verified)).toEqual([]);
});

test("what is meant by half a name is listed", () => {
  expect(shortNamesLike("smollm2")).toEqual(["smollm2:135m", "smollm2:360m", "smollm2:1.7b"]);
  expect(shortNamesLike("llama3.2:7b")).toEqual(["llama3.2:1b", "llama3.2:3b"]);
  expect(shortNamesLike("mixtral").length).toBe(SHORT_MODELS.length);
});

describe("the speed on a board", () => {
  test.each([
    ["Qwen3-0.6B_W8A8_RK3588.rkllm", "rk3588", "Rockchip publishes 32.9 tokens/s for it on RK3588."],
    ["Qwen3-0.6B_W4A16_RK3576.rkllm", "rk3576", "Rockchip publishes 24.9 tokens/s for it on RK3576."],
    ["Qwen3-0.6B_W8A8_RK3562.rkllm", "rk3562", "Rockchip publishes 10.9 tokens/s for it on RK3562."],
    ["Qwen3-0.6B_W4A16_RV1126B.rkllm", "rv1126b", "Rockchip publishes 15 tokens/s for it on RV1126B."],
    ["chatglm3-6b_w8a8_rk3588.rkllm", "rk3588", "Rockchip publishes 5 tokens/s for it on RK3588."],
    ["chatglm3-6b_w4a16_rk3576.rkllm", "rk3576", "Too slow to use: Rockchip publishes 4.6 tokens/s for it on RK3576."],
    ["chatglm3-6b_w4a16_g128_rk3576.rkllm", "rk3576", "Too slow to use: Rockchip publishes 4.6 tokens/s for it on RK3576."],
    [
      "Qwen3-8B_w8a8_g128_rk3588_16384.rkllm",
      "rk3588",
      "Too slow to use: about 3.8 tokens/s on RK3588, judging by the 5 that Rockchip publishes for ChatGLM3 6B.",
    ],
    ["Qwen3-30B-A3B_w8a8_rk3588.rkllm", "rk3588", null],
    ["Qwen3-0.6B_w8a8_g128_RK3588.rkllm", "rk3588", null],
    ["Qwen3-0.6B_W8A8_RK3576.rkllm", "rk3576", null],
    [
      "Qwen2.5-1.5B-Instruct_W8A8_RK3562.rkllm",
      "rk3562",
      "Too slow to use: about 4.1 tokens/s on RK3562, judging by the 7.7 that Rockchip publishes for Qwen3.5 0.8B.",
    ],
    [
      "Llama-3.2-3B-Instruct_w4a16_RV1126B.rkllm",
      "rv1126b",
      "Too slow to use: about 2.7 tokens/s on RV1126B, judging by the 10.2 that Rockchip publishes for Qwen3.5 0.8B.",
    ],
    ["Llama-3.2-1B-Instruct_w4a16_RV1126B.rkllm", "rv1126b", null],
    ["SmolLM2-135M-Instruct_w8a8_RK3562.rkllm", "rk3562", null],
    ["Qwen3-0.6B-Q8_0.gguf", "rk3588", null],
    ["Qwen3-0.6B_W8A8_RK3588.rkllm", null, null],
  ] as const)("%s on %p", (fileName, soc, note) => {
    expect(speedNote(parseModelFileName(fileName), soc)).toBe(note);
  });
});
