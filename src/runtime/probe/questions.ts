/** All questions, in the order in which they are asked: later ones compare with what earlier ones found. */
import { ABORT_DECODE, ABORT_IDLE, ABORT_INSIDE, ABORT_PREFILL } from "./aborting-questions.ts";
import { BATCHES } from "./batch-questions.ts";
import { CACHE_AFTER_ABORT, PROMPT_CACHE } from "./cache-questions.ts";
import { CONTEXT_FULL, PREFIX, PROMPT_LIMIT } from "./context-questions.ts";
import { COPIED_CALLBACK, COPIED_STRINGS } from "./copying-questions.ts";
import { RUN, RUNNING, THREADS } from "./generating-questions.ts";
import { MEMORY } from "./memory-question.ts";
import { NULL_TAGS, ODD_CONTEXT, OPEN, REOPEN } from "./opening-questions.ts";
import type { Question } from "./question.ts";
import { PAUSE, TEMPERATURE_0, TOP_K_0, TOP_P_1 } from "./steering-questions.ts";
import { CALLS, CONTROL_TEXT } from "./text-questions.ts";
import { SECOND_PROCESS, TWO_PROCESSES } from "./two-processes-question.ts";
import { HIDDEN, LOGITS } from "./vector-questions.ts";

/** Every question, those asked in a second process included. */
export const QUESTIONS: readonly Question[] = [
  OPEN,
  RUN,
  THREADS,
  RUNNING,
  PREFIX,
  PROMPT_LIMIT,
  CONTEXT_FULL,
  ODD_CONTEXT,
  NULL_TAGS,
  COPIED_STRINGS,
  COPIED_CALLBACK,
  ABORT_DECODE,
  ABORT_PREFILL,
  ABORT_IDLE,
  ABORT_INSIDE,
  PAUSE,
  TEMPERATURE_0,
  TOP_K_0,
  TOP_P_1,
  HIDDEN,
  LOGITS,
  CONTROL_TEXT,
  CALLS,
  PROMPT_CACHE,
  CACHE_AFTER_ABORT,
  ...BATCHES,
  MEMORY,
  REOPEN,
  TWO_PROCESSES,
  SECOND_PROCESS,
];

/** The question with this id; every id comes from this list. */
export function questionNamed(id: string): Question {
  const question = QUESTIONS.find((each) => each.id === id);
  if (question === undefined) throw new Error(`Broken invariant: ${id} is a question`);
  return question;
}
