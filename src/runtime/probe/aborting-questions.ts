/** What an abort does: while decoding, while the prompt is read, from inside the callback, and while nothing runs. */
import type { ProbeHandle } from "../native/probe-handle.ts";
import type { Recording } from "../native/probe-recorder.ts";
import { REFERENCES } from "./generating-questions.ts";
import { ANSWER_TOKENS, GREEDY, memberPrompt, promptOf, type Question, Refusal, times } from "./question.ts";

/** Tokens of a run that is to be stopped: one that is not stopped ends by itself, late enough to tell. */
const LONG_ANSWER_TOKENS = 48;
/** A prompt that takes a while, and what is left of the context beside it. */
const LONG_PROMPT_TOKENS = 768;
const SPARE_TOKENS = 64;
/** Measured more than once where it is so quick that other work of the machine could spoil it, ms. */
const QUICK_MS = 1000;
const TRIALS = 4;

/** The usual case: the client goes while its answer is written. */
export const ABORT_DECODE: Question = {
  id: "abort-decode",
  asks: "What does an abort do while tokens are made?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open({ newTokensMax: LONG_ANSWER_TOKENS });
    const run = handle.run([memberPrompt(0)], { sampling: GREEDY, newTokensMax: LONG_ANSWER_TOKENS, abortAt: 3 });
    const after = run.tokens.filter(({ atUs }) => run.abort !== null && atUs > run.abort.returnedUs).length;
    const stops = run.tokens.length < LONG_ANSWER_TOKENS;
    asked.tell(
      {
        abortCode: run.abort?.code ?? null,
        stops,
        code: run.code,
        tokensAfter: stops ? after : null,
        finishes: run.finishes,
        late: run.late,
      },
      run.abort === null ? {} : { abortMs: (run.returnedUs - run.abort.atUs) / 1000 },
    );
    // A token that comes late would be taken for one of the next answer.
    const next = handle.run([memberPrompt(0)], { sampling: GREEDY, newTokensMax: ANSWER_TOKENS });
    asked.tell({ nextRight: isReference(next, asked.known.notes[REFERENCES]?.[0]) });
  },
  answer: ({ stops, code, tokensAfter, finishes, nextRight }, { abortMs }) =>
    stops === true
      ? `The run stops after ${Math.round(abortMs ?? 0)} ms and ${String(tokensAfter)} more tokens, with FINISH ${times(finishes)}, and code ${String(code)}.` +
        (nextRight === false ? " The next answer is not the one it should be." : "")
      : "Nothing: the run goes on to its end.",
  server: () =>
    "Waits until rkllm_run has returned, for abort_timeout_s at most. Tokens carry the number of their run, the code is not looked at.",
};

/** Reported not to work. */
export const ABORT_PREFILL: Question = {
  id: "abort-prefill",
  asks: "What does an abort do while the prompt is read?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open({ newTokensMax: ANSWER_TOKENS });
    const tokens = Math.min(LONG_PROMPT_TOKENS, asked.contextTokens - SPARE_TOKENS);
    let seed = 0;
    // No two prompts begin alike, so that each is read from its start.
    const read = (abortAfterUs?: number): Recording =>
      handle.run([promptOf(tokens, seed++)], {
        sampling: GREEDY,
        newTokensMax: ANSWER_TOKENS,
        ...(abortAfterUs === undefined ? {} : { abortAfterUs }),
      });
    let wholeUs = undisturbed(read);
    if (wholeUs === 0) throw new Refusal("no run comes to its first token");
    const isQuick = wholeUs < QUICK_MS * 1000;
    let run = read(wholeUs / 4);
    const trials = isQuick ? TRIALS : 1;
    for (let trial = 1; trial < trials && !endsEarly(run, wholeUs); trial++) run = read(wholeUs / 4);
    // Only what is still early when the machine has had time to calm down was stopped.
    if (isQuick && endsEarly(run, wholeUs)) wholeUs = Math.min(wholeUs, undisturbed(read));
    const stops = endsEarly(run, wholeUs);
    const ignored = run.tokens.length >= ANSWER_TOKENS;
    asked.tell(
      {
        effect: stops ? "stops" : ignored ? "ignored" : "waits",
        code: run.code,
        tokens: ignored ? null : run.tokens.length,
        finishes: run.finishes,
      },
      { prefillMs: wholeUs / 1000, abortMs: (run.returnedUs - (run.abort?.atUs ?? 0)) / 1000 },
    );
  },
  answer: ({ effect, code }, { prefillMs, abortMs }) => {
    const whole = `the whole prompt takes ${Math.round(prefillMs ?? 0)} ms`;
    if (effect === "ignored") return "Nothing: the run goes on to its end.";
    const when = `${Math.round(abortMs ?? 0)} ms after it (${whole}), with code ${String(code)}`;
    return effect === "stops" ? `The run stops ${when}.` : `The prompt is read to its end first; the run stops ${when}.`;
  },
  server: ({ effect }) =>
    effect === "stops"
      ? "As for an abort while tokens are made."
      : "Waits no longer than it takes to open the model anew (and abort_timeout_s at most), then ends its process.",
};

/** Nobody is known to do it; a library that waits for itself hangs here. */
export const ABORT_INSIDE: Question = {
  id: "abort-inside",
  asks: "May the callback itself abort?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open({ newTokensMax: LONG_ANSWER_TOKENS });
    const run = handle.run([memberPrompt(0)], { sampling: GREEDY, newTokensMax: LONG_ANSWER_TOKENS, abortInsideAt: 3 });
    asked.tell({ stops: run.tokens.length < LONG_ANSWER_TOKENS, code: run.code, finishes: run.finishes });
  },
  answer: ({ stops, code }) => (stops === true ? `Yes: the run stops, with code ${String(code)}.` : "It has no effect."),
  server: () => "Never does it.",
};

/** Aborts are repeated until a run has ended, so one may come too late. */
export const ABORT_IDLE: Question = {
  id: "abort-idle",
  asks: "What does an abort do while nothing runs?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open();
    const code = handle.abort();
    asked.tell({ code, next: nextOf(handle, asked.known.notes[REFERENCES]?.[0]) });
  },
  answer: ({ code, next }) =>
    `rkllm_abort returned ${String(code)}. ${next === "whole" ? "The next run does not notice." : next === "cut" ? "It ends the next run." : "The next answer is not the one it should be."}`,
  server: ({ next }) =>
    next === "cut"
      ? "Asks once only: one that comes too late would end the next run."
      : "Asks again every 50 ms until the run has returned.",
};

function undisturbed(read: () => Recording): number {
  const once = (): number => read().tokens[0]?.atUs ?? 0;
  const first = once();
  return first > QUICK_MS * 1000 ? first : Math.min(first, once());
}

/** A run that reads its prompt to the end cannot return before that; other work of the machine only makes it later. */
function endsEarly({ returnedUs, tokens }: Recording, wholeUs: number): boolean {
  return tokens.length === 0 && returnedUs < wholeUs * 0.7;
}

function nextOf(handle: ProbeHandle, reference: string | undefined): string {
  const next = handle.run([memberPrompt(0)], { sampling: GREEDY, newTokensMax: ANSWER_TOKENS });
  if (isReference(next, reference)) return "whole";
  const [said = ""] = next.texts;
  return next.code === 0 && said !== reference && (reference ?? "").startsWith(said) ? "cut" : "differs";
}

/** Also where the run's own limit is not kept: longer ones begin with it. */
function isReference({ code, texts: [text = ""] }: Recording, reference: string | undefined): boolean {
  return code === 0 && reference !== undefined && text.startsWith(reference);
}
