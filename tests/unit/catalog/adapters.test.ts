import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rename, utimes } from "node:fs/promises";
import { idsOf, ModelsFolder } from "../../support/models-folder.ts";

let folder: ModelsFolder;
beforeEach(async () => {
  folder = await ModelsFolder.make();
});
afterEach(() => folder[Symbol.asyncDispose]());

test("a model with an adapter is a model of its own, and all else is its base's", async () => {
  await folder.putGguf("m/Tiny-1B.gguf");
  await folder.putLora("m/Pirate_lora.gguf");
  const [base, adapted] = await folder.open().list();
  expect(adapted).toEqual({
    ...base!,
    id: "tiny-1b+pirate",
    aliases: ["tiny:1b+pirate", "tiny-1b.gguf+pirate", "m+pirate", "m/tiny-1b.gguf+pirate"],
    bytes: Bun.file(folder.path("m/Tiny-1B.gguf")).size + Bun.file(folder.path("m/Pirate_lora.gguf")).size,
    modifiedMs: expect.any(Number) as number,
    adapted: {
      base: base!,
      adapter: { name: "pirate", path: folder.path("m/Pirate_lora.gguf"), scale: 1, edition: expect.any(String) as string },
    },
  });
});

test.each(["TINY-1B+Pirate", "tiny:1b+pirate", "tiny-1b+pirate:latest", "m+pirate"])(
  "%j finds the model with its adapter",
  async (name) => {
    await folder.putGguf("m/Tiny-1B.gguf");
    await folder.putLora("m/pirate_lora.gguf");
    expect((await folder.open().resolve(name)).id).toBe("tiny-1b+pirate");
  },
);

test("models with adapters follow their bases, and none is the default unless somebody says so", async () => {
  await folder.put("b/B-1B_w8a8.rkllm");
  await folder.put("b/pirate_lora.rkllm");
  await folder.putGguf("c/C-1B.gguf");
  await folder.putLora("c/Terse-LoRA-F16.gguf");
  await folder.putLora("c/pirate_lora.gguf");
  const npuMissing = { rkllmUnavailableReason: "No NPU here." };
  expect(await idsOf(folder.open(npuMissing))).toEqual(["c-1b", "c-1b+pirate", "c-1b+terse", "b-1b", "b-1b+pirate"]);
  expect(await idsOf(folder.open({ ...npuMissing, defaultModel: "c-1b+terse" }))).toEqual([
    "c-1b+terse",
    "b-1b",
    "b-1b+pirate",
    "c-1b",
    "c-1b+pirate",
  ]);
});

test("what keeps a model from running keeps it from running with an adapter", async () => {
  await folder.put("B-1B_w8a8.rkllm");
  await folder.put("pirate_lora.rkllm");
  const models = await folder.open({ rkllmUnavailableReason: "No NPU here." }).list();
  expect(models.map((model) => model.unrunnableReason)).toEqual(["No NPU here.", "No NPU here."]);
});

describe("whose an adapter is", () => {
  test("of the only model of its format in its folder, or of the one it is named after; else nobody's", async () => {
    await folder.putGguf("both/a.gguf");
    await folder.putGguf("both/b.gguf");
    await folder.put("both/c.rkllm");
    await folder.putLora("both/B.pirate_lora.gguf");
    await folder.putLora("both/terse_lora.gguf");
    await folder.put("both/npu_lora.rkllm");
    await folder.putGguf("loose.gguf");
    await folder.putLora("loose_lora.gguf");
    await folder.putLora("alone/alone_lora.gguf");
    expect(await idsOf(folder.open())).toEqual(["a", "b", "b+pirate", "c", "c+npu", "loose", "loose+loose"]);
  });

  test("a file whose metadata alone say that it is an adapter is one, and never a model", async () => {
    await folder.putLora("style.gguf");
    expect(await idsOf(folder.open())).toEqual([]);
    await folder.putGguf("tiny.gguf");
    expect(await idsOf(folder.open())).toEqual(["tiny", "tiny+style"]);
  });

  test("names that would be equal are counted", async () => {
    await folder.putGguf("tiny.gguf");
    await folder.putLora("x-lora-f16.gguf");
    await folder.putLora("x_lora.gguf");
    expect(await idsOf(folder.open())).toEqual(["tiny", "tiny+x", "tiny+x-2"]);
  });
});

test("model.json gives adapters other names and scales, and its model those that are not named like adapters", async () => {
  await folder.put("m/a_w8a8.rkllm");
  await folder.put("m/b_w8a8.rkllm");
  await folder.put("m/style.rkllm");
  await folder.put("m/pirate_lora.rkllm");
  const adapters = [{ file: "style.rkllm", scale: 0.5 }, { file: "style.rkllm", name: "Style:Strong", scale: 2 }, { file: "gone.rkllm" }];
  await folder.put("m/model.json", JSON.stringify({ file: "b_w8a8.rkllm", adapters }));
  const models = await folder.open().list();
  expect(models.map(({ id, adapted }) => [id, adapted?.adapter.scale])).toEqual([
    ["a", undefined],
    ["b", undefined],
    ["b+style", 0.5],
    ["b+style-strong", 2],
  ]);
});

test("a file that is no adapter is reported with its base left alone, and another file is another edition", async () => {
  await folder.putGguf("tiny.gguf");
  await folder.putGguf("x_lora.gguf");
  await folder.put("y_lora.gguf", "<!doctype html>");
  await folder.putLora("z_lora.gguf");
  const models = await folder.open().list();
  expect(models.map((model) => model.unrunnableReason ?? "runs")).toEqual([
    "runs",
    "x_lora.gguf is no adapter: it says it is of the type model.",
    "y_lora.gguf is a web page, not weights; download it again.",
    "runs",
  ]);
  await folder.putLora("new");
  await utimes(folder.path("new"), 1, 1);
  await rename(folder.path("new"), folder.path("z_lora.gguf"));
  expect((await folder.open().resolve("tiny+z")).adapted?.adapter.edition).not.toBe(models.at(-1)?.adapted?.adapter.edition);
});
