/** What the CPU runtime keeps between runs and what else it can be asked for, for each layout of the ABI and each way to build it. */
import { ptr } from "bun:ffi";
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { abiForVersion } from "../../src/runtime/native/abi.ts";
import { nativeBytes } from "../../src/runtime/native/struct-writer.ts";
import { writeTinyGguf, writeTinyLora } from "../support/tiny-gguf.ts";
import { describeCpuRuntimes, type CpuModel } from "./cpu-runtime-harness.ts";
import { captureLog, delivered, outcomeOf, setNativeEnvironment, WORK_FOLDER } from "./cpu-runtime-recorder.ts";

/** Whole programs and C compilers take their time on a slow or busy machine. */
setDefaultTimeout(30_000);

const MODEL = join(WORK_FOLDER, "state.gguf");
writeTinyGguf(MODEL, { chatTemplate: null, contextTokens: 1024 });
const CHAT_MODEL = join(WORK_FOLDER, "chat.gguf");
writeTinyGguf(CHAT_MODEL, { contextTokens: 512 });
const LORA = join(WORK_FOLDER, "lora.gguf");
writeTinyLora(LORA, { strength: 2 });
const PROMPT = "the word was all but not what";

captureLog();

describeCpuRuntimes(({ runtime, compiler, version }) => {
  const abi = abiForVersion(version);
  // 1.2 documents it the other way round.
  const idleMark = version.startsWith("1.2.") ? 1 : 0;

  test("keeps the history when asked: two turns read like one prompt", () => {
    using model = runtime.open(MODEL, { newTokensMax: 6 });
    const ids = [1, 300, 301, 302];
    const first = model.run(ids, { keepHistory: true });
    const said = first.deliveries.slice(0, -1).map((delivery) => delivery.tokenId);
    const second = model.run([303, 304], { keepHistory: true });
    expect(model.kvSizes()).toEqual([ids.length + 6 + 2 + 5]);
    model.clear();
    expect(second.text).toBe(model.run([...ids, ...said, 303, 304]).text);
  });

  test("a callback that returns 1 pauses: no FINISH, and the next run goes on from there", () => {
    using model = runtime.open(MODEL, { newTokensMax: 10 });
    const whole = model.run(PROMPT);
    const ids = whole.deliveries.slice(0, -1).map((delivery) => delivery.tokenId);
    model.clear();
    const paused = model.run(PROMPT, { answerAt: 3, answer: 1 });
    expect([paused.status, paused.deliveries.map((delivery) => delivery.state)]).toEqual([0, [0, 0, 0, 0]]);
    const resumed = model.run([ids[3]!]);
    expect(resumed.deliveries.slice(0, 6).map((delivery) => delivery.tokenId)).toEqual(ids.slice(4));
  });

  test("clears ranges of the KV cache during a pause only", () => {
    using model = runtime.open(MODEL);
    model.run([1, 300, 301, 302, 303]);
    expect(model.clear(false, { from: 1, to: 3 })).toBe(-1);
    model.clear();
    model.run([1, 300, 301, 302, 303], { answerAt: 0, answer: 1 });
    expect([model.clear(false, { from: 1, to: 3 }), model.kvSizes()]).toEqual([0, [3]]);
    expect(model.clear(false, { from: 7, to: 9 })).toBe(-1);
    const edited = model.run([304]);
    model.clear();
    expect(edited.text).toBe(model.run([1, 302, 303, 304]).text);
  });

  test("delivers the last hidden layer in the second callback, and zeros when the KV cache was not cleared", () => {
    using model = runtime.open(MODEL);
    const fresh = model.run([1, 300, 301], { mode: "lastHiddenLayer" });
    const stale = model.run([1, 300, 301], { mode: "lastHiddenLayer" });
    model.clear();
    const again = model.run([1, 300, 301], { mode: "lastHiddenLayer" });
    expect(fresh.deliveries.map(({ state, rows }) => [state, rows?.count, rows?.floats, rows?.zero])).toEqual([
      [0, undefined, undefined, undefined],
      [0, 3, 64, false],
      [2, undefined, undefined, undefined],
    ]);
    expect(stale.deliveries[1]!.rows).toMatchObject({ count: 3, zero: true });
    expect(again.deliveries[1]!.rows).toEqual(fresh.deliveries[1]!.rows);
  });

  test("delivers the logits of the whole prompt, then one row with each token", () => {
    using model = runtime.open(MODEL, { newTokensMax: 3 });
    const { deliveries } = model.run([1, 300, 301, 302], { mode: "logits", answerAt: 0, answer: 2 });
    expect(deliveries.map(({ rows }) => rows?.count)).toEqual([4, 1, 1, undefined]);
    expect(deliveries[0]!.rows!.floats).toBeGreaterThan(300);
    expect(deliveries.slice(0, 3).every(({ rows }) => !rows!.zero)).toBe(true);
    using batch = runtime.open(MODEL, { nBatch: 2 });
    expect(batch.run([[300], [301]], { mode: "logits" }).status).toBe(-1);
  });

  test("saves a prompt cache, loads it into another handle, and refuses a damaged file", () => {
    const cache = join(WORK_FOLDER, `${compiler}-${version}.cache`);
    using first = runtime.open(MODEL);
    const { text, perf } = first.run(PROMPT, { saveCache: cache });
    using second = runtime.open(MODEL);
    expect([second.loadCache(cache), second.kvSizes()]).toEqual([0, [perf!.prefillTokens]]);
    expect(second.run(PROMPT)).toMatchObject({ text, perf: { prefillTokens: 1 } });
    expect([runtime.functions.rkllm_release_prompt_cache(second.handle), second.kvSizes()]).toEqual([0, [0]]);
    writeFileSync(cache, new Uint8Array(5000).fill(7));
    expect([second.loadCache(cache), second.loadCache("/nonexistent"), second.kvSizes()]).toEqual([-1, -1, [0]]);
    expect(second.run(PROMPT).text).toBe(text);
    expect(second.run(PROMPT, { saveCache: "/nonexistent/folder/cache" }).status).toBe(0);
    expect(runtime.error()).toContain("cannot save the prompt cache");
  });

  test("applies a LoRA adapter to the runs that name it", () => {
    using model = runtime.open(MODEL);
    const base = model.run(PROMPT).text;
    expect(model.loadLora(LORA, "style")).toBe(0);
    const adapted = model.run(PROMPT, { lora: "style" });
    expect(adapted.text).not.toBe(base);
    expect(adapted.perf!.prefillTokens).toBeGreaterThan(1);
    expect(model.run(PROMPT).text).toBe(base);
    expect(model.loadLora(MODEL, "model")).toBe(-1);
    expect(model.loadLora("/nonexistent", "none")).toBe(-1);
  });

  test("wraps a prompt in the model's chat template until another is set, which empties the KV cache", () => {
    using model = runtime.open(CHAT_MODEL);
    const own = model.run("hi");
    expect(model.setChatTemplate("", "", "")).toBe(0);
    expect(model.kvSizes()).toEqual([0]);
    expect(model.run("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")).toMatchObject({
      text: own.text,
      perf: { prefillTokens: own.perf!.prefillTokens },
    });
    model.setChatTemplate("the ", "word ", " was");
    const set = model.run("hi");
    expect(model.clear(true)).toBe(0);
    const system = model.kvSizes()[0]!;
    expect(system).toBeGreaterThan(1);
    expect(system).toBeLessThan(set.perf!.prefillTokens);
  });

  test("puts function tools into the system text, which needs a template", () => {
    using model = runtime.open(CHAT_MODEL);
    const plain = model.run("hi").perf!.prefillTokens;
    expect(model.setFunctionTools("be brief", '[{"name":"f"}]', "tool_response")).toBe(0);
    expect(model.run("hi").perf!.prefillTokens).toBeGreaterThan(plain + 10);
    const before = model.kvSizes();
    expect(model.run({ tool: "4" }).status).toBe(0);
    expect(before).not.toEqual(model.kvSizes());
    model.setChatTemplate("", "", "");
    expect(model.setFunctionTools("", "[]", "")).toBe(-1);
  });

  test("samples the same text again for the same seed, and greedily at temperature 0", () => {
    setNativeEnvironment("RKLLM_CPU_SEED", "7");
    const hot = { temperature: 1.5, topK: 40, topP: 0.95, repeatPenalty: 1.1 };
    using greedy = runtime.open(MODEL);
    using model = runtime.open(MODEL, { sampling: hot });
    const first = model.run(PROMPT).text;
    expect(model.run(PROMPT).text).toBe(first);
    expect(first).not.toBe(greedy.run(PROMPT).text);
    for (const mirostat of [1, 2] as const) {
      using other = runtime.open(MODEL, { sampling: { ...hot, mirostat } });
      expect(other.run(PROMPT).perf!.generateTokens).toBe(16);
    }
    // Only 1.3 takes sampling for one run.
    expect(greedy.run(PROMPT, { sampling: hot }).text === first).toBe(abi.perRunSampling);
  });

  test("takes embedding rows in place of tokens", () => {
    using model = runtime.open(MODEL);
    const rows = new Float32Array(64 * 5).map((_, i) => (i % 64 === 0 ? 4 : Math.sin(i)));
    const { status, perf } = model.run({ rows, count: 5 });
    expect([status, perf!.prefillTokens, perf!.generateTokens]).toEqual([0, 5, 16]);
    expect(model.run({ rows, count: 0 }).status).toBe(-1);
  });

  test("rkllm_abort ends a run at the next token: FINISH, status 0, a KV cache that can be built upon", async () => {
    using model = runtime.open(MODEL, { newTokensMax: 500 });
    const cut = model.run(PROMPT, { answerAt: 4, abort: true });
    expect([cut.status, cut.perf!.generateTokens, cut.deliveries.at(-1)!.state]).toEqual([0, 5, 2]);
    expect(model.runAsync(PROMPT)).toBe(0);
    await delivered(3);
    const input = nativeBytes(runtime.abi.structs.RKLLMInput!.size);
    expect([runtime.functions.rkllm_run(model.handle, ptr(input), null, null), model.clear()]).toEqual([-1, -1]);
    expect(model.abort()).toBe(0);
    await idle(model, idleMark);
    const { perf, text } = outcomeOf(0);
    expect(perf!.generateTokens).toBeGreaterThanOrEqual(3);
    const again = model.run(PROMPT, { answerAt: 500, abort: true }).text;
    expect(again.startsWith(text)).toBe(true);
  });

  test("rkllm_abort is heard during prefill, too", async () => {
    using model = runtime.open(MODEL, { contextTokens: 1024 });
    runtime.moods("slow-prefill=100");
    expect(model.runAsync(Array.from({ length: 900 }, (_, i) => 300 + (i % 50)))).toBe(0);
    while ((model.kvSizes()[0] ?? 0) === 0) await Bun.sleep(1);
    model.abort();
    await idle(model, idleMark);
    expect(outcomeOf(0).deliveries.map((delivery) => delivery.state)).toEqual([2]);
    expect(model.kvSizes()).toEqual([512]);
  });

  test("a handle destroyed during a run ends the run first", async () => {
    const model = runtime.open(MODEL, { newTokensMax: 900 });
    expect(model.runAsync(PROMPT)).toBe(0);
    await delivered(2);
    expect(model.destroy()).toBe(0);
    expect(outcomeOf(0).deliveries.at(-1)!.state).toBe(2);
  });
});

async function idle(model: CpuModel, mark: number): Promise<void> {
  while (model.isRunning() !== mark) await Bun.sleep(1);
}
