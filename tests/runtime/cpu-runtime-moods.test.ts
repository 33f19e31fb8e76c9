/** The CPU runtime's misbehaviour on demand, and the model files it refuses. Crashes and hangs run in processes of their own. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { truncateSync, writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeTinyGguf } from "../support/tiny-gguf.ts";
import { CpuRuntime, type CpuModel } from "./cpu-runtime-harness.ts";
import { captureLog, delivered, logLength, logSince, outcomeOf, WORK_FOLDER } from "./cpu-runtime-recorder.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MODEL = join(WORK_FOLDER, "moods.gguf");
writeTinyGguf(MODEL, { chatTemplate: null, contextTokens: 512 });
const PROMPT = "the word was";
const CHILD = Bun.fileURLToPath(new URL("./cpu-runtime-child.ts", import.meta.url));

captureLog();

const runtime = new CpuRuntime("bun", "1.3.0");

/** Opens the model with `list` in force; moods that concern only runs may be set so as well. */
function openIn(list: string, newTokensMax = 8): CpuModel {
  runtime.moods(list);
  return runtime.open(MODEL, { newTokensMax });
}

describe("moods", () => {
  test("foreign-thread: callbacks come from another thread while rkllm_run blocks", () => {
    using model = openIn("foreign-thread");
    const { status, deliveries } = model.run(PROMPT);
    expect([status, deliveries.length, deliveries.every((delivery) => delivery.foreign)]).toEqual([0, 9, true]);
  });

  test("null-text: the same text, with NORMAL callbacks without one in between", () => {
    using model = openIn("");
    const plain = model.run(PROMPT);
    runtime.moods("null-text");
    const odd = model.run(PROMPT);
    expect(odd.deliveries.filter((delivery) => delivery.state === 0 && delivery.text === null)).toHaveLength(2);
    expect([odd.text, odd.perf!.generateTokens]).toEqual([plain.text, 8]);
  });

  test("pad-token: the second token is one that the vocabulary does not know", () => {
    using model = openIn("pad-token");
    const { deliveries, perf } = model.run(PROMPT);
    expect(deliveries[1]).toMatchObject({ state: 0, tokenId: 151935, text: "[PAD151935]" });
    expect(perf!.generateTokens).toBe(8);
  });

  test("late-token: one token more between the abort and FINISH", () => {
    using model = openIn("late-token");
    expect(model.run(PROMPT, { answerAt: 2, abort: true }).perf!.generateTokens).toBe(4);
  });

  test("deaf-abort: the run goes on to its end", () => {
    using model = openIn("deaf-abort");
    expect(model.run(PROMPT, { answerAt: 2, abort: true }).perf!.generateTokens).toBe(8);
  });

  test("deaf-prefill: an abort takes effect once the prompt is computed", async () => {
    runtime.moods("deaf-prefill,slow-prefill=0.2");
    using model = runtime.open(MODEL, { contextTokens: 512 });
    expect(model.runAsync(Array.from({ length: 300 }, (_, i) => 300 + (i % 40)))).toBe(0);
    expect(model.abort()).toBe(0);
    await delivered(1);
    expect(outcomeOf(0).deliveries.map((delivery) => delivery.state)).toEqual([2]);
    while (model.isRunning() === 1) await Bun.sleep(1);
    expect(model.kvSizes()).toEqual([300]);
  });

  test("error-run: an ERROR callback and -1 after the first token", () => {
    using model = openIn("error-run");
    const { status, deliveries } = model.run(PROMPT);
    expect([status, deliveries.map((delivery) => delivery.state)]).toEqual([-1, [0, 3]]);
  });

  test("fail-init, init-null: -1, and success without a handle", () => {
    runtime.moods("fail-init");
    expect(runtime.init(MODEL)).toEqual({ status: -1, handle: 0 });
    runtime.moods("init-null");
    expect(runtime.init(MODEL)).toEqual({ status: 0, handle: 0 });
    runtime.moods("");
  });

  test("fail-CALL: that call returns -1, and the others go on working", () => {
    using model = openIn("");
    const calls: Record<string, () => number> = {
      run: () => model.run(PROMPT).status,
      "run-async": () => model.runAsync(PROMPT),
      abort: () => model.abort(),
      "is-running": () => model.isRunning(),
      "clear-kv-cache": () => model.clear(),
      "get-kv-cache-size": () => runtime.functions.rkllm_get_kv_cache_size(model.handle, null),
      "load-lora": () => model.loadLora(MODEL, "x"),
      "load-prompt-cache": () => model.loadCache("x"),
      "release-prompt-cache": () => runtime.functions.rkllm_release_prompt_cache(model.handle),
      "set-chat-template": () => model.setChatTemplate("", "", ""),
      "set-function-tools": () => model.setFunctionTools("", "", ""),
      "set-cross-attn-params": () => runtime.functions.rkllm_set_cross_attn_params(model.handle, null),
      destroy: () => model.destroy(),
    };
    for (const [name, call] of Object.entries(calls)) {
      runtime.moods(`fail-${name}`);
      expect([name, call()]).toEqual([name, -1]);
    }
    runtime.moods("");
    expect(model.run(PROMPT).status).toBe(0);
  });

  test("slow-decode and pace: tokens take the time they are given", () => {
    using model = openIn("slow-decode=20", 4);
    expect(model.run(PROMPT).perf!.generateMs).toBeGreaterThanOrEqual(60);
    runtime.moods("pace=rk3588");
    expect(model.run(PROMPT).perf!.generateMs).toBeGreaterThanOrEqual(90);
  });

  test("loud-lines, loud-blob: a run prints as much as it is told to, in lines or in none", () => {
    const printed = (list: string): string => {
      using model = openIn("");
      const from = logLength();
      runtime.moods(list);
      expect(model.run(PROMPT).status).toBe(0);
      return logSince(from).join("\n");
    };
    const [lines, blob] = [printed("loud-lines=100"), printed("loud-blob=100")];
    expect([lines, blob].map((text) => [Math.round(text.length / 1000), text.includes("\n")])).toEqual([
      [100, true],
      [100, false],
    ]);
  });

  test("hang-run: the run goes on when the mood is taken away", async () => {
    using model = openIn("hang-run", 3);
    expect(model.runAsync(PROMPT)).toBe(0);
    await delivered(1);
    model.abort();
    expect([model.isRunning(), outcomeOf(0).deliveries.length]).toEqual([1, 1]);
    runtime.moods("");
    await delivered(2);
    expect(outcomeOf(0).deliveries.map((delivery) => delivery.state)).toEqual([0, 2]);
  });

  test("an unknown mood makes rkllm_init fail and is named", async () => {
    expect(await child({ RKLLM_CPU_MOODS: "slow-decode,grumpy" })).toMatchObject({ code: 0, log: expect.stringContaining("grumpy") });
  });

  test("RKLLM_CPU_MOODS: crash-init, crash-run and crash-destroy end the process, hang-init does not return", async () => {
    for (const [list, says] of [
      ["crash-init", ["start"]],
      ["crash-run", ["start", "init 0"]],
      ["crash-destroy", ["start", "init 0", "run 0"]],
    ] as const) {
      const { code, signal, steps } = await child({ RKLLM_CPU_MOODS: list });
      expect([list, steps]).toEqual([list, [...says]]);
      expect(code !== 0 || signal !== null).toBe(true);
    }
    const hung = Bun.spawn({
      cmd: [process.execPath, CHILD, MODEL],
      env: { ...process.env, RKLLM_CPU_MOODS: "hang-init" },
      stdout: "ignore",
      stderr: "pipe",
    });
    for await (const chunk of hung.stderr) if (new TextDecoder().decode(chunk).includes("start")) break;
    expect(await Promise.race([hung.exited, Bun.sleep(150).then(() => "still there")])).toBe("still there");
    hung.kill("SIGKILL");
    await hung.exited;
  });

  test("npu-lock: a run waits for the one of another process", async () => {
    const lock = join(WORK_FOLDER, "npu.lock");
    const variables = { RKLLM_CPU_NPU_LOCK: lock, RKLLM_CPU_MOODS: "npu-lock,hang-run" };
    const holder = Bun.spawn({
      cmd: [process.execPath, CHILD, MODEL],
      env: { ...process.env, ...variables },
      stdout: "ignore",
      stderr: "pipe",
    });
    for await (const chunk of holder.stderr) if (new TextDecoder().decode(chunk).includes("token")) break;
    const waiter = Bun.spawn({
      cmd: [process.execPath, CHILD, MODEL],
      env: { ...process.env, ...variables, RKLLM_CPU_MOODS: "npu-lock" },
      stdout: "ignore",
      stderr: "ignore",
    });
    expect(await Promise.race([waiter.exited, Bun.sleep(300).then(() => "waits")])).toBe("waits");
    holder.kill("SIGKILL");
    expect(await waiter.exited).toBe(0);
  });
});

describe("model files", () => {
  const good = readFileSync(MODEL);
  const damaged = join(WORK_FOLDER, "damaged.gguf");
  const refusal = (): string => {
    runtime.moods("");
    expect(runtime.init(damaged)).toEqual({ status: -1, handle: 0 });
    return runtime.error().replace(damaged, "FILE");
  };
  const edited = (edit: (bytes: Buffer) => void): string => {
    const bytes = Buffer.from(good);
    edit(bytes);
    writeFileSync(damaged, bytes);
    return refusal();
  };

  test("a file that is missing, empty or something else", () => {
    expect(runtime.init("/nonexistent.gguf").status).toBe(-1);
    expect(runtime.error()).toBe("cannot open the model file /nonexistent.gguf");
    writeFileSync(damaged, "");
    expect(refusal()).toBe("invalid model file FILE: it is empty");
    expect(edited((bytes) => bytes.write("GGML", 0))).toBe("invalid model file FILE: invalid magic characters, it is not a GGUF file");
  });

  test("a header that cannot be", () => {
    expect(edited((bytes) => bytes.writeUInt32LE(9, 4))).toContain("version");
    expect(edited((bytes) => bytes.writeBigUInt64LE(1n << 60n, 8))).toContain("counts are absurd");
    expect(edited((bytes) => bytes.writeBigUInt64LE(1n << 60n, 16))).toContain("counts are absurd");
    expect(edited((bytes) => bytes.writeBigUInt64LE(1n << 62n, 24))).toContain("ends too early");
  });

  test("a file cut off anywhere", () => {
    for (const share of [0.001, 0.1, 0.5, 0.9, 0.999]) {
      writeFileSync(damaged, good);
      truncateSync(damaged, Math.floor(good.length * share));
      expect(refusal()).toMatch(/ends too early|truncated/);
    }
  });

  test("metadata that would end the process inside llama.cpp", () => {
    const refused = (metadata: NonNullable<Parameters<typeof writeTinyGguf>[1]>["metadata"]): string => {
      writeTinyGguf(damaged, { metadata: metadata ?? {} });
      return refusal();
    };
    expect(refused({ "llama.block_count": { type: "u32", value: 5000 } })).toContain("block count");
    expect(refused({ "llama.attention.head_count": { type: "u32", value: 0 } })).toContain("head count");
    expect(refused({ "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: -1 } })).toContain("epsilon");
    expect(refused({ "general.architecture": null })).toContain("architecture");
    expect(refused({ "tokenizer.ggml.tokens": null })).toContain("no vocabulary");
    expect(refused({ "tokenizer.ggml.tokens": { type: "string[]", value: ["a", "b", "a"] } })).toContain("a token twice");
    expect(refused({ "tokenizer.ggml.tokens": { type: "string[]", value: ["a", "b"] } })).toContain("byte tokens");
    expect(refused({ "general.architecture": { type: "string", value: "nonsense" } })).toContain("failed to load the model");
  });

  test("any single damaged byte of the header leaves the process alive", () => {
    let opened = 0;
    for (let at = 4; at < 4096; at += 61) {
      const bytes = Buffer.from(good);
      bytes[at] = bytes[at]! ^ 0xff;
      writeFileSync(damaged, bytes);
      const { status, handle } = runtime.init(damaged);
      if (status !== 0) continue;
      opened++;
      runtime.functions.rkllm_destroy(handle as never);
    }
    expect(opened).toBeGreaterThan(0);
  });
});

/** Runs the child once; its steps are the lines it wrote to standard error. */
async function child(variables: Record<string, string>) {
  const spawned = Bun.spawn({
    cmd: [process.execPath, CHILD, MODEL],
    env: { ...process.env, ...variables },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [log, errors, code] = await Promise.all([spawned.stdout.text(), spawned.stderr.text(), spawned.exited]);
  const steps = errors.split("\n").filter((line) => /^(start|(init|run|destroy) -?\d)/.test(line));
  return { code, signal: spawned.signalCode, steps, log };
}
