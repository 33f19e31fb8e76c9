/** `doctor --probe` on the plain CPU runtime in both its versions, and how the children that ask are kept apart. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { findingsOf } from "../../src/runtime/probe/findings-of.ts";
import { probeReport } from "../../src/runtime/probe/probe-report.ts";
import { probeTiny } from "../support/probed-library.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

/** Long enough that an abort comes while a prompt is read. */
const READS = "slow-prefill=0.1";

const BATCH = { opens: true, code: 0, answers: "right", oneToken: true, noInput: "works" };
const SAME = { available: true, cleared: true, again: "same", beyond: "same", afterAnswer: "same" };
const EMPTIED = { ...SAME, again: "zeros", beyond: "zeros", afterAnswer: "zeros" };

/** What both versions answer. */
const COMMON = {
  open: { log: "stdout", code: 0, handle: true },
  run: {
    code: 0,
    tokens: 12,
    finishes: 1,
    finishLast: true,
    errors: 0,
    nullText: false,
    nullResult: false,
    padText: false,
    late: 0,
    perf: "right",
    repeats: true,
  },
  threads: { generate: "the caller's", hidden: "the caller's", logits: "the caller's", async: "another" },
  prefix: { read: 16, cacheBefore: 48, cacheAfter: 64 },
  "prompt-limit": { reserve: 4, overflow: "refused" },
  "context-full": { code: 0, end: "goes on", position: null },
  "odd-context": { opens: true, whole: true },
  "copied-strings": { copied: true },
  "abort-decode": { abortCode: 0, stops: true, code: 0, tokensAfter: 0, finishes: 1, late: 0, nextRight: true },
  "abort-prefill": { effect: "stops", code: 0, tokens: 0, finishes: 1 },
  "abort-idle": { code: 0, next: "whole" },
  "abort-inside": { stops: true, code: 0, finishes: 1 },
  pause: { pauses: true, code: 0, finishes: 0, goesOn: true },
  "temperature-0": { accepted: true, greedy: true },
  "top-k-0": { accepted: true },
  "top-p-1": { accepted: true },
  hidden: { ...EMPTIED, width: 64 },
  logits: { ...SAME, width: 512 },
  "control-text": { emptied: true, templateTokens: 21, obeyed: true },
  calls: {
    rkllm_clear_kv_cache: 0,
    rkllm_get_kv_cache_size: 0,
    rkllm_set_function_tools: 0,
    rkllm_release_prompt_cache: 0,
    rkllm_set_cross_attn_params: 0,
    rkllm_set_chat_template: 0,
    "rkllm_set_function_tools, no template": -1,
  },
  "prompt-cache": { saves: true, loads: true, right: true, read: 16 },
  "cache-after-abort": { loads: "right" },
  "batch-2": BATCH,
  "batch-4": BATCH,
  "batch-8": BATCH,
  memory: { grows: false },
  reopen: { destroy: 0, again: true },
  "two-processes": { opens: true, runs: true },
} as const;

const OWN = {
  "1.2.3": { running: { before: 1, during: 0, after: 1 }, "null-tags": { opens: true } },
  "1.3.0": { running: { before: 0, during: 1, after: 0 }, "copied-callback": { copied: true } },
} as const;

test.each(["1.2.3", "1.3.0"] as const)("version %s answers every question, and what follows is what is true of it", async (version) => {
  const { answers } = await probeTiny({ version, moods: READS });
  expect(answers.filter(({ ending }) => ending !== "answered")).toEqual([]);
  expect(Object.fromEntries(answers.map(({ question, facts }) => [question, facts]))).toEqual({ ...COMMON, ...OWN[version] });
  expect(findingsOf(answers)).toEqual({
    contextReserveTokens: 4,
    contextStepTokens: 1,
    vectorsNeedEmptyCache: true,
    abortStopsPrefill: true,
    openMs: expect.any(Number),
    batchMax: 8,
    batchTakesNoInput: true,
    promptCache: { works: true, loadAfterAbort: true, bytesPerToken: expect.any(Number) },
  });
});

test("a crash is the answer to one question: those before and after it have theirs, each in a process of its own", async () => {
  const asked: string[] = [];
  const { answers } = await probeTiny({
    version: "1.3.0",
    moods: "crash-batch=4,crash-destroy",
    questions: ["open", "run", "batch-2", "batch-4", "batch-8", "reopen", "pause"],
    questionsPerChild: 1,
    onQuestion: ({ id }) => asked.push(id),
  });
  expect(asked).toEqual(["open", "run", "pause", "batch-2", "batch-4", "batch-8", "reopen"]);
  expect(answers.map(({ question, ending, how }) => [question, ending, how])).toEqual([
    ["open", "answered", ""],
    ["run", "answered", ""],
    ["pause", "answered", ""],
    ["batch-2", "answered", ""],
    ["batch-4", "crashed", "signal SIGSEGV"],
    ["batch-8", "crashed", "signal SIGSEGV"],
    ["reopen", "crashed", "signal SIGSEGV"],
  ]);
  expect(findingsOf(answers)).toMatchObject({ batchMax: 2 });
});

test("a library that hangs in a run loses its time limit once, and the questions that need no run are asked", async () => {
  const { answers } = await probeTiny({ version: "1.3.0", moods: "hang-run", questions: ["open", "run", "pause", "calls"], limitMs: 4000 });
  expect(Object.fromEntries(answers.map(({ question, ending, how }) => [question, [ending, how]]))).toEqual({
    open: ["answered", ""],
    run: ["hung", "the time limit"],
    pause: ["not asked", "no run ends"],
    calls: ["answered", ""],
  });
  expect(findingsOf(answers)).toEqual({ openMs: expect.any(Number) });
});

test("what was told before a crash stays told", async () => {
  const questions = ["open", "run", "cache-after-abort", "batch-2"];
  const { answers } = await probeTiny({ version: "1.3.0", moods: "crash-cache", questions });
  expect(answers.find(({ question }) => question === "cache-after-abort")).toMatchObject({
    ending: "crashed",
    facts: { loads: "unknown" },
  });
  const { rows } = probeReport(SUBJECT, { answers, said: [] });
  expect(rows.find(({ question }) => question === "cache-after-abort")).toMatchObject({
    answer: "The process ended (signal SIGSEGV). The process ended while it was loaded.",
    server: "Loads none after an abort.",
  });
});

test("a model that is not there is refused once, and the report names no folder", async () => {
  const { answers, said } = await probeTiny({ version: "1.3.0", modelPath: "/home/somebody/my models/none.gguf" });
  expect(answers.map(({ ending }) => ending)).toEqual(["refused", ...answers.slice(1).map(() => "not asked" as const)]);
  expect(said).toContain("E rkllm: cannot open the model file /home/somebody/my models/none.gguf");
  const report = JSON.stringify(probeReport(SUBJECT, { answers, said }));
  expect(report).toContain("cannot open the model file none.gguf");
  expect(report).not.toContain("somebody");
});

test("a library that cannot be loaded says so", async () => {
  const { askLibrary } = await import("../../src/runtime/probe/ask-library.ts");
  const { prepareNativeAssets } = await import("../../src/runtime/native/assets.ts");
  const { answers } = await askLibrary(
    {
      library: { kind: "file", path: "/nonexistent/librkllmrt.so", version: "1.3.0" },
      assets: await prepareNativeAssets(""),
      modelPath: "/nonexistent/model.rkllm",
      options: {} as never,
      controlTexts: [],
    },
    { command: [process.execPath, join(import.meta.dir, "../../src/main.ts"), "probe-host"], environment: process.env, limitMs: 20_000 },
  );
  expect(answers[0]).toMatchObject({ ending: "refused", how: expect.stringContaining("cannot be loaded") });
});

const SUBJECT = {
  at: "2026-01-02T03:04:05.000Z",
  program: "0.1.0",
  library: { version: "1.3.0", file: null, sha256: null },
  model: { file: "tiny.gguf", bytes: 1 },
  machine: { processor: "arm64", kernel: "6.1.84", soc: "rk3588" },
};
