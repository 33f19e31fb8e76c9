/** How much of the context a prompt may take, what happens when it is full, and what of it is used again. */
import type { ProbeHandle } from "../native/probe-handle.ts";
import { GREEDY, longerPrompt, promptOf, type Question } from "./question.ts";

const CONTEXT_TOKENS = 256;
/** Tried from the safe end on: a library may crash when it is asked for too much. */
const RESERVES = [128, 64, 32, 16, 8, 6, 5, 4, 3, 2, 1, 0, -1, -32];

/** A prompt so long that so many tokens fill the context, and more to follow than fit. */
const FULL_PROMPT_TOKENS = 192;
const BEYOND_TOKENS = 40;

const FIRST_TOKENS = 48;
/** Length of the prompt that begins with what the KV cache holds. */
export const PREFIX_PROMPT_TOKENS = 64;

/** Seen: 1,020 of 1,024. */
export const PROMPT_LIMIT: Question = {
  id: "prompt-limit",
  asks: "How much of the context may a prompt take, and what happens beyond?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open({ contextTokens: CONTEXT_TOKENS, newTokensMax: 1 });
    const fits = (reserve: number): boolean => {
      const { code, tokens } = handle.run([promptOf(CONTEXT_TOKENS - reserve, 3)], { sampling: GREEDY, newTokensMax: 1 });
      if (code === 0 && tokens.length > 0) asked.tell({ reserve: Math.max(0, reserve), overflow: reserve < 0 ? "accepted" : "unknown" });
      return code === 0 && tokens.length > 0;
    };
    const refused = RESERVES.find((reserve) => !fits(reserve));
    if (refused === undefined) return;
    let above = RESERVES[RESERVES.indexOf(refused) - 1] ?? CONTEXT_TOKENS;
    // What fits lies somewhere above what was refused.
    for (let below = refused; above - below > 1;) {
      const middle = (above + below) >> 1;
      if (fits(middle)) above = middle;
      else below = middle;
    }
    asked.tell({ overflow: "refused" });
  },
  answer: ({ reserve, overflow }) =>
    `All but ${String(reserve)} tokens. ` +
    (overflow === "refused"
      ? "A longer one is refused."
      : overflow === "accepted"
        ? "A longer one is accepted, and is not read whole."
        : "With more, the process ended."),
  server: ({ reserve }) =>
    reserve === undefined
      ? "Keeps four tokens free."
      : `Refuses prompts that leave fewer than ${String(reserve)} tokens free; answers keep at least four.`,
};

/** No log of it was ever seen. */
export const CONTEXT_FULL: Question = {
  id: "context-full",
  asks: "What happens when an answer fills the context?",
  needsRun: true,
  ask(asked) {
    const newTokensMax = CONTEXT_TOKENS - FULL_PROMPT_TOKENS + BEYOND_TOKENS;
    const handle = asked.open({ contextTokens: CONTEXT_TOKENS, newTokensMax });
    const { code, tokens } = handle.run([promptOf(FULL_PROMPT_TOKENS, 4)], { sampling: GREEDY, newTokensMax });
    const position = FULL_PROMPT_TOKENS + tokens.length;
    const full = position >= CONTEXT_TOKENS - 8 && position <= CONTEXT_TOKENS + 1;
    asked.tell({
      code,
      end: tokens.length >= newTokensMax ? "goes on" : full ? "stops" : "ended before",
      position: full ? position : null,
    });
  },
  answer: ({ code, end, position }) =>
    end === "goes on"
      ? "It forgets a part of what it has read and goes on."
      : end === "stops"
        ? `It stops, with prompt and answer at ${String(position)} of ${CONTEXT_TOKENS} tokens and code ${String(code)}.`
        : "The model ended its answer before: it could not be seen.",
  server: () => "Limits answers to what fits, so that it does not come to that.",
};

/** The design rests on it: every run brings its whole prompt. */
export const PREFIX: Question = {
  id: "prefix",
  asks: "Is the part of a prompt that the KV cache holds read again (token ids, keep_history 0)?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open({ newTokensMax: 1 });
    const first = promptOf(FIRST_TOKENS, 6);
    handle.run([first], { sampling: GREEDY, newTokensMax: 1 });
    const before = sizeOf(handle);
    const second = handle.run([longerPrompt(first, PREFIX_PROMPT_TOKENS, 9)], { sampling: GREEDY, newTokensMax: 1 });
    const read = second.figures[0]?.prefillTokens ?? 0;
    asked.tell({ read: read === 0 ? null : read, cacheBefore: before, cacheAfter: sizeOf(handle) });
  },
  answer: ({ read, cacheBefore, cacheAfter }) =>
    (read === null
      ? "Unknown: the figures are zero."
      : `Of ${PREFIX_PROMPT_TOKENS} tokens, the first ${FIRST_TOKENS} of which were known, ${String(read)} were read.`) +
    ` The KV cache held ${String(cacheBefore ?? "?")}, then ${String(cacheAfter ?? "?")}.`,
  server: () =>
    "Sends every prompt whole; cached_tokens is what the library says it did not read. Where it says nothing, and reads all, nothing is claimed.",
};

function sizeOf(handle: ProbeHandle): number | null {
  return handle.cacheSizes()?.[0] ?? null;
}
