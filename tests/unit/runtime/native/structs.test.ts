import { expect, test } from "bun:test";
import { abiById, LIBRARY_SAMPLING } from "../../../../src/runtime/native/abi.ts";
import { packParam, packTextInput, packTokenInput, type InitValues } from "../../../../src/runtime/native/structs.ts";

const INIT: InitValues = {
  modelPath: "/models/a.rkllm",
  contextTokens: 4096,
  newTokensMax: 256,
  sampling: LIBRARY_SAMPLING,
  nKeep: 0,
  skipSpecialToken: true,
  ignoreEos: false,
  baseDomainId: 0,
  embedFlash: false,
  cpuCount: 4,
  cpuMask: 0xf0,
  nBatch: 1,
};

test("packParam() refuses to ignore the end-of-sequence token where the ABI cannot", () => {
  expect(() => packParam(abiById("1.2"), { ...INIT, ignoreEos: true })).toThrow("ABI 1.2 can ignore the end-of-sequence token");
});

test("packParam() refuses a fractional top_k", () => {
  expect(() => packParam(abiById("1.3"), { ...INIT, sampling: { ...LIBRARY_SAMPLING, topK: 0.5 } })).toThrow("top_k takes 0.5 as i32");
});

test("packTokenInput() refuses an empty prompt", () => {
  expect(() => packTokenInput(abiById("1.3"), new Int32Array())).toThrow("at least one element");
});

test("packTextInput() refuses a NUL inside the text", () => {
  expect(() => packTextInput(abiById("1.3"), "a\0b", "user", false)).toThrow("NUL character");
});
