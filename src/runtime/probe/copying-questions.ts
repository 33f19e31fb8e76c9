/** Whether rkllm_init copies what it is given. */
import type { Recording } from "../native/probe-recorder.ts";
import { REFERENCES } from "./generating-questions.ts";
import { ANSWER_TOKENS, type Asked, GREEDY, memberPrompt, type Question } from "./question.ts";

/** The path of the model and its struct are written over; then it runs. */
export const COPIED_STRINGS: Question = {
  id: "copied-strings",
  asks: "Does rkllm_init copy RKLLMParam and its strings?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open();
    handle.spoilStrings();
    asked.tell({ copied: isUnchanged(asked, handle.run([memberPrompt(0)], run())) });
  },
  answer: ({ copied }) => (copied === true ? "Yes, as far as a run shows." : "No: a run fails, or differs, once they are written over."),
  server: () => "Keeps them as long as the model is open.",
};

/** Another function is put into the struct; then it runs. */
export const COPIED_CALLBACK: Question = {
  id: "copied-callback",
  asks: "Does rkllm_init copy the callback struct?",
  concerns: (abi) => abi.initCallback === "struct",
  needsRun: true,
  ask(asked) {
    const handle = asked.open();
    handle.spoilCallback();
    const recording = handle.run([memberPrompt(0)], run());
    asked.tell({ copied: recording.decoys === 0 && isUnchanged(asked, recording) });
  },
  answer: ({ copied }) => (copied === true ? "Yes." : "No: what is written over it counts."),
  server: () => "Keeps it as long as the model is open.",
};

function run() {
  return { sampling: GREEDY, newTokensMax: ANSWER_TOKENS };
}

function isUnchanged(asked: Asked, { code, texts }: Recording): boolean {
  return code === 0 && texts[0] === asked.known.notes[REFERENCES]?.[0];
}
