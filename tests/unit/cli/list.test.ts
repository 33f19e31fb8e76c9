import { expect, test } from "bun:test";
import { modelTable } from "../../../src/cli/list.ts";
import type { ModelDescriptor } from "../../../src/core/model.ts";

const model = (id: string, change: Partial<ModelDescriptor> = {}): ModelDescriptor => ({
  id,
  aliases: [],
  path: `/models/${id}`,
  format: "gguf",
  bytes: 98_362_432,
  modifiedMs: 0,
  contextTokensMax: 8192,
  family: "llama",
  parameterSize: "",
  quantization: "",
  sidecars: {},
  ...change,
});

test("modelTable() lines models up and gives each reason once", () => {
  const npu = { format: "rkllm", soc: "rk3588", quantization: "w8a8", unrunnableReason: "There is no NPU." } as const;
  expect(modelTable([model("smollm2-135m"), model("a", { ...npu, contextTokensMax: 16_384 }), model("b", npu)])).toBe(
    [
      "NAME          SIZE   CONTEXT  QUANTIZATION  FORMAT  SOC     RUNS HERE",
      "smollm2-135m  98 MB  8,192    -             gguf    -       yes",
      "a             98 MB  16,384   w8a8          rkllm   rk3588  no (1)",
      "b             98 MB  8,192    w8a8          rkllm   rk3588  no (1)",
      "",
      "(1) There is no NPU.",
    ].join("\n"),
  );
});
