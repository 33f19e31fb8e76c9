/** What a runtime said of a model while it loaded it. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, utimesSync } from "node:fs";
import type { Catalog } from "../../../src/catalog/catalog.ts";
import type { LoadFacts, ModelDescriptor } from "../../../src/core/model.ts";
import { ModelsFolder } from "../../support/models-folder.ts";

const FILE = "Qwen3-4B_w8a8.rkllm";
const FACTS: LoadFacts = {
  contextTokensMax: 16_384,
  npuCores: 3,
  quantization: "w8a8_g128",
  soc: "rk3588",
  toolkitVersion: "1.2.1",
  runtimeVersion: "1.2.3",
  driverVersion: "0.9.8",
};

let folder: ModelsFolder;
beforeEach(async () => {
  folder = await ModelsFolder.make();
});
afterEach(() => folder[Symbol.asyncDispose]());

async function only(catalog: Catalog): Promise<ModelDescriptor> {
  const [model] = await catalog.list();
  return model!;
}
type Told = Readonly<Record<"contextTokensMax" | "npuCores" | "quantization" | "soc" | "toolkitVersion", unknown>>;
const told = ({ contextTokensMax, npuCores, quantization, soc, toolkitVersion }: ModelDescriptor): Told => ({
  contextTokensMax,
  npuCores,
  quantization,
  soc,
  toolkitVersion,
});
const LEARNT: Told = { contextTokensMax: 16_384, npuCores: 3, quantization: "w8a8_g128", soc: "rk3588", toolkitVersion: "1.2.1" };
const UNKNOWN: Told = { contextTokensMax: 4096, npuCores: undefined, quantization: "w8a8", soc: undefined, toolkitVersion: undefined };
const json = async (name: string): Promise<unknown> => Bun.file(folder.path(name)).json();

describe("what a runtime said", () => {
  test("overrules the file's name at once, and after a restart", async () => {
    await folder.put(`qwen/${FILE}`);
    const catalog = folder.open();
    const before = await only(catalog);
    expect(told(before)).toEqual(UNKNOWN);
    await catalog.learn(before, FACTS);
    expect([told(await only(catalog)), told(await only(folder.open()))]).toEqual([LEARNT, LEARNT]);
    expect(await json("qwen/model.json")).toEqual({
      learnt: { [FILE]: { bytes: before.bytes, modifiedMs: before.modifiedMs, ...FACTS } },
    });
  });

  test("changes no model's name", async () => {
    await folder.put(`qwen/${FILE}`);
    await folder.put("other/Qwen3-4B_w8a8_rk3576.rkllm");
    const catalog = folder.open();
    const ids = async () => (await catalog.list()).map(({ id }) => id);
    const before = await ids();
    await catalog.learn(await catalog.resolve(FILE), FACTS);
    expect([await ids(), before]).toEqual([before, ["qwen3-4b-rk3576", "qwen3-4b-w8a8"]]);
  });

  test("leaves what a person wrote where it is, and does not give more context than they want", async () => {
    const written = { name: "mine", contextTokensMax: 8192, quantization: "mine, too", note: "unknown here" };
    await folder.put(`qwen/${FILE}`);
    await folder.put("qwen/model.json", JSON.stringify(written));
    const catalog = folder.open();
    await catalog.learn(await only(catalog), FACTS);
    expect(await json("qwen/model.json")).toEqual({ ...written, learnt: expect.anything() as unknown });
    expect(told(await only(folder.open()))).toEqual({ ...LEARNT, contextTokensMax: 8192 });
    await catalog.learn(await only(catalog), { ...FACTS, contextTokensMax: 4096 });
    expect((await only(folder.open())).contextTokensMax).toBe(4096);
  });

  test("is forgotten when the weights change", async () => {
    await folder.put(`qwen/${FILE}`);
    const catalog = folder.open();
    await catalog.learn(await only(catalog), FACTS);
    await folder.put(`qwen/${FILE}`, "other weights");
    utimesSync(folder.path(`qwen/${FILE}`), new Date(), new Date(1e12));
    expect([told(await only(catalog)), told(await only(folder.open()))]).toEqual([UNKNOWN, UNKNOWN]);
  });

  test("of weights that were replaced while they were loaded is not taken for the new ones", async () => {
    await folder.put(`qwen/${FILE}`);
    const catalog = folder.open();
    const old = await only(catalog);
    await folder.put(`qwen/${FILE}`, "weights of another length");
    await catalog.learn(old, FACTS);
    expect([told(await only(catalog)), readdirSync(folder.path("qwen"))]).toEqual([UNKNOWN, [FILE]]);
  });

  test("does not make an old checksum good for new weights", async () => {
    await folder.put(`qwen/${FILE}`);
    await folder.put("qwen/model.json", JSON.stringify({ file: FILE, sha256: "a".repeat(64) }));
    utimesSync(folder.path("qwen/model.json"), new Date(1e12), new Date(1e12));
    const catalog = folder.open();
    await catalog.learn(await only(catalog), FACTS);
    expect((await only(folder.open())).sha256).toBeUndefined();
  });

  test("of a loose file stands in a file of its own, and of several files in one folder side by side", async () => {
    await folder.put(FILE);
    await folder.put("two/gemma-3-1b-it_w8a8.rkllm");
    await folder.put("two/Qwen3-0.6B_w8a8.rkllm");
    const catalog = folder.open();
    for (const model of await catalog.list()) await catalog.learn(model, FACTS);
    expect((await folder.open().list()).map(({ contextTokensMax }) => contextTokensMax)).toEqual([16_384, 16_384, 16_384]);
    expect([readdirSync(folder.dir).toSorted(), readdirSync(folder.path("two")).toSorted()]).toEqual([
      ["Qwen3-4B_w8a8.model.json", FILE, "two"],
      ["Qwen3-0.6B_w8a8.rkllm", "gemma-3-1b-it_w8a8.rkllm", "model.json"],
    ]);
  });

  test.each([
    ["a folder that cannot be written to", async () => mkdirSync(folder.path("qwen/model.json.learnt"))],
    ["a model.json that is broken", async () => folder.put("qwen/model.json", "{")],
  ] as const)("is good until the end of the program for %s", async (_, prepare) => {
    await folder.put(`qwen/${FILE}`);
    await prepare();
    const catalog = folder.open();
    await catalog.learn(await only(catalog), FACTS);
    expect([told(await only(catalog)), told(await only(folder.open()))]).toEqual([LEARNT, UNKNOWN]);
  });

  test("that is damaged counts for nothing and is no fault", async () => {
    await folder.put(`qwen/${FILE}`);
    for (const learnt of [1, [], { [FILE]: { bytes: "many" } }, { [FILE]: null }]) {
      await folder.put("qwen/model.json", JSON.stringify({ learnt }));
      const model = await only(folder.open());
      expect([told(model), model.unrunnableReason]).toEqual([UNKNOWN, undefined]);
    }
  });

  test("of a .gguf is kept only where it has less context than somebody has promised", async () => {
    await folder.putGguf("tiny/tiny.gguf", { contextTokens: 256 });
    const catalog = folder.open();
    await catalog.learn(await only(catalog), { contextTokensMax: 256, quantization: "w8a8" });
    expect(readdirSync(folder.path("tiny"))).toEqual(["tiny.gguf"]);
    await folder.put("tiny/model.json", JSON.stringify({ contextTokensMax: 1024 }));
    await catalog.learn(await only(catalog), { contextTokensMax: 256, quantization: "w8a8" });
    const model = await only(folder.open());
    expect([model.contextTokensMax, model.quantization]).toEqual([256, "F32"]);
  });

  test("refuses a model on a board that it was not made for, though its name does not tell", async () => {
    await folder.put(`qwen/${FILE}`);
    const catalog = folder.open();
    await catalog.learn(await only(catalog), FACTS);
    expect((await only(folder.open({ boardSoc: "rk3576" }))).unrunnableReason).toContain("was converted for RK3588");
  });
});

describe("config.json of the original model", () => {
  const tells = async (config: unknown) => {
    await folder.put("x/decoder_ctx16384.rkllm");
    await folder.put("x/config.json", typeof config === "string" ? config : JSON.stringify(config));
    const { family, contextTokensMax, embeddingLength } = await only(folder.open());
    return [family, contextTokensMax, embeddingLength];
  };

  test.each([
    [{ model_type: "qwen3", max_position_embeddings: 8192, hidden_size: 1024 }, ["qwen3", 8192, 1024]],
    [{ model_type: "gemma3", text_config: { model_type: "gemma3_text", max_position_embeddings: 131_072 } }, ["gemma3", 16_384, undefined]],
    [{ model_type: "qwen3_vl", text_config: { model_type: "qwen3_vl_text", hidden_size: 2048 } }, ["qwen3vl", 16_384, 2048]],
    [{ model_type: "rkllm", max_position_embeddings: "many", hidden_size: -1 }, ["unknown", 16_384, undefined]],
    ["not JSON", ["unknown", 16_384, undefined]],
    [`[${" ".repeat(5_000_000)}]`, ["unknown", 16_384, undefined]],
  ])("tells family, longest context and length of vectors", async (config, expected) => {
    expect(await tells(config)).toEqual(expected);
  });

  test.each([
    // oRKLLM measured 147,472 bytes a token for Qwen3 4B.
    [{ num_hidden_layers: 36, num_attention_heads: 32, num_key_value_heads: 8, head_dim: 128, hidden_size: 2560 }, 147_456],
    [{ num_hidden_layers: 28, num_attention_heads: 12, num_key_value_heads: 2, hidden_size: 1536 }, 28_672],
    [{ num_hidden_layers: 4, layer_types: ["linear_attention", "full_attention"], num_attention_heads: 2, hidden_size: 64 }, 256],
    [{ num_hidden_layers: 36 }, undefined],
  ])("tells what a token takes in the cache: %j", async (config, bytes) => {
    await folder.put("x/x.rkllm");
    await folder.put("x/config.json", JSON.stringify(config));
    expect((await only(folder.open())).kvBytesPerToken).toBe(bytes);
  });

  test("is overruled by model.json", async () => {
    await folder.put("x/model.json", JSON.stringify({ family: "llama", contextTokensMax: 2048 }));
    expect(await tells({ model_type: "qwen3", max_position_embeddings: 8192 })).toEqual(["llama", 2048, undefined]);
  });
});
