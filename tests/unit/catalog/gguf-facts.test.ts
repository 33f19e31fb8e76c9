import { expect, test } from "bun:test";
import { join } from "node:path";
import { readGgufFacts } from "../../../src/catalog/gguf-facts.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { type TinyGgufOptions, writeTinyGguf } from "../../support/tiny-gguf.ts";

function kvBytesPerToken(metadata: TinyGgufOptions["metadata"]) {
  const path = join(temporaryFolder(), "tiny.gguf");
  writeTinyGguf(path, metadata === undefined ? {} : { metadata });
  return readGgufFacts(path).kvBytesPerToken;
}

test("readGgufFacts() tells what a token takes in the KV cache: keys and values of every layer and head, two bytes each", () => {
  const u32 = (value: number) => ({ type: "u32", value }) as const;
  expect({
    plain: kvBytesPerToken(undefined),
    headsOfAnotherWidth: kvBytesPerToken({ "llama.attention.key_length": u32(32), "llama.attention.value_length": u32(8) }),
    everyHead: kvBytesPerToken({ "llama.attention.head_count_kv": null }),
    unknown: kvBytesPerToken({ "llama.embedding_length": null, "llama.attention.key_length": u32(32) }),
    noLayers: kvBytesPerToken({ "llama.block_count": null }),
  }).toEqual({
    plain: 2 * 2 * (16 + 16) * 2,
    headsOfAnotherWidth: 2 * 2 * (32 + 8) * 2,
    everyHead: 2 * 4 * (16 + 16) * 2,
    unknown: undefined,
    noLayers: undefined,
  });
});
