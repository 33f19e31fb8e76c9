/** What a run delivers: how its callbacks come, on which thread, and whether its figures are right. */
import { CALL_STATE } from "../native/abi.ts";
import type { Recording } from "../native/probe-recorder.ts";
import { ANSWER_TOKENS, type Asked, GREEDY, memberPrompt, promptOf, type Question, times } from "./question.ts";

/** The note that holds the answers to `memberPrompt`, which other questions compare with. */
export const REFERENCES = "references";
const MEMBERS = 8;
const PAD_TEXT = /\[PAD\d+\]/;
/** How long an asynchronous run is waited for until its first callback, and between two, ms. */
const ASYNC_START_MS = 20_000;
const ASYNC_QUIET_MS = 2000;

/** Brings the answers that are later compared with, and what a run is like that nothing disturbs. */
export const RUN: Question = {
  id: "run",
  asks: "What does an undisturbed run deliver?",
  ask(asked) {
    const handle = asked.open();
    const runs = Array.from({ length: MEMBERS }, (_, member) => handle.run([memberPrompt(member)], greedy()));
    const [first] = runs as [Recording];
    asked.tell({ ...shapeOf(runs), perf: figuresOf(first, memberPrompt(0).length) }, paceOf(runs));
    asked.note(
      REFERENCES,
      runs.map(({ texts: [text = ""] }) => text),
    );
    const again = handle.run([memberPrompt(0)], greedy());
    asked.tell({ repeats: again.texts[0] === first.texts[0] });
  },
  answer: ({ code, tokens, finishes, nullText, padText, perf, repeats, errors }) =>
    [
      `rkllm_run returned ${String(code)} after ${String(tokens)} of ${ANSWER_TOKENS} tokens; FINISH came ${times(finishes)}.`,
      errors === 0 ? "" : "An ERROR came.",
      nullText === true ? "Some tokens come without text." : "",
      padText === true ? "Some tokens are [PADn]." : "",
      `The figures (perf) are ${String(perf)}.`,
      repeats === true ? "Greedy runs repeat themselves." : "Greedy runs do not repeat themselves.",
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
  server: () => "Takes missing text, a missing FINISH and a second one as they come; where perf is zero its figures are unknown.",
};

/** The unknown that the bridge was built around. */
export const THREADS: Question = {
  id: "threads",
  asks: "On which thread does the library call back?",
  needsRun: true,
  async ask(asked) {
    const handle = asked.open();
    asked.tell({ generate: threadOf(handle.run([memberPrompt(0)], greedy())) });
    asked.tell({ hidden: threadOf(handle.run([promptOf(9, 21)], { mode: "lastHiddenLayer", newTokensMax: 1 })) });
    asked.tell({ logits: threadOf(handle.run([promptOf(9, 22)], { mode: "logits", newTokensMax: 1 })) });
    const code = handle.runAsync([memberPrompt(1)], greedy());
    asked.tell({ async: code === 0 ? threadOf(await finished(asked)) : "refused" });
  },
  answer: ({ generate, hidden, logits, async: background }) =>
    `Generating: ${String(generate)}. Hidden layer: ${String(hidden)}. Logits: ${String(logits)}. rkllm_run_async: ${String(background)}.`,
  server: () => "The callback is C and indifferent to it. rkllm_run_async is not used.",
};

/** The headers of 1.2 and 1.3 say opposite things. */
export const RUNNING: Question = {
  id: "running",
  asks: "What does rkllm_is_running say?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open({ newTokensMax: ANSWER_TOKENS });
    const before = handle.isRunning();
    // The other thread asks while the callback waits for it.
    const { abort, runningDuring } = handle.run([memberPrompt(0)], { ...greedy(), abortAt: 2 });
    asked.tell({ before, during: abort === null ? null : runningDuring, after: handle.isRunning() });
  },
  answer: ({ before, during, after }) => `${String(before)} before, ${String(during)} during and ${String(after)} after a run.`,
  server: () => "It is not used.",
};

function greedy() {
  return { sampling: GREEDY, newTokensMax: ANSWER_TOKENS };
}

function shapeOf(runs: readonly Recording[]) {
  const events = runs.flatMap((run) => run.events);
  const normal = events.filter(({ state }) => state === CALL_STATE.normal);
  const ends = runs.map((run) => run.finishes);
  return {
    code: runs.find(({ code }) => code !== 0)?.code ?? 0,
    tokens: runs[0]?.tokens.filter(({ hasText, state }) => hasText || state === CALL_STATE.waiting).length ?? 0,
    finishes: ends.every((count) => count === ends[0]) ? (ends[0] ?? 0) : "differing",
    finishLast: runs.every((run) => run.events.at(-1)?.state === CALL_STATE.finish),
    errors: events.filter(({ state }) => state === CALL_STATE.error).length,
    nullText: normal.some(({ hasText }) => !hasText),
    nullResult: events.some(({ hasResult }) => !hasResult),
    padText: runs.some(({ texts }) => texts.some((text) => PAD_TEXT.test(text))),
    late: runs.reduce((total, run) => total + run.late, 0),
  };
}

function figuresOf({ figures: [perf], tokens }: Recording, promptTokens: number): "right" | "zero" | "odd" {
  if (perf === undefined || (perf.prefillTokens === 0 && perf.decodeTokens === 0)) return "zero";
  const delivered = tokens.filter(({ hasText, state }) => hasText || state === CALL_STATE.waiting).length;
  return perf.prefillTokens === promptTokens && Math.abs(perf.decodeTokens - delivered) <= 1 ? "right" : "odd";
}

/** By this process's own clock, of the longest prompt. */
function paceOf(runs: readonly Recording[]) {
  const last = runs.at(-1);
  const [first, ...rest] = last?.tokens ?? [];
  const end = rest.at(-1);
  if (first === undefined || end === undefined) return {};
  return {
    prefillMsPerToken: first.atUs / 1000 / memberPrompt(runs.length - 1).length,
    decodeMsPerToken: (end.atUs - first.atUs) / 1000 / rest.length,
  };
}

function threadOf({ code, events }: Recording): string {
  if (events.length === 0) return code === 0 ? "no callback" : "refused";
  const others = events.filter(({ otherThread }) => otherThread).length;
  return others === 0 ? "the caller's" : others === events.length ? "another" : "both";
}

/** Until its last callback, which may be missing. */
async function finished({ library: { recorder } }: Asked): Promise<Recording> {
  let endMs = performance.now() + ASYNC_START_MS;
  for (let heard = 0; ; await Bun.sleep(5)) {
    const recording = recorder.read();
    const state = recording.events.at(-1)?.state;
    if (state === CALL_STATE.finish || state === CALL_STATE.error || performance.now() > endMs) return recording;
    if (recording.events.length === heard) continue;
    heard = recording.events.length;
    endMs = performance.now() + ASYNC_QUIET_MS;
  }
}
