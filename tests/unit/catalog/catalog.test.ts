import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CatalogOptions } from "../../../src/catalog/catalog.ts";
import { idsOf, ModelsFolder } from "../../support/models-folder.ts";

let folder: ModelsFolder;
beforeEach(async () => {
  folder = await ModelsFolder.make();
});
afterEach(() => folder[Symbol.asyncDispose]());

describe("what is listed", () => {
  test("loose files and files in folders, with all that is known of them", async () => {
    await folder.put("qwen/Qwen_Qwen3-0.6B-w8a8-opt0-hybrid0-npu3-ctx16384-rk3588.rkllm");
    await folder.put("qwen/tokenizer.json", "{}");
    await folder.put("qwen/tokenizer_config.json", "{}");
    await folder.put("qwen/chat_template.jinja", "{{ x }}");
    await folder.put("qwen/generation_config.json", "{}");
    await folder.put("gemma-3-1b-it_w8a8.rkllm");
    await folder.put("tokenizer.json", "{}");
    const [gemma, qwen] = await folder.open().list();
    expect(qwen).toEqual({
      id: "qwen3-0.6b",
      aliases: [
        "qwen3:0.6b",
        "qwen3-0.6b-w8a8",
        "qwen3:0.6b-w8a8",
        "qwen_qwen3-0.6b-w8a8-opt0-hybrid0-npu3-ctx16384-rk3588",
        "qwen_qwen3-0.6b-w8a8-opt0-hybrid0-npu3-ctx16384-rk3588.rkllm",
        "qwen",
        "qwen/qwen_qwen3-0.6b-w8a8-opt0-hybrid0-npu3-ctx16384-rk3588.rkllm",
      ],
      path: folder.path("qwen/Qwen_Qwen3-0.6B-w8a8-opt0-hybrid0-npu3-ctx16384-rk3588.rkllm"),
      format: "rkllm",
      bytes: 13,
      modifiedMs: expect.any(Number) as number,
      contextTokensMax: 16_384,
      family: "qwen3",
      parameterSize: "0.6B",
      quantization: "w8a8",
      soc: "rk3588",
      sidecars: {
        tokenizer: folder.path("qwen/tokenizer.json"),
        tokenizerConfig: folder.path("qwen/tokenizer_config.json"),
        chatTemplate: folder.path("qwen/chat_template.jinja"),
        generationConfig: folder.path("qwen/generation_config.json"),
      },
    });
    // The tokenizer that lies loose says not whose it is.
    expect([gemma?.id, gemma?.contextTokensMax, gemma?.sidecars]).toEqual(["gemma3-1b", 4096, {}]);
  });

  test("a loose file's sidecars bear its name", async () => {
    await folder.put("gemma-3-1b-it_w8a8.rkllm");
    await folder.put("gemma-3-1b-it_w8a8.tokenizer.json", "{}");
    await folder.put("gemma-3-1b-it_w8a8.chat_template.json", "{}");
    expect((await folder.open().list())[0]?.sidecars).toEqual({
      tokenizer: folder.path("gemma-3-1b-it_w8a8.tokenizer.json"),
      chatTemplate: folder.path("gemma-3-1b-it_w8a8.chat_template.json"),
    });
  });

  test("nothing that is hidden, empty, unfinished, an adapter, an image encoder, deeper down, or no file", async () => {
    await folder.put(".hidden.rkllm");
    await folder.put(".pull/x/x.rkllm");
    await folder.put("empty.rkllm", "");
    await folder.put("half.rkllm.partial");
    await folder.put("loading.gguf");
    await folder.put("loading.gguf.aria2");
    await folder.put("qwen_lora.rkllm");
    await folder.put("qwen-lora-f16.gguf");
    await folder.put("mmproj-model-f16.gguf");
    await folder.put("a/b/deep.rkllm");
    await folder.put("README.md");
    await mkdir(folder.path("folder.rkllm"));
    await symlink(folder.path("nowhere"), folder.path("broken.rkllm"));
    expect(await idsOf(folder.open())).toEqual([]);
  });

  test("links to files and to folders are followed, and the same folder twice counts once", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "catalog-elsewhere-"));
    try {
      await Bun.write(join(elsewhere, "Qwen3-1.7B_W8A8_RK3588.rkllm"), "weights");
      await symlink(elsewhere, folder.path("linked"));
      await folder.put("real/Qwen3-4B-rk3588-w8a8.RKLLM");
      expect(
        await idsOf(
          folder.open({ modelsDirs: [folder.dir, `${folder.dir}/../${folder.dir.split("/").at(-1) ?? ""}`, folder.path("absent")] }),
        ),
      ).toEqual(["qwen3-1.7b", "qwen3-4b"]);
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  test("sizes are ordered as numbers", async () => {
    for (const size of ["14B", "4B", "0.6B"]) await folder.put(`Qwen3-${size}_w8a8.rkllm`);
    expect(await idsOf(folder.open())).toEqual(["qwen3-0.6b", "qwen3-4b", "qwen3-14b"]);
  });

  test("a change on disk shows at once", async () => {
    const catalog = folder.open();
    expect(await idsOf(catalog)).toEqual([]);
    await folder.put("Qwen3-4B_w8a8.rkllm");
    expect(await idsOf(catalog)).toEqual(["qwen3-4b"]);
    await rename(folder.path("Qwen3-4B_w8a8.rkllm"), folder.path("Qwen3-8B_w8a8.rkllm"));
    expect(await idsOf(catalog)).toEqual(["qwen3-8b"]);
    await folder.put("Qwen3-8B_w8a8.rkllm", "more weights than before");
    expect((await catalog.resolve("qwen3-8b")).bytes).toBe(24);
  });

  test("what was seen since a request came is good enough for it, and for none that comes later", async () => {
    await folder.put("qwen3-0.6b_w8a8.rkllm");
    const catalog = folder.open();
    const arrivedMs = performance.now();
    catalog.look();
    expect((await catalog.resolve("qwen3-0.6b", arrivedMs)).id).toBe("qwen3-0.6b");
    await folder.put("qwen3-1.7b_w8a8.rkllm");
    expect(await catalog.resolve("qwen3-1.7b", arrivedMs).catch(({ code }: { code: string }) => code)).toBe("model_not_found");
    expect((await catalog.resolve("qwen3-1.7b", performance.now())).id).toBe("qwen3-1.7b");
  });

  test("a name is recalled as it was seen last, and whether that holds is told", async () => {
    await folder.put("tiny-1b.rkllm");
    const catalog = folder.open({ nowMs: () => Date.now() + 60_000 });
    expect(catalog.recall("tiny-1b")).toBeNull();
    const seen = await catalog.resolve("tiny-1b");
    const [before, unknown] = [catalog.recall("tiny-1b"), catalog.recall("other-1b")];
    expect([before?.model === seen, await before?.holds, unknown]).toEqual([true, true, null]);
    await folder.put("other-1b.rkllm");
    const after = catalog.recall("tiny-1b");
    expect([after?.model === seen, await after?.holds]).toEqual([true, false]);
  });

  test("a name is not recalled from files that were written just before, as these are looked at anew each time", async () => {
    await folder.put("tiny-1b.rkllm");
    const catalog = folder.open();
    await catalog.resolve("tiny-1b");
    expect(catalog.recall("tiny-1b")).toBeNull();
  });
});

describe("GGUF", () => {
  test("metadata overrules the name", async () => {
    await folder.putGguf("Qwen3-9B-ctx1024-Q8_0.gguf", {
      contextTokens: 2048,
      metadata: { "general.size_label": { type: "string", value: "17M" }, "general.file_type": { type: "u32", value: 0 } },
    });
    const model = await folder.open().resolve("qwen3-9b");
    expect([model.contextTokensMax, model.family, model.parameterSize, model.quantization]).toEqual([2048, "llama", "17M", "F32"]);
  });

  test("a damaged file is listed with the reason, and mended once it is whole", async () => {
    await folder.put("whole.rkllm");
    await folder.put("text.gguf", "no model at all");
    const catalog = folder.open();
    expect((await catalog.resolve("text")).unrunnableReason).toBe("text.gguf is not a GGUF file; download it again.");
    await folder.putGguf("text.gguf");
    expect((await catalog.resolve("text")).unrunnableReason).toBeUndefined();
    const bytes = new Uint8Array(await Bun.file(folder.path("text.gguf")).arrayBuffer());
    await Bun.write(folder.path("half.gguf"), bytes.subarray(0, bytes.length / 2));
    expect((await catalog.resolve("half")).unrunnableReason).toContain("is not complete");
    expect(await idsOf(catalog)).toEqual(["text", "half", "whole"]);
  });

  test("a file that holds something else is listed as such", async () => {
    await folder.putGguf("style.gguf", { metadata: { "general.type": { type: "string", value: "imatrix" } } });
    expect((await folder.open().resolve("style")).unrunnableReason).toBe("style.gguf is no model: it says it is of the type imatrix.");
  });

  test("a split file is one model of the size of its parts; a missing part is told", async () => {
    await folder.putGguf("m/Big-7B-Q4_0-00001-of-00003.gguf");
    await folder.put("m/Big-7B-Q4_0-00002-of-00003.gguf", "12345");
    const first = Bun.file(folder.path("m/Big-7B-Q4_0-00001-of-00003.gguf")).size;
    const catalog = folder.open();
    const model = await catalog.resolve("big-7b");
    expect([model.bytes, model.unrunnableReason]).toEqual([
      first + 5,
      "m/Big-7B-Q4_0-00001-of-00003.gguf is split, and 1 of its parts are missing. Put them into the same folder.",
    ]);
    await folder.put("m/Big-7B-Q4_0-00003-of-00003.gguf", "123");
    const whole = await catalog.resolve("big-7b");
    expect([whole.bytes, whole.unrunnableReason]).toEqual([first + 8, undefined]);
    expect(await idsOf(catalog)).toEqual(["big-7b"]);
  });
});

describe("what this machine can run", () => {
  test("without the NPU's library every .rkllm says so, and .gguf runs", async () => {
    await folder.put("Qwen3-4B_w8a8.rkllm");
    await folder.putGguf("tiny.gguf");
    const reasons = (await folder.open({ rkllmUnavailableReason: "No NPU here." }).list()).map((model) => [
      model.id,
      model.unrunnableReason,
    ]);
    expect(reasons).toEqual([
      ["tiny", undefined],
      ["qwen3-4b", "No NPU here."],
    ]);
  });

  test("a conversion for another SoC does not run; one that names none might", async () => {
    await folder.put("Qwen3-0.6B_W4A16_RK3576.rkllm");
    await folder.put("Qwen3-1.7B_W8A8_RK3588.rkllm");
    await folder.put("Qwen3-4B_W8A8.rkllm");
    const reasons = async (boardSoc: CatalogOptions["boardSoc"]) =>
      (await folder.open({ boardSoc: boardSoc ?? null }).list()).map((model) => model.unrunnableReason ?? "runs");
    expect(await reasons("rk3588")).toEqual([
      "runs",
      "Qwen3-0.6B_W4A16_RK3576.rkllm was converted for RK3576, and this board is an RK3588. Get the model converted for RK3588.",
      "runs",
    ]);
    expect(await reasons(null)).toEqual(["runs", "runs", "runs"]);
  });

  test.each([
    ["version https://git-lfs.github.com/spec/v1\noid sha256:0", "is a Git LFS pointer, not the weights; download the file itself"],
    ["<!DOCTYPE html><html>", "is a web page, not weights; download it again"],
    ["GGUF\u0003\u0000\u0000\u0000", "is a GGUF file; give it the ending .gguf"],
    ["\0".repeat(600), "begins with zeros only: the download was not finished; download it again"],
  ])("a .rkllm that begins with %j is something else", async (content, reason) => {
    await folder.put("x.rkllm", content);
    expect((await folder.open().resolve("x")).unrunnableReason).toBe(`x.rkllm ${reason}.`);
  });
});

describe("model.json", () => {
  test("overrules names and metadata", async () => {
    await folder.putGguf("m/anything.gguf", { contextTokens: 2048 });
    await folder.put(
      "m/model.json",
      JSON.stringify({ name: "House:Model", contextTokensMax: 512, family: "f", parameterSize: "1B", quantization: "q", later: 1 }),
    );
    const model = await folder.open().resolve("house-model");
    expect([model.id, model.contextTokensMax, model.family, model.parameterSize, model.quantization]).toEqual([
      "house-model",
      512,
      "f",
      "1B",
      "q",
    ]);
    for (const name of ["house:model", "anything", "anything.gguf", "m"])
      expect((await folder.open().resolve(name)).id).toBe("house-model");
  });

  test("speaks of the file it names alone", async () => {
    await folder.put("m/Qwen3-4B_w8a8.rkllm");
    await folder.put("m/Qwen3-8B_w8a8.rkllm");
    await folder.put("m/model.json", JSON.stringify({ file: "Qwen3-8B_w8a8.rkllm", soc: "rk3576" }));
    expect((await folder.open().list()).map((model) => model.soc)).toEqual([undefined, "rk3576"]);
  });

  test.each([
    ["{", /^Cannot read .*model\.json: .*Mend or delete it\.$/],
    ["[]", /model\.json has to hold a JSON object\.$/],
    ['{"contextTokensMax":"4k"}', /model\.json: contextTokensMax is wrong \(expected integer\)\. Mend or delete it\.$/],
    ['{"name":"../x"}', /model\.json: name is wrong/],
  ])("%j is reported on its model and breaks nothing", async (content, reason) => {
    await folder.put("m/Qwen3-4B_w8a8.rkllm");
    await folder.put("m/model.json", content);
    await folder.put("gemma-3-1b-it_w8a8.rkllm");
    expect((await folder.open().resolve("qwen3-4b")).unrunnableReason).toMatch(reason);
    expect(await idsOf(folder.open())).toEqual(["gemma3-1b", "qwen3-4b"]);
  });
});
