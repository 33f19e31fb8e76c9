import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { idsOf, ModelsFolder, refusal } from "../../support/models-folder.ts";

let folder: ModelsFolder;
beforeEach(async () => {
  folder = await ModelsFolder.make();
});
afterEach(() => folder[Symbol.asyncDispose]());

describe("names", () => {
  test.each([
    "qwen3-0.6b",
    "qwen3:0.6b",
    "QWEN3:0.6B",
    " qwen3-0.6b ",
    "qwen3:0.6b:latest",
    "qwen3-0.6b:latest",
    "Qwen_Qwen3-0.6B-w8a8-ctx16384-rk3588",
    "Qwen_Qwen3-0.6B-w8a8-ctx16384-rk3588.rkllm",
    "my-folder",
    "my-folder:latest",
  ])("%j finds the model", async (name) => {
    await folder.put("My-Folder/Qwen_Qwen3-0.6B-w8a8-ctx16384-rk3588.rkllm");
    await folder.put("gemma-3-1b-it_w8a8.rkllm");
    expect((await folder.open().resolve(name)).id).toBe("qwen3-0.6b");
  });

  test.each(["../m/Qwen3-4B_w8a8.rkllm", "/etc/passwd", "m/../m/Qwen3-4B_w8a8.rkllm", "qwen3", "constructor", "__proto__"])(
    "%j is a name like any other, and there is none of that name",
    async (name) => {
      await folder.put("m/Qwen3-4B_w8a8.rkllm");
      expect(await refusal(folder.open().resolve(name))).toEqual(["model_not_found", `There is no model "${name}". Available: qwen3-4b.`]);
    },
  );

  test("a name that is long and has control characters is shown short and on one line", async () => {
    await folder.put("Qwen3-4B_w8a8.rkllm");
    const [, message] = await refusal(folder.open().resolve(`a\n\x1b[31m${"x".repeat(5000)}`));
    expect(message).toStartWith('There is no model "a [31mxxx');
    expect(message.length).toBeLessThan(200);
  });

  test("what there is instead stands by itself, too", async () => {
    await folder.put("Qwen3-4B_w8a8.rkllm");
    expect(
      await folder
        .open()
        .resolve("x")
        .catch((error: unknown) => error),
    ).toMatchObject({ details: { hint: "Available: qwen3-4b." } });
  });

  test("models that cannot run here are not offered beside those that can", async () => {
    await folder.put("Qwen3-4B_w8a8_rk3588.rkllm");
    await folder.put("gemma-3-1b-it_w8a8_rk3576.rkllm");
    expect((await refusal(folder.open({ boardSoc: "rk3588" }).resolve("x")))[1]).toEndWith("Available: qwen3-4b.");
  });

  test("only some of many models are named", async () => {
    for (let size = 1; size <= 12; size += 1) await folder.put(`Qwen3-${size}B_w8a8.rkllm`);
    expect((await refusal(folder.open().resolve("x")))[1]).toEndWith("qwen3-7b, qwen3-8b and 4 more.");
  });

  test("two files of one name both get a longer one, and the short one is refused", async () => {
    await folder.put("a/Qwen_Qwen3-0.6B-w8a8-rk3588.rkllm");
    await folder.putGguf("b/Qwen3-0.6B-Q4_0.gguf", { metadata: { "general.file_type": { type: "u32", value: 2 } } });
    const catalog = folder.open();
    expect(await idsOf(catalog)).toEqual(["qwen3-0.6b-q4_0", "qwen3-0.6b-w8a8"]);
    for (const name of ["qwen3-0.6b", "qwen3:0.6b"]) {
      expect(await refusal(catalog.resolve(name))).toEqual([
        "invalid_request",
        `The model name "${name}" is ambiguous: it could be qwen3-0.6b-q4_0 or qwen3-0.6b-w8a8. Use one of these names.`,
      ]);
    }
    expect((await catalog.resolve("qwen3:0.6b-w8a8")).id).toBe("qwen3-0.6b-w8a8");
    expect((await catalog.resolve("b")).id).toBe("qwen3-0.6b-q4_0");
  });
});

describe("the default model", () => {
  test("is the first by name that can run", async () => {
    await folder.put("gemma-3-1b-it_w8a8_rk3576.rkllm");
    await folder.put("Qwen3-4B_w8a8.rkllm");
    const catalog = folder.open({ boardSoc: "rk3588" });
    expect((await catalog.resolve("")).id).toBe("qwen3-4b");
    expect(await idsOf(catalog)).toEqual(["qwen3-4b", "gemma3-1b"]);
  });

  test("is the configured one, by any of its names", async () => {
    await folder.put("gemma-3-1b-it_w8a8.rkllm");
    await folder.put("Qwen3-4B_w8a8.rkllm");
    const catalog = folder.open({ defaultModel: "Qwen3:4B" });
    expect((await catalog.resolve("")).id).toBe("qwen3-4b");
    expect(await idsOf(catalog)).toEqual(["qwen3-4b", "gemma3-1b"]);
  });

  test("that is configured and gone is refused by name, and the list stays", async () => {
    await folder.put("Qwen3-4B_w8a8.rkllm");
    const catalog = folder.open({ defaultModel: "gemma3-1b" });
    expect(await refusal(catalog.resolve(""))).toEqual(["model_not_found", 'There is no model "gemma3-1b". Available: qwen3-4b.']);
    expect(await idsOf(catalog)).toEqual(["qwen3-4b"]);
  });

  test("where none can run is the first, whose reason can then be told", async () => {
    await folder.put("Qwen3-4B_w8a8.rkllm");
    expect((await folder.open({ rkllmUnavailableReason: "No NPU." }).resolve("")).unrunnableReason).toBe("No NPU.");
  });

  test("where there is none tells how to get one", async () => {
    const how = `Get one with "rockchip-llama pull qwen3:0.6b", or put a .gguf or .rkllm file into ${folder.dir}.`;
    expect(await refusal(folder.open().resolve(""))).toEqual(["model_not_found", `There is no model yet. ${how}`]);
    expect(await refusal(folder.open().resolve("qwen3"))).toEqual([
      "model_not_found",
      `There is no model "qwen3": no model has been installed yet. ${how}`,
    ]);
  });

  test("in a folder that cannot be read says so", async () => {
    await folder.put("file", "not a folder");
    const [code, message] = await refusal(folder.open({ modelsDirs: [folder.path("file")] }).resolve(""));
    expect([code, message]).toEqual(["model_not_found", `There is no model yet. Cannot read the folder ${folder.path("file")} (ENOTDIR).`]);
  });
});
