import { expect, test } from "bun:test";
import { embeddingTraits, judgesDocuments, poolingOfType } from "../../../src/catalog/embedding-traits.ts";

test.each([
  ["qwen3-embedding-0.6b", { pooling: "last", shortens: true }],
  ["Qwen3-Embedding-0.6B-rk3588-w8a8", { pooling: "last", shortens: true }],
  ["embeddinggemma-300m", { pooling: "last", shortens: true }],
  ["gte-qwen2-1.5b-embed", { pooling: "last", shortens: false }],
  ["nomic-embed-text-v1.5", { pooling: "last", shortens: true }],
  ["nomic-embed-text-v1", { pooling: "last", shortens: false }],
  ["qwen3-0.6b", undefined],
  ["unembedded-7b", undefined],
] as const)("the name %s alone tells what a model was made for", (name, traits) => {
  expect(embeddingTraits([name], undefined)).toEqual(traits);
});

test("metadata tell the pooling, whatever the name says", () => {
  expect([embeddingTraits(["e5-mistral-7b"], "last"), embeddingTraits(["my-embedding"], "mean")]).toEqual([
    { pooling: "last", shortens: false },
    { pooling: "mean", shortens: false },
  ]);
});

test("of llama.cpp's kinds of pooling two can be had", () => {
  expect([undefined, -1, 0, 1, 2, 3, 4].map(poolingOfType)).toEqual([
    undefined,
    undefined,
    undefined,
    "mean",
    undefined,
    "last",
    undefined,
  ]);
});

test("rerankers that answer yes or no are known by name", () => {
  expect(["Qwen3-Reranker-0.6B-w8a8", "qwen3-0.6b", "bge-reranker-v2-m3"].map((name) => judgesDocuments([name]))).toEqual([
    true,
    false,
    false,
  ]);
});
