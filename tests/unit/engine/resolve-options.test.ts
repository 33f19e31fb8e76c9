import { expect, test } from "bun:test";
import { SAMPLING as DEFAULTS } from "../../support/scripted-engine.ts";
import { resolveSampling, resolveTokensMax, samplingMismatch } from "../../../src/engine/resolve-options.ts";

test("resolveSampling() fills in every value that the request leaves open", () => {
  expect(resolveSampling({ topP: 0.5 }, DEFAULTS)).toEqual({ ...DEFAULTS, topP: 0.5 });
});

test.each([[{ temperature: 0 }], [{ topP: 0 }], [{ topK: 1 }]])("resolveSampling() spells greedy decoding one way: %p", (request) => {
  expect(resolveSampling(request, DEFAULTS)).toEqual({ ...DEFAULTS, temperature: 1, topK: 1, topP: 1 });
});

test("a top_k below 0 turns it off, and is no mismatch where it is off already", () => {
  expect(resolveSampling({ topK: -1 }, DEFAULTS)).toEqual({ ...DEFAULTS, topK: 0 });
  expect(samplingMismatch({ topK: -1 }, { ...DEFAULTS, topK: 0 })).toEqual([]);
});

test("a request's temperature samples where the default is greedy, and other values alone do not", () => {
  const defaults = { ...DEFAULTS, temperature: 0 };
  expect(resolveSampling({ temperature: 0.8 }, defaults)).toEqual({ ...DEFAULTS, temperature: 0.8 });
  expect(resolveSampling({ topK: 40 }, defaults)).toEqual({ ...DEFAULTS, temperature: 1, topK: 1, topP: 1 });
});

test("resolveTokensMax() never promises more than fits behind the prompt", () => {
  const lengths = { defaultMax: null, promptTokens: 100, contextTokens: 128 };
  expect(resolveTokensMax({ ...lengths, requested: 32_000 })).toBe(24);
  expect(resolveTokensMax({ ...lengths, requested: undefined })).toBe(24);
  expect(resolveTokensMax({ ...lengths, requested: 7 })).toBe(7);
  expect(resolveTokensMax({ ...lengths, requested: undefined, defaultMax: 5 })).toBe(5);
  expect(resolveTokensMax({ ...lengths, requested: 7, spentTokens: 3 })).toBe(4);
  expect(resolveTokensMax({ ...lengths, requested: 7, spentTokens: 9 })).toBe(0);
  expect(resolveTokensMax({ ...lengths, requested: undefined, spentTokens: 9 })).toBe(24);
});

test("resolveTokensMax() refuses a prompt that leaves no room for one token, with the counts", () => {
  const lengths = { requested: 1, defaultMax: null, contextTokens: 128 };
  expect(resolveTokensMax({ ...lengths, promptTokens: 123 })).toBe(1);
  expect(() => resolveTokensMax({ ...lengths, promptTokens: 124 })).toThrow(
    expect.objectContaining({ code: "context_length_exceeded", details: { promptTokens: 124, contextTokens: 128 } }),
  );
});

test("samplingMismatch() names only the options whose values differ from the loaded ones", () => {
  expect(samplingMismatch({ temperature: 0.6, topP: 0.5 }, DEFAULTS)).toEqual(["topP"]);
  expect(samplingMismatch({}, DEFAULTS)).toEqual([]);
  expect(samplingMismatch({ topK: -1, temperature: 0.5 }, { ...DEFAULTS, topK: 0 })).toEqual(["temperature"]);
});

test.each([
  [{ temperature: 0.8 }, ["temperature"]],
  [{ temperature: 1 }, ["temperature"]],
  [{ temperature: 0.8, topK: 20 }, ["temperature"]],
  [{ temperature: 0 }, []],
  [{ topK: 40, topP: 0.5 }, []],
  [{ topK: 1 }, []],
  [{ temperature: 0, repeatPenalty: 1.2 }, ["repeatPenalty"]],
])("beside a greedy default, %p differs in %p", (request, names) => {
  expect(samplingMismatch(request, { ...DEFAULTS, temperature: 0 })).toEqual(names as never);
});
