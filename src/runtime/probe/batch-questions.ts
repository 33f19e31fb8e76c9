/** Several prompts in one run (n_batch): reports contradict each other, and each size is asked on its own. */
import type { ProbeHandle } from "../native/probe-handle.ts";
import { REFERENCES } from "./generating-questions.ts";
import { ANSWER_TOKENS, GREEDY, memberPrompt, promptOf, type Question } from "./question.ts";

/** Sizes that are tried. */
export const BATCH_SIZES = [2, 4, 8] as const;

/** One question for each size. */
export const BATCHES: readonly Question[] = BATCH_SIZES.map(batchQuestion);

function batchQuestion(size: number): Question {
  return {
    id: `batch-${size}`,
    asks: `Can ${size} prompts run at once (n_batch ${size})?`,
    needsRun: true,
    ask(asked) {
      const references = asked.known.notes[REFERENCES]?.slice(0, size) ?? [];
      const handle = asked.open({ batch: size, newTokensMax: ANSWER_TOKENS });
      asked.tell({ opens: true });
      const inputs = Array.from({ length: size }, (_, member) => memberPrompt(member));
      const { code, texts, returnedUs } = runOf(handle, inputs);
      asked.tell({ code, answers: likeness(texts, references) }, { batchMs: returnedUs / 1000 });
      const others = inputs.slice(0, -1);
      // The last member has next to nothing to do, then nothing at all: the others must not suffer.
      const short = runOf(handle, [...others, promptOf(1, 2)]);
      asked.tell({ oneToken: short.code === 0 && likeness(short.texts.slice(0, -1), references.slice(0, -1)) === "right" });
      const empty = runOf(handle, [...others, null]);
      asked.tell({
        noInput: empty.code !== 0 ? "refused" : likeness(empty.texts.slice(0, -1), references.slice(0, -1)) === "right" ? "works" : "wrong",
      });
    },
    answer: ({ code, answers, oneToken, noInput }) => {
      if (answers === undefined) return "It opens; the process ended in the run.";
      const said =
        answers === "right"
          ? "Each answer is the one that its prompt gets alone."
          : answers === "exchanged"
            ? "The answers are right, but in another order."
            : `The answers are not those that the prompts get alone${code === 0 ? "" : ` (code ${String(code)})`}.`;
      const single =
        oneToken === true ? " A prompt of one token works." : oneToken === false ? " A prompt of one token spoils the run." : "";
      return `${said}${single}${noInput === undefined ? "" : ` One without ids: ${String(noInput)}.`}`;
    },
    server: ({ answers, oneToken }) =>
      answers === "right" && oneToken === true ? `May run ${size} prompts at once.` : `Never runs ${size} prompts at once.`,
  };
}

function runOf(handle: ProbeHandle, inputs: readonly (Int32Array | null)[]) {
  return handle.run(inputs, { sampling: GREEDY, newTokensMax: ANSWER_TOKENS });
}

function likeness(texts: readonly string[], references: readonly string[]): "right" | "exchanged" | "wrong" {
  if (references.length === texts.length && texts.every((text, member) => text === references[member])) return "right";
  return JSON.stringify(texts.toSorted()) === JSON.stringify(references.toSorted()) ? "exchanged" : "wrong";
}
