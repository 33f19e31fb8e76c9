import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildCpuRuntime, findCompiler } from "../../external/rkllm-cpu/build.ts";
import { libraryBytes } from "../support/fake-machine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { writeTinyLora } from "../support/tiny-gguf.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

/**
 * Several runtime libraries beside one another in one server: real ones in both ABIs, one that refuses every model, and one that no loader
 * takes. They are the CPU runtime built as librkllmrt.so, so that they open .gguf models.
 */
const PATH = "/v1/chat/completions";
const MODELS = { "one.gguf": {}, "two.gguf": { seed: 2 } };
const FOLDER = temporaryFolder();
const OLD = join(FOLDER, "both/1.2.3/librkllmrt.so");
const NEW = join(FOLDER, "both/1.3.0/librkllmrt.so");
const REFUSING = join(FOLDER, "refusing/librkllmrt.so");
/** It opens every model with an error in its log, and runs none. */
const LYING = join(FOLDER, "lying/librkllmrt.so");
/** It says that it is a CPU runtime of the newest version, and cannot be loaded. */
const BROKEN = join(FOLDER, "broken/librkllmrt.so");

interface LoadedModel {
  readonly id: string;
  readonly runtime_version: string;
  readonly context_length: number;
}

const ask = async (server: TestServer, model: string, more: object = {}) =>
  server.post(PATH, { model, messages: [{ role: "user", content: "Hi" }], temperature: 0, max_tokens: 8, ...more });

async function textOf(response: Response): Promise<string> {
  const body = (await response.json()) as { choices: { message: { content: string } }[] };
  return body.choices[0]?.message.content ?? "";
}

/** Which version each loaded model runs on, as the routes tell it. */
async function versionsOf(server: TestServer): Promise<readonly Record<string, string>[]> {
  const { models } = (await (await fetch(`${server.url}/v1/health`)).json()) as { models: LoadedModel[] };
  const { data } = (await (await fetch(`${server.url}/v1/models/loaded`)).json()) as { data: LoadedModel[] };
  return [models, data].map((all) => Object.fromEntries(all.map(({ id, runtime_version }) => [id, runtime_version])));
}

/** Flags for these libraries, with settings of single models. */
function flagsFor(runtime: string, models: object = {}): readonly string[] {
  const config = temporaryFolder();
  writeFileSync(join(config, "inference_config.json"), JSON.stringify({ models }));
  return ["--runtime", runtime, "--config-dir", config, "--cache-dir", join(config, "cache"), "--log-level", "debug"];
}

describe.skipIf(findCompiler(undefined) === null)("several runtime libraries (skipped where there is no C compiler)", () => {
  beforeAll(() => {
    buildCpuRuntime({ version: "1.2.3", folder: join(FOLDER, "both/1.2.3") });
    buildCpuRuntime({ version: "1.3.0", folder: join(FOLDER, "both/1.3.0") });
    buildCpuRuntime({ version: "1.3.0", folder: join(FOLDER, "refusing"), moods: "fail-init" });
    buildCpuRuntime({ version: "1.3.0", folder: join(FOLDER, "lying"), moods: "false-alarm,fail-run" });
    mkdirSync(join(FOLDER, "broken"));
    const arch = process.arch === "arm64" ? "arm64" : "x64";
    writeFileSync(BROKEN, libraryBytes(arch, "RKLLM CPU runtime", "RKLLM SDK (version: 1.3.0"), "latin1");
  }, 60_000); // the compiler takes seconds on a busy machine

  test("two models run on two versions of the ABI at the same time, and say so", async () => {
    await using server = await startTestServer({
      models: MODELS,
      flags: flagsFor(join(FOLDER, "both"), { one: { runtime_library: "1.2.3", temperature: 0 }, two: { temperature: 0 } }),
    });
    const responses = await Promise.all([ask(server, "one"), ask(server, "two"), ask(server, "one"), ask(server, "two")]);
    const texts = await Promise.all(responses.map(textOf));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect([texts[0], texts[1]]).toEqual([texts[2], texts[3]]);
    expect(await versionsOf(server)).toEqual([
      { one: "1.2.3", two: "1.3.0" },
      { one: "1.2.3", two: "1.3.0" },
    ]);
    await server.server.stop();
    const log = server.server.output + (await server.server.log);
    expect(log).toContain(OLD);
    expect(log).toContain(NEW);
  });

  test("each model has the context of its own section, whichever library opens it", async () => {
    const models = { one: { runtime_library: "1.2.3", max_context_len: 512 }, two: { max_context_len: 1024 } };
    await using server = await startTestServer({ models: MODELS, flags: flagsFor(join(FOLDER, "both"), models) });
    await Promise.all([ask(server, "one"), ask(server, "two")]);
    const { data } = (await (await fetch(`${server.url}/v1/models/loaded`)).json()) as { data: LoadedModel[] };
    expect(Object.fromEntries(data.map(({ id, context_length }) => [id, context_length]))).toEqual({ one: 512, two: 1024 });
  });

  test("what only 1.3 can do is done for its model, and named for the other", async () => {
    await using server = await startTestServer({
      models: MODELS,
      flags: flagsFor(join(FOLDER, "both"), { one: { runtime_library: OLD } }),
    });
    const responses = [await ask(server, "one"), await ask(server, "two")];
    expect(responses.map(({ headers }) => headers.get("x-rockchip-llama-ignored"))).toEqual(["temperature", null]);
  });

  test.each([
    ["refuses the model", REFUSING],
    ["says that it is open when it is not", LYING],
    ["cannot be loaded", BROKEN],
  ])("where the newest %s, the next opens it, and goes first from then on", async (_, newest) => {
    const flags = flagsFor(`${newest},${OLD}`);
    const warnings: number[] = [];
    let modelsDir: string | undefined;
    for (let start = 0; start < 3; start++) {
      await using server = await startTestServer({ models: MODELS, flags, ...(modelsDir === undefined ? {} : { modelsDir }) });
      modelsDir = server.modelsDir;
      expect((await ask(server, "one")).status).toBe(200);
      expect((await versionsOf(server))[0]).toEqual({ one: "1.2.3" });
      await server.server.stop();
      const log = server.server.output + (await server.server.log);
      warnings.push(log.split("a runtime library did not open the model").length - 1);
    }
    expect(warnings).toEqual([1, 0, 0]);
  });

  test("where none opens the model, the error says what each of them said", async () => {
    await using server = await startTestServer({ models: MODELS, flags: flagsFor(`${REFUSING},${BROKEN}`) });
    const response = await ask(server, "one");
    const { error } = (await response.json()) as { error: { message: string } };
    expect(response.status).toBe(500);
    expect(error.message).toContain(`1.3.0 (${REFUSING}): The runtime could not load`);
    expect(error.message).toContain(`1.3.0 (${BROKEN}): `);
  });

  test("a version that is forced and not there is refused with those that are", async () => {
    await using server = await startTestServer({
      models: MODELS,
      flags: flagsFor(join(FOLDER, "both"), { one: { runtime_library: "1.2.1" } }),
    });
    const { error } = (await (await ask(server, "one")).json()) as { error: { message: string } };
    expect(error.message).toBe("The model one cannot run here: runtime_library asks for version 1.2.1, and there are 1.3.0, 1.2.3");
  });

  test("an adapter changes answers on either version", async () => {
    const modelsDir = temporaryFolder();
    for (const name of ["one", "two"]) writeTinyLora(join(modelsDir, `${name}.pirate_lora.gguf`), { strength: 2 });
    await using first = await startTestServer({ models: MODELS });
    for (const file of Object.keys(MODELS)) await Bun.write(join(modelsDir, file), Bun.file(join(first.modelsDir, file)));
    const models = { one: { runtime_library: "1.2.3", temperature: 0 } };
    await using server = await startTestServer({ modelsDir, flags: flagsFor(join(FOLDER, "both"), models) });
    for (const model of ["one", "two"]) {
      const [plain, adapted] = [await ask(server, model), await ask(server, `${model}+pirate`)];
      expect([plain.status, adapted.status]).toEqual([200, 200]);
      expect(await textOf(adapted)).not.toBe(await textOf(plain));
    }
  });
});

test.each(["1.2.3", "1.3.0"])("every value of the configuration reaches rkllm_init of version %s as it is", async (version) => {
  const values = ["--max-context-len", "1024", "--n-keep", "7", "--base-domain-id", "3", "--no-embed-flash", "--cpu-count", "1"];
  const more = [
    "--cpu-mask",
    "0x30",
    "--n-batch",
    "2",
    "--temperature",
    "0.25",
    "--top-k",
    "9",
    "--top-p",
    "0.5",
    "--repeat-penalty",
    "1.5",
  ];
  const logging = ["--native-log-level", "1", "--log-level", "debug", "--no-skip-special-token", "--cpu-runtime-version", version];
  await using server = await startTestServer({ flags: [...values, ...more, ...logging] });
  expect((await server.post(PATH, { messages: [{ role: "user", content: "Hi" }], max_tokens: 1 })).status).toBe(200);
  await server.server.stop();
  const log = server.server.output + (await server.server.log);
  expect(log).toContain(
    "parameters: max_context_len 1024, n_keep 7, base_domain_id 3, embed_flash 0, enabled_cpus_num 1, enabled_cpus_mask 0x30, n_batch 2, " +
      "temperature 0.25, top_k 9, top_p 0.50, repeat_penalty 1.50, skip_special_token 0",
  );
});
