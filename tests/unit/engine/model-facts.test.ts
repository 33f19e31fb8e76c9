/** What models can do, told from their files without loading them. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { utimes } from "node:fs/promises";
import { rejection } from "../../support/rejection.ts";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import { FactsReader } from "../../../src/engine/model-facts.ts";
import { readModelMetadata } from "../../../src/engine/model-metadata.ts";
import { ModelsFolder } from "../../support/models-folder.ts";

const TOOLS = "{% for tool in tools %}{{ tool | tojson }}{% endfor %}{{ messages[0].content }}";
const THINKS = "{{ messages[0].content }}<think>\n</think>";
const FIM = ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"];

let folder: ModelsFolder;
beforeEach(async () => {
  folder = await ModelsFolder.make();
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

const reader = (): FactsReader => new FactsReader((model) => Math.min(model.contextTokensMax, 1024));

async function only(): Promise<ModelDescriptor> {
  const [model] = await folder.open().list();
  return model ?? expect.unreachable("there is a model");
}

async function capabilities(): Promise<readonly string[]> {
  return (await reader().read(await only())).capabilities;
}

describe("a GGUF file", () => {
  test("tells its template, its weights, the length of its vectors, and the context it is opened with", async () => {
    await folder.putGguf("tiny.gguf", { chatTemplate: TOOLS, dim: 64 });
    const model = await only();
    const { parameterCount, ...facts } = await reader().read(model);
    expect(facts).toEqual({ model, capabilities: ["completion", "tools"], template: TOOLS, embeddingLength: 64, contextTokens: 1024 });
    expect(parameterCount).toBeGreaterThan(64 * 64);
  });

  test("that says nothing of functions or thoughts only completes", async () => {
    await folder.putGguf("tiny.gguf");
    expect(await capabilities()).toEqual(["completion"]);
  });

  test("thinks where its template has the tags", async () => {
    await folder.putGguf("tiny.gguf", { chatTemplate: THINKS });
    expect(await capabilities()).toEqual(["completion", "thinking"]);
  });

  test("fills in only where its vocabulary has all the tokens of a family", async () => {
    await folder.putGguf("tiny.gguf", { userTokens: FIM });
    expect(await capabilities()).toEqual(["completion", "insert"]);
    await folder.putGguf("tiny.gguf", { userTokens: FIM.slice(0, 2) });
    expect(await capabilities()).toEqual(["completion"]);
  });

  test("that was made for embeddings does nothing else", async () => {
    await folder.putGguf("tiny.gguf", { chatTemplate: TOOLS, metadata: { "llama.pooling_type": { type: "u32", value: 1 } } });
    expect(await capabilities()).toEqual(["embedding"]);
  });

  test("without a template has one of ours, by the markers in its vocabulary", async () => {
    await folder.putGguf("tiny.gguf", { chatTemplate: null });
    expect((await reader().read(await only())).template).toContain("<|im_start|>");
  });

  test("with an adapter can do what it can do without", async () => {
    await folder.putGguf("tiny/tiny.gguf", { chatTemplate: TOOLS });
    await folder.putLora("tiny/pirate-lora.gguf");
    const models = await folder.open().list();
    const facts = await Promise.all(models.map(async (model) => (await reader().read(model)).capabilities));
    expect([models.map(({ id }) => id), facts]).toEqual([
      ["tiny", "tiny+pirate"],
      [
        ["completion", "tools"],
        ["completion", "tools"],
      ],
    ]);
  });

  test("that is damaged is an error that names it", async () => {
    await folder.putGguf("tiny.gguf");
    const model = await only();
    await folder.put("tiny.gguf", "GGUF");
    expect(await rejection(reader().read(model))).toMatchObject({
      code: "model_file_invalid",
      message: `${folder.path("tiny.gguf")} is not a GGUF file. Download it again.`,
    });
  });
});

describe("a converted model", () => {
  const NAME = "Qwen3-0.6B_w8a8_rk3588.rkllm";

  test("is told by the files beside it", async () => {
    await folder.put(`qwen/${NAME}`);
    await folder.put("qwen/chat_template.jinja", TOOLS + THINKS);
    await folder.put("qwen/tokenizer.json", JSON.stringify({ added_tokens: FIM.map((content, id) => ({ id, content })) }));
    expect(await capabilities()).toEqual(["completion", "tools", "insert", "thinking"]);
  });

  test("whose tokenizer is written in ASCII is told as well", async () => {
    await folder.put(`qwen/${NAME}`);
    const tokens = ["<\\uff5cfim\\u2581begin\\uff5c>", "<\\uff5cfim\\u2581hole\\uff5c>", "<\\uff5cfim\\u2581end\\uff5c>"];
    await folder.put("qwen/tokenizer.json", `[${tokens.map((token) => `"${token}"`).join(",")}]`);
    expect(await capabilities()).toContain("insert");
  });

  test("without files beside it is told by the template that its family is given", async () => {
    await folder.put(NAME);
    const { capabilities: all, template, ...rest } = await reader().read(await only());
    expect([all, template.includes("<|im_start|>"), rest.embeddingLength, rest.parameterCount]).toEqual([
      ["completion", "thinking"],
      true,
      undefined,
      undefined,
    ]);
  });
});

test("facts are remembered as long as the files stay as they are", async () => {
  await folder.put("qwen/Qwen3-0.6B_w8a8_rk3588.rkllm");
  await folder.put("qwen/chat_template.jinja", TOOLS);
  const facts = reader();
  const model = await only();
  const first = await facts.read(model);
  const again = await facts.read(model);
  await folder.put("qwen/chat_template.jinja", THINKS);
  await utimes(folder.path("qwen/chat_template.jinja"), new Date(0), new Date(0));
  const changed = await facts.read(model);
  expect([again.template === first.template, changed.capabilities]).toEqual([true, ["completion", "thinking"]]);
});

describe("metadata", () => {
  test("holds long arrays only where all is wanted, and every tensor's shape", async () => {
    await folder.putGguf("tiny.gguf", {
      layers: 1,
      metadata: { "x.short": { type: "u32[]", value: [1, 2, 3, 4, 5] }, "x.long": { type: "f32[]", value: [1, 2, 3, 4, 5, 0.5] } },
    });
    const model = await only();
    const brief = readModelMetadata(model, false);
    const all = readModelMetadata(model, true);
    const tokens = all.values["tokenizer.ggml.tokens"];
    expect([brief.values["x.short"], brief.values["x.long"], brief.values["tokenizer.ggml.tokens"], brief.values["general.name"]]).toEqual([
      [1, 2, 3, 4, 5],
      [],
      [],
      "Tiny",
    ]);
    expect([all.values["x.long"], Array.isArray(tokens) && tokens.includes("<|im_start|>")]).toEqual([[1, 2, 3, 4, 5, 0.5], true]);
    expect(brief.tensors.find(({ name }) => name === "output_norm.weight")).toEqual({
      name: "output_norm.weight",
      type: "F32",
      shape: [64],
    });
  });

  test("of a converted model is empty", async () => {
    await folder.put("Qwen3-0.6B_w8a8_rk3588.rkllm");
    expect(readModelMetadata(await only(), true)).toEqual({ values: {}, tensors: [] });
  });
});
