import { expect, test } from "bun:test";
import { publishedFigure } from "../../../src/catalog/published-speeds.ts";

const MODEL = { id: "qwen3-0.6b", format: "rkllm", quantization: "w8a8" };

test("a model that Rockchip has measured on this SoC has its figures", () => {
  expect(publishedFigure(MODEL, "rk3588")).toEqual({ title: "Qwen3 0.6B", soc: "rk3588", ttftMs: 199, tokensPerS: 32.9, memoryMb: 791 });
  expect(publishedFigure({ ...MODEL, quantization: "w4a16" }, "rk3576")).toMatchObject({ ttftMs: 469, tokensPerS: 24.9, memoryMb: 513 });
});

test.each([
  ["on another machine", MODEL, null, "this machine has no NPU of Rockchip's."],
  ["on the CPU", { ...MODEL, format: "gguf" }, "rk3588", "qwen3-0.6b runs on the CPU; Rockchip publishes figures of its NPUs."],
  ["another model", { ...MODEL, id: "llama-1b" }, "rk3588", "Rockchip's table has no llama-1b on rk3588."],
  ["not on this SoC", { ...MODEL, id: "qwen2.5-1.5b", quantization: "w4a16" }, "rk3576", "Rockchip's table has no qwen2.5-1.5b on rk3576."],
  [
    "in another quantization",
    { ...MODEL, quantization: "w8a8_g128" },
    "rk3588",
    "Rockchip measured Qwen3 0.6B on rk3588 with w8a8; this is w8a8_g128.",
  ],
] as const)("there is no published figure %s", (_, model, soc, none) => {
  expect(publishedFigure(model, soc)).toEqual({ none });
});
