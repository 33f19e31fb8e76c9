import { expect, test } from "bun:test";
import { resolveInference } from "../../../src/config/inference-schema.ts";
import { load } from "./temporary-config.ts";

const files = {
  "config/inference_config.json": {
    temperature: 0.5,
    models: { "Qwen3-0.6B": { temperature: 0.1, cpu_mask: "0x3" }, "never-heard-of": { top_k: 1 } },
  },
};

test("a model's section goes before the general values, whatever the case of its name", () => {
  const { inference } = load({ files }).config;
  const { models, ...general } = inference;
  expect(Object.keys(models)).toEqual(["qwen3-0.6b", "never-heard-of"]);
  expect(resolveInference(inference, "QWEN3-0.6b")).toEqual({ ...general, temperature: 0.1, cpu_mask: 3 });
});

test("a model without a section has the general values", () => {
  const { inference } = load({ files }).config;
  const { models: _, ...general } = inference;
  expect(resolveInference(inference, "llama3")).toEqual(general);
  expect(resolveInference(inference, "constructor")).toEqual(general);
});

test("a flag or variable goes before a model's section", () => {
  const { inference } = load({ files, argv: ["--temperature=0.9"] }).config;
  expect(resolveInference(inference, "qwen3-0.6b")).toMatchObject({ temperature: 0.9, cpu_mask: 3 });
});
