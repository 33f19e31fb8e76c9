import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { utimes } from "node:fs/promises";
import { idsOf, ModelsFolder } from "../../support/models-folder.ts";

let folder: ModelsFolder;
beforeEach(async () => {
  folder = await ModelsFolder.make();
  await folder.put("Qwen3-0.6B-rk3588.rkllm");
});
afterEach(() => folder[Symbol.asyncDispose]());

async function putManifest(name: string, manifest: object): Promise<void> {
  await folder.put(`${name}/model.json`, JSON.stringify(manifest));
}

async function reasonOf(name: string): Promise<string | undefined> {
  return (await folder.open().resolve(name)).unrunnableReason;
}

const PRESET = { system: "", messages: [], parameters: {}, licenses: [] };

describe("a model made of another", () => {
  test("is listed after those with weights, with their facts and its own words", async () => {
    await putManifest("Mario", {
      from: "qwen3:0.6b",
      system: "You are Mario.",
      parameters: { temperature: 0, num_ctx: 1024, stop: ["END"], seed: 7 },
      messages: [{ role: "user", content: "Who?" }],
      license: "MIT",
    });
    const [base, mario, ...others] = await folder.open().list();
    expect(others).toEqual([]);
    expect(mario).toEqual({
      ...base!,
      id: "mario",
      aliases: [],
      modifiedMs: expect.any(Number) as number,
      contextTokensMax: 1024,
      preset: {
        system: "You are Mario.",
        messages: [{ role: "user", content: "Who?" }],
        parameters: { temperature: 0, num_ctx: 1024, stop: ["END"], seed: 7 },
        licenses: ["MIT"],
      },
      derived: { parent: "qwen3-0.6b", depth: 1, opens: base!, manifestPath: folder.path("Mario/model.json") },
    });
  });

  test("never becomes the default model by itself, and is it where it is configured", async () => {
    await putManifest("a-first", { from: "qwen3-0.6b" });
    expect((await folder.open().resolve("")).id).toBe("qwen3-0.6b");
    expect((await folder.open({ defaultModel: "a-first" }).resolve("")).id).toBe("a-first");
  });

  test("is found by its name in any case, with a tag or with a colon", async () => {
    await putManifest("helper-v2", { from: "qwen3-0.6b", name: "Helper:v2" });
    const catalog = folder.open();
    const ids = await Promise.all(["helper-v2", "HELPER:V2", "helper-v2:latest"].map(async (name) => (await catalog.resolve(name)).id));
    expect(ids).toEqual(["helper-v2", "helper-v2", "helper-v2"]);
  });

  test("does not take the name of a model with weights, nor the model.json of weights beside it", async () => {
    await putManifest("qwen3-0.6b", { from: "qwen3-0.6b", system: "x" });
    await folder.put("llama/Llama-3.2-1B.rkllm");
    await folder.put("llama/model.json", JSON.stringify({ from: "qwen3-0.6b", name: "lama", family: "sheep" }));
    const models = await folder.open().list();
    expect(models.map(({ id, family }) => [id, family])).toEqual([
      ["llama3.2-1b", "llama"],
      ["qwen3-0.6b", "qwen3"],
      ["lama", "sheep"],
      ["qwen3-0.6b-2", "qwen3"],
    ]);
  });

  test("inherits along the line: texts replace, parameters one by one, licenses add up", async () => {
    await putManifest("one", { from: "qwen3-0.6b", system: "One.", parameters: { temperature: 1, top_k: 5 }, license: ["A"] });
    await putManifest("two", {
      from: "one",
      parameters: { temperature: 0.5 },
      license: ["A", "B"],
      messages: [{ role: "user", content: "?" }],
    });
    expect((await folder.open().resolve("two")).preset).toEqual({
      system: "One.",
      messages: [{ role: "user", content: "?" }],
      parameters: { temperature: 0.5, top_k: 5 },
      licenses: ["A", "B"],
    });
  });

  test("with a template of its own opens the weights with that template", async () => {
    await putManifest("plain", { from: "qwen3-0.6b", template: "{{ messages[0].content }}" });
    await putManifest("child", { from: "plain", system: "x" });
    const catalog = folder.open();
    const [plain, child] = [await catalog.resolve("plain"), await catalog.resolve("child")];
    const opens = { ...(await catalog.resolve("qwen3-0.6b")), template: "{{ messages[0].content }}" };
    expect([plain.derived?.opens, child.derived?.opens]).toEqual([opens, opens]);
  });

  test("may be made of a model with an adapter, or name an adapter", async () => {
    await folder.put("Qwen3-0.6B-rk3588.pirate_lora.rkllm");
    await putManifest("jack", { from: "qwen3-0.6b+pirate" });
    await putManifest("anne", { from: "qwen3-0.6b", adapter: "pirate" });
    await putManifest("both", { from: "qwen3-0.6b+pirate", adapter: "pirate" });
    await folder.put("own/parrot_lora.rkllm");
    await putManifest("own", { from: "qwen3-0.6b", adapter: "parrot_lora.rkllm" });
    const catalog = folder.open();
    const base = await catalog.resolve("qwen3-0.6b");
    const pirate = (await catalog.resolve("qwen3-0.6b+pirate")).adapted;
    expect((await catalog.resolve("jack")).adapted).toEqual(pirate);
    expect((await catalog.resolve("anne")).adapted).toEqual(pirate);
    expect((await catalog.resolve("own")).adapted?.base).toEqual(base);
    expect((await catalog.resolve("own")).adapted?.adapter.path).toBe(folder.path("own/parrot_lora.rkllm"));
    expect(await reasonOf("both")).toStartWith("It is made of qwen3-0.6b+pirate, which has an adapter already");
  });

  test("of weights alone: their own model.json gives them words as well", async () => {
    await folder.put("llama/Llama-3.2-1B.rkllm");
    await folder.put("llama/model.json", JSON.stringify({ system: "Be brief." }));
    expect((await folder.open().resolve("llama3.2-1b")).preset).toEqual({ ...PRESET, system: "Be brief." });
  });
});

describe("what cannot be made says why", () => {
  test("a model that does not exist, and what is made of such a one", async () => {
    await putManifest("orphan", { from: "nobody" });
    await putManifest("child", { from: "orphan" });
    const path = folder.path("orphan/model.json");
    const reason = `It is made of "nobody", and there is no such model. Get it, or mend "from" in ${path}.`;
    expect(await reasonOf("orphan")).toBe(reason);
    expect(await reasonOf("child")).toBe(`It is made of orphan, which cannot run: ${reason}`);
  });

  test("a circle, and a model of itself", async () => {
    await putManifest("a", { from: "b" });
    await putManifest("b", { from: "c" });
    await putManifest("c", { from: "a" });
    await putManifest("self", { from: "SELF" });
    expect(await reasonOf("self")).toBe(`It is made of itself: self, self. Mend "from" in ${folder.path("self/model.json")}.`);
    expect(await reasonOf("a")).toContain("It is made of itself: a, b, c, a. Mend");
    expect(await idsOf(folder.open())).toEqual(["qwen3-0.6b", "a", "b", "c", "self"]);
  });

  test("a line of models that is too long, from there on", async () => {
    for (let depth = 1; depth <= 10; depth++) await putManifest(`m${depth}`, { from: depth === 1 ? "qwen3-0.6b" : `m${depth - 1}` });
    const reason =
      "It is made of m8, which is itself the last in a line of 8 models that are made of each other. Make it of one before that. " +
      `Mend "from" in ${folder.path("m9/model.json")}.`;
    expect([await reasonOf("m8"), await reasonOf("m9")]).toEqual([undefined, reason]);
    expect(await reasonOf("m10")).toBe(`It is made of m9, which cannot run: ${reason}`);
  });

  test("more of them than anybody can look after", async () => {
    for (let index = 0; index <= 500; index++) await putManifest(`m${String(index).padStart(3, "0")}`, { from: "qwen3-0.6b" });
    expect([await reasonOf("m499"), await reasonOf("m500")]).toEqual([
      undefined,
      "There are more than 500 models that are made of others. Delete those that nobody uses.",
    ]);
  });

  test.each([
    ["a Go template", { template: "{{ if .System }}{{ .System }}{{ end }}{{ .Prompt }}" }, "template is a Go template"],
    ["a value out of range", { parameters: { temperature: -1 } }, "parameters.temperature is wrong"],
    ["a role that there is not", { messages: [{ role: "tool", content: "" }] }, "messages.0.role is wrong"],
    ["an adapter that is not there", { adapter: "../pirate" }, 'There is no adapter "../pirate" beside it or beside qwen3-0.6b.'],
  ])("%s", async (_what, manifest, reason) => {
    await putManifest("bad", { from: "qwen3-0.6b", ...manifest });
    expect(await reasonOf("bad")).toContain(reason);
  });

  test("a name that stands for several models", async () => {
    await folder.put("Qwen3-0.6B-rk3576.rkllm");
    await putManifest("either", { from: "qwen3-0.6b" });
    expect(await reasonOf("either")).toContain("is ambiguous: it could be qwen3-0.6b-rk3576 or qwen3-0.6b-rk3588");
  });

  test("a model.json that cannot be read, where it lies alone", async () => {
    await folder.put("broken/model.json", "{");
    expect(await reasonOf("broken")).toContain(`Cannot read ${folder.path("broken/model.json")}`);
  });
});

test("the checksum that pull wrote is that of weights which are not newer", async () => {
  const sha256 = "a".repeat(64);
  await folder.put("llama/Llama-3.2-1B.rkllm");
  await folder.put("llama/model.json", JSON.stringify({ file: "Llama-3.2-1B.rkllm", sha256 }));
  expect((await folder.open().resolve("llama3.2-1b")).sha256).toBe(sha256);
  const later = Date.now() / 1000 + 60;
  await utimes(folder.path("llama/Llama-3.2-1B.rkllm"), later, later);
  expect((await folder.open().resolve("llama3.2-1b")).sha256).toBeUndefined();
});
