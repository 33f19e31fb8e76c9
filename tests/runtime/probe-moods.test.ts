/**
 * Every way in which the CPU runtime can misbehave is told apart by `doctor --probe`: for each mood, which answers are others than those of
 * the plain library. A mood without a row fails, and so does a row that promises too much or too little.
 */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Answer } from "../../src/runtime/probe/ask-library.ts";
import type { Facts, Figures } from "../../src/runtime/probe/question.ts";
import { QUESTIONS } from "../../src/runtime/probe/questions.ts";
import { probeTiny } from "../support/probed-library.ts";
import { readText } from "../tidy/repository.ts";

/** Whole programs take their time on a slow or busy machine. */
setDefaultTimeout(60_000);

type Version = "1.2.3" | "1.3.0";
type Difference = Answer["ending"] | Facts;

interface Row {
  /** Where the mood takes a value. */
  readonly value?: string;
  /** Default 1.3.0. */
  readonly version?: Version;
  /** By question: what else its answer is. */
  readonly differs?: Readonly<Record<string, Difference>>;
  /** What the model that does not open answers; all other questions are not asked. */
  readonly opens?: Difference;
  /** Measured in place of found: at least so much. */
  readonly figures?: { readonly question: string; readonly atLeast: Figures };
  /** Only these questions, where all would take long. */
  readonly asks?: readonly string[];
  readonly limitMs?: number;
  /** Why no question can tell. */
  readonly unseen?: string;
}

/** Long enough that an abort comes while a prompt is read. */
const READS = "slow-prefill=0.1";
/** Asked only where a row names them: they take half of the time. */
const SLOW_QUESTIONS = ["prompt-limit", "context-full", "odd-context", "abort-prefill", "memory", "two-processes", "batch-8"];
/** Questions that tell a library whose runs crash or hang from others. */
const FEW = ["open", "run", "threads", "hidden", "calls", "batch-2"];
/** A hang costs this much; nothing that works is silent for so long, even on a busy machine. */
const HANG_LIMIT_MS = 4000;

const WRONG_BATCH = { answers: "wrong" };
const REFUSED_SAMPLING = { "temperature-0": "refused", "top-k-0": "refused", "top-p-1": "refused" } as const;
/** No run gives the answers that others are compared with. */
const NO_RUN = {
  "copied-strings": { copied: false },
  "copied-callback": { copied: false },
  "abort-inside": { code: -1, finishes: 0 },
  pause: { pauses: false },
  "temperature-0": { accepted: false },
  "top-k-0": { accepted: false },
  "top-p-1": { accepted: false },
  "batch-2": { code: -1 },
  "batch-4": { code: -1 },
  running: { during: null },
} as const;

const ROWS: Readonly<Record<string, Row>> = {
  "foreign-thread": { differs: { threads: { generate: "another", hidden: "another", logits: "another" } } },
  // The abort comes at the callback without text; the token itself follows.
  "null-text": { differs: { run: { nullText: true }, "abort-decode": { tokensAfter: 1 } } },
  "pad-token": {
    differs: { run: { padText: true }, pause: { goesOn: false }, "batch-2": WRONG_BATCH, "batch-4": WRONG_BATCH },
  },
  "late-token": { differs: { "abort-decode": { tokensAfter: 1 } } },
  "deaf-prefill": { differs: { "abort-prefill": { effect: "waits" } } },
  "deaf-abort": {
    differs: { "abort-decode": { stops: false }, "abort-prefill": { effect: "ignored" }, "abort-inside": { stops: false } },
  },
  "error-run": {
    differs: {
      ...NO_RUN,
      run: { code: -1, errors: 8, tokens: 1, finishes: 0 },
      prefix: { read: null },
      "abort-decode": { abortCode: null, nextRight: false },
      "abort-idle": { next: "differs" },
      hidden: {},
      logits: {},
      "prompt-cache": { read: null },
    },
  },
  "hang-init": { opens: "hung", limitMs: HANG_LIMIT_MS },
  "hang-run": {
    asks: FEW,
    limitMs: HANG_LIMIT_MS,
    differs: { run: "hung", threads: "not asked", hidden: {}, "batch-2": "not asked" },
  },
  "hang-destroy": { differs: { reopen: "hung" }, limitMs: HANG_LIMIT_MS },
  "crash-init": { opens: "crashed" },
  "crash-run": {
    asks: FEW,
    differs: { run: "crashed", threads: "crashed", hidden: {}, "batch-2": "crashed" },
  },
  "crash-destroy": { differs: { reopen: "crashed" } },
  "crash-null-img": { version: "1.2.3", differs: { "null-tags": "crashed" } },
  "fail-null-img": { version: "1.2.3", differs: { "null-tags": { opens: false } } },
  "init-null": { opens: { code: 0, handle: false } },
  "false-alarm": { unseen: "the report has the lines that the library prints while it opens a model, and nothing follows from them" },
  "npu-lock": { differs: { "two-processes": { opens: true, runs: false } } },
  "strict-context": { differs: { "odd-context": { opens: false } } },
  "long-prompts": { differs: { "prompt-limit": { overflow: "accepted" } } },
  "full-stops": { differs: { "context-full": { end: "stops" } } },
  "borrow-strings": { differs: { "copied-strings": { copied: false } } },
  "borrow-callback": { differs: { "copied-callback": { copied: false } } },
  "fail-aborted": { differs: { "abort-decode": { code: -1 }, "abort-prefill": { code: -1 }, "abort-inside": { code: -1 } } },
  "sticky-abort": { differs: { "abort-idle": { next: "cut" } } },
  "deaf-pause": { differs: { pause: { pauses: false } } },
  "thought-ends": { unseen: "a model would have to think; the server goes on behind a thought that stands alone in any case" },
  "two-finishes": { differs: { run: { finishes: 2 }, "abort-decode": { finishes: 2 }, "abort-inside": { finishes: 2 } } },
  "no-finish": {
    differs: {
      run: { finishes: 0, perf: "zero" },
      prefix: { read: null },
      "abort-decode": { finishes: 0 },
      "abort-inside": { finishes: 0 },
      "prompt-cache": { read: null },
    },
  },
  "no-perf": { differs: { run: { perf: "zero" }, prefix: { read: null }, "prompt-cache": { read: null } } },
  "no-reuse": { differs: { prefix: { read: 64 }, hidden: { again: "same", beyond: "same" }, "prompt-cache": { read: 64 } } },
  "fresh-rows": { differs: { hidden: { again: "same", beyond: "same", afterAnswer: "same" } } },
  "no-hidden": { differs: { threads: { hidden: "refused" }, hidden: { available: false } } },
  "no-logits": { differs: { threads: { logits: "refused" }, logits: { available: false } } },
  "plain-specials": { differs: { "control-text": { obeyed: false } } },
  "strict-sampling": { differs: REFUSED_SAMPLING },
  "warm-zero": { differs: { "temperature-0": { accepted: true, greedy: false } } },
  "swap-batch": { differs: { "batch-2": { answers: "exchanged" }, "batch-4": { answers: "exchanged" } } },
  "crash-cache": { differs: { "cache-after-abort": "crashed" } },
  "stderr-log": { differs: { open: { log: "stderr" } } },
  "fail-init": { opens: { code: -1, handle: false } },
  "fail-run": {
    differs: {
      ...NO_RUN,
      run: { code: -1, tokens: 0 },
      threads: { generate: "refused", hidden: "refused", logits: "refused", async: "another" },
      prefix: { read: null, cacheBefore: 0 },
      "abort-decode": { abortCode: null, code: -1 },
      "abort-idle": { next: "differs" },
      hidden: { available: false },
      logits: { available: false },
      "control-text": { emptied: false },
      "prompt-cache": { saves: false },
      "cache-after-abort": { loads: "nothing is saved" },
    },
  },
  "fail-run-async": { differs: { threads: { async: "refused" } } },
  "fail-abort": {
    differs: { "abort-decode": { abortCode: -1, stops: false }, "abort-idle": { code: -1 }, "abort-inside": { stops: false } },
  },
  "fail-destroy": { differs: { reopen: { destroy: -1 } } },
  "fail-is-running": { differs: { running: { before: -1, after: -1 } } },
  "fail-clear-kv-cache": {
    differs: { hidden: { cleared: false }, logits: { cleared: false }, calls: { rkllm_clear_kv_cache: -1 } },
  },
  "fail-get-kv-cache-size": { differs: { prefix: { cacheBefore: null }, calls: { rkllm_get_kv_cache_size: -1 } } },
  "fail-load-lora": { unseen: "an adapter would have to be at hand: a file that is none is refused by any library" },
  "fail-load-prompt-cache": { differs: { "prompt-cache": { loads: false }, "cache-after-abort": { loads: "refused" } } },
  "fail-release-prompt-cache": { differs: { calls: { rkllm_release_prompt_cache: -1 } } },
  "fail-set-chat-template": { differs: { "control-text": { emptied: false }, calls: { rkllm_set_chat_template: -1 } } },
  "fail-set-function-tools": { differs: { calls: { rkllm_set_function_tools: -1 } } },
  "fail-set-cross-attn-params": { differs: { calls: { rkllm_set_cross_attn_params: -1 } } },
  "slow-init": { value: "30", asks: ["open"], figures: { question: "open", atLeast: { openMs: 30 } } },
  "slow-prefill": { value: "2", asks: ["run"], figures: { question: "run", atLeast: { prefillMsPerToken: 2 } } },
  "slow-decode": { value: "5", asks: ["run"], figures: { question: "run", atLeast: { decodeMsPerToken: 5 } } },
  "slow-storage": { value: "50", asks: ["open", "prompt-cache"], figures: { question: "prompt-cache", atLeast: { cacheLoadMs: 50 } } },
  pace: { value: "rk3588", asks: ["run"], figures: { question: "run", atLeast: { prefillMsPerToken: 1.5, decodeMsPerToken: 30 } } },
  "loud-lines": { value: "64", asks: ["run"], figures: { question: "run", atLeast: { printedKb: 64 } } },
  "loud-blob": { value: "64", asks: ["run"], figures: { question: "run", atLeast: { printedKb: 64 } } },
  leak: { value: "3", differs: { memory: { grows: true } } },
  reserve: { value: "16", differs: { "prompt-limit": { reserve: 16, overflow: "refused" } } },
  "crash-batch": { value: "4", differs: { "batch-4": "crashed", "batch-8": "crashed" } },
};

/** The plain library's answers, which are written down in probe.test.ts. */
const plain = new Map<Version, ReadonlyMap<string, Answer>>();
beforeAll(async () => {
  for (const version of ["1.2.3", "1.3.0"] as const) plain.set(version, byQuestion((await probeTiny({ version, moods: READS })).answers));
});

test("every mood of the CPU runtime has a row", () => {
  const moods = [...readText("external/rkllm-cpu/moods.h").matchAll(/^ +X\(\w+, "([a-z-]+)"\)/gm)].map(([, name = ""]) => name);
  expect(moods.length).toBeGreaterThan(50);
  expect(Object.keys(ROWS).toSorted()).toEqual([...moods, "pace"].toSorted());
});

describe("a library in the mood", () => {
  test.each(Object.entries(ROWS).filter(([, { unseen }]) => unseen === undefined))("%s gives other answers", async (mood, row) => {
    const { version = "1.3.0", differs = {}, limitMs } = row;
    const names = QUESTIONS.filter(({ beside }) => beside !== true).map(({ id }) => id);
    const questions = row.asks ?? names.filter((id) => id in differs || !SLOW_QUESTIONS.includes(id));
    const moods = `${READS},${mood}${row.value === undefined ? "" : `=${row.value}`}`;
    const { answers } = await probeTiny({ version, moods, questions, ...(limitMs === undefined ? {} : { limitMs }) });
    const found = byQuestion(answers);
    if (row.figures !== undefined) return checkFigures(found, row.figures);
    const expected = row.opens === undefined ? differs : closedAnswers(answers, row.opens);
    const others = answers.filter((answer) => !isSame(answer, plain.get(version)?.get(answer.question))).map(({ question }) => question);
    expect(others.toSorted()).toEqual(Object.keys(expected).toSorted());
    for (const [question, difference] of Object.entries(expected)) checkDifference(found.get(question), difference);
  });

  test.each(Object.entries(ROWS).filter(([, { unseen }]) => unseen !== undefined))("%s cannot be told", async (mood) => {
    const { answers } = await probeTiny({ version: "1.3.0", moods: `${READS},${mood}` });
    expect(answers.filter((answer) => !isSame(answer, plain.get("1.3.0")?.get(answer.question))).map(({ question }) => question)).toEqual(
      [],
    );
  });
});

function byQuestion(answers: readonly Answer[]): ReadonlyMap<string, Answer> {
  return new Map(answers.map((answer) => [answer.question, answer]));
}

function isSame(answer: Answer, other: Answer | undefined): boolean {
  return other !== undefined && answer.ending === other.ending && Bun.deepEquals(answer.facts, other.facts);
}

function closedAnswers(answers: readonly Answer[], opens: Difference): Record<string, Difference> {
  return Object.fromEntries(answers.map(({ question }) => [question, question === "open" ? opens : "not asked"]));
}

function checkDifference(answer: Answer | undefined, difference: Difference): void {
  if (typeof difference === "string") expect([answer?.question, answer?.ending]).toEqual([answer?.question, difference]);
  else expect([answer?.question, answer?.facts]).toMatchObject([answer?.question, difference]);
}

function checkFigures(answers: ReadonlyMap<string, Answer>, { question, atLeast }: NonNullable<Row["figures"]>): void {
  for (const [name, least] of Object.entries(atLeast)) expect(answers.get(question)?.figures[name]).toBeGreaterThanOrEqual(least);
}
