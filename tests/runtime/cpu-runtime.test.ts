/** What a run of the CPU runtime delivers, for each layout of the ABI and each way to build it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { abiForVersion } from "../../src/runtime/native/abi.ts";
import { writeTinyGguf } from "../support/tiny-gguf.ts";
import { describeCpuRuntimes } from "./cpu-runtime-harness.ts";
import { captureLog, logLength, logSince, staleMemory, WORK_FOLDER } from "./cpu-runtime-recorder.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MODEL = join(WORK_FOLDER, "plain.gguf");
writeTinyGguf(MODEL, { chatTemplate: null, contextTokens: 512 });
const SPEAKER = join(WORK_FOLDER, "speaker.gguf");
writeTinyGguf(SPEAKER, { contextTokens: 512, says: "Hello there." });

captureLog();

describeCpuRuntimes(({ runtime, version }) => {
  const abi = abiForVersion(version);

  test("says what it is and what the model is while it loads", () => {
    const from = logLength();
    using _ = runtime.open(MODEL, { cpuCount: 4 });
    expect(logSince(from).map((line) => line.replace(/num: \d+$/, "num: N").replace(WORK_FOLDER, ""))).toEqual([
      `I rkllm: rkllm-runtime version: ${version}, rknpu driver version: none, platform: CPU`,
      "I rkllm: loading rkllm model from /plain.gguf",
      "I rkllm: rkllm-toolkit version: unknown, max_context_limit: 512, npu_core_num: 0, target_platform: CPU, model_dtype: F32",
      "I rkllm: Enabled cpus: [0]",
      "I rkllm: Enabled cpus num: N",
    ]);
  });

  test("delivers each token on the caller's thread, then FINISH with the timings, and returns 0", () => {
    using model = runtime.open(MODEL, { newTokensMax: 12 });
    const { status, deliveries, perf } = model.run("the word was", { userdata: 42 });
    const tokens = deliveries.slice(0, -1);
    expect(status).toBe(0);
    expect(tokens).toHaveLength(12);
    expect(tokens.every((token) => token.tokenId >= 0 && token.state <= 1)).toBe(true);
    expect(deliveries.every((delivery) => !delivery.foreign && delivery.userdata === 42)).toBe(true);
    expect(deliveries.at(-1)).toMatchObject({ state: 2, text: null, tokenId: -1 });
    expect(perf).toMatchObject({ generateTokens: 12 });
    expect(perf!.memoryMb).toBeGreaterThan(1);
    expect(model.kvSizes()).toEqual([perf!.prefillTokens + 11]);
  });

  test("computes only what the KV cache does not hold yet, and answers the same", () => {
    using model = runtime.open(MODEL);
    const first = model.run("the word was all");
    const again = model.run("the word was all");
    const longer = model.run("the word was all but");
    expect(again.text).toBe(first.text);
    expect(again.perf!.prefillTokens).toBe(1);
    model.clear();
    const anew = model.run("the word was all but");
    expect(longer.text).toBe(anew.text);
    expect(longer.perf!.prefillTokens).toBeLessThan(anew.perf!.prefillTokens);
    expect(model.clear()).toBe(0);
    expect(model.kvSizes()).toEqual([0]);
  });

  test("holds back the bytes of a split character and delivers them together", () => {
    using model = runtime.open(MODEL, { newTokensMax: 200 });
    const { deliveries, text } = model.run("how many people");
    const waiting = deliveries.filter((delivery) => delivery.state === 1);
    expect(waiting.length).toBeGreaterThan(0);
    expect(waiting.every((delivery) => delivery.text === null)).toBe(true);
    expect(text).toMatch(/[é日😀]/u);
    expect(text).not.toContain("\uFFFD");
  });

  test("spoils the text and the result once the callback has returned", () => {
    using model = runtime.open(MODEL);
    model.run("the");
    expect(staleMemory()).toEqual({ text: "####", tokenId: 0xdbdbdbdb | 0 });
  });

  test("ends without a text for the end token, or with it when special tokens are shown", () => {
    using hidden = runtime.open(SPEAKER, { newTokensMax: 50 });
    expect(hidden.run("hi").text).toBe("Hello there.");
    using shown = runtime.open(SPEAKER, { newTokensMax: 50, skipSpecialToken: false });
    expect(shown.run("hi").text).toBe("Hello there.<|im_end|>");
  });

  test("refuses a prompt that does not fit with the library's log line and no callback", () => {
    using model = runtime.open(MODEL, { contextTokens: 64, newTokensMax: 1 });
    const fits = model.run(Array.from({ length: 60 }, () => 300));
    const tooLong = model.run(Array.from({ length: 61 }, () => 300));
    expect([fits.status, tooLong.status, tooLong.deliveries]).toEqual([0, -1, []]);
    expect(runtime.error()).toBe("prompt gather than max context (prompt: 61 tokens, max context: 60)");
    expect(model.kvSizes()).toEqual([60]);
  });

  test("refuses a context above the model's limit", () => {
    expect(runtime.init(MODEL, { contextTokens: 1024 })).toEqual({ status: -1, handle: 0 });
    expect(runtime.error()).toBe("max_context[1024] must be less than the model's max_context_limit[512]");
  });

  test("forgets the oldest text when the context is full and goes on", () => {
    using model = runtime.open(MODEL, { contextTokens: 64, newTokensMax: 150, nKeep: 4 });
    const { status, perf } = model.run("the word");
    expect([status, perf!.generateTokens]).toEqual([0, 150]);
    expect(model.kvSizes()[0]).toBeLessThan(64);
  });

  test("runs several prompts together and answers each as it would alone", () => {
    const prompts = ["the word", "how many people could", "see"];
    using single = runtime.open(MODEL);
    const alone = prompts.map((prompt) => single.run(prompt).text);
    using model = runtime.open(MODEL, { nBatch: 3 });
    const { status, deliveries } = model.run(prompts);
    const together = [0, 1, 2].map((member) =>
      deliveries
        .filter((delivery, i) => i % 3 === member && delivery.state === 0)
        .map((delivery) => delivery.text ?? "")
        .join(""),
    );
    expect([status, together]).toEqual([0, alone]);
    expect(model.kvSizes()).toHaveLength(3);
  });

  test("limits a run's length by its own options where the ABI has them, else by those of the load", () => {
    using model = runtime.open(MODEL, { newTokensMax: 9 });
    expect(model.run("the", { newTokensMax: 3 }).perf!.generateTokens).toBe(abi.perRunTokensMax ? 3 : 9);
  });

  test("reports running as each version documents it", () => {
    using model = runtime.open(MODEL);
    expect(model.isRunning()).toBe(version.startsWith("1.2.") ? 1 : 0);
  });

  test("creates the default parameters by value", () => {
    const view = new DataView(runtime.defaultParam().buffer);
    const [extend] = abi.structs.RKLLMParam!.fields["extend_param"]!;
    expect([view.getInt32(8, true), view.getInt32(12, true), view.getInt32(16, true), view.getUint8(56)]).toEqual([512, -1, 40, 1]);
    expect([view.getFloat32(24, true), view.getFloat32(32, true), view.getFloat32(52, true)].map((x) => x.toFixed(2))).toEqual([
      "0.90",
      "1.10",
      "0.10",
    ]);
    expect(view.getUint8(extend + 12)).toBe(1);
  });

  test("refuses what no model can do, and stays usable", () => {
    using model = runtime.open(MODEL);
    const functions = runtime.functions;
    expect(model.run([1, 99999]).status).toBe(-1);
    expect(model.run([-1]).status).toBe(-1);
    expect(model.run("the", { lora: "nobody" }).status).toBe(-1);
    expect(functions.rkllm_run(model.handle, null, null, null)).toBe(-1);
    expect(functions.rkllm_run(12345 as never, null, null, null)).toBe(-1);
    expect(functions.rkllm_init(null, null, null)).toBe(-1);
    expect(functions.rkllm_set_cross_attn_params(model.handle, null)).toBe(0);
    expect(functions.rkllm_load_lora(model.handle, null)).toBe(-1);
    expect(runtime.init(MODEL, { nBatch: 33 }).status).toBe(-1);
    expect(model.run("the").status).toBe(0);
  });

  test("a destroyed handle is refused by every call", () => {
    const model = runtime.open(MODEL);
    expect([model.destroy(), model.destroy(), model.run("the").status, model.abort(), model.isRunning(), model.clear()]).toEqual([
      0, -1, -1, -1, -1, -1,
    ]);
  });
});
