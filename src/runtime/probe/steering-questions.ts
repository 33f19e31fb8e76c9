/** Steering a run: pausing it, and the values of sampling that a library may refuse. */
import type { Sampling } from "../../core/generation.ts";
import { REFERENCES } from "./generating-questions.ts";
import { ANSWER_TOKENS, GREEDY, memberPrompt, type Question, times } from "./question.ts";

const PAUSE_AT = 2;

/** The only known way to choose tokens oneself. */
export const PAUSE: Question = {
  id: "pause",
  asks: "Does a callback that returns 1 pause the run, and does another run go on from there?",
  needsRun: true,
  ask(asked) {
    const run = { sampling: GREEDY, newTokensMax: ANSWER_TOKENS };
    const handle = asked.open({ newTokensMax: ANSWER_TOKENS });
    const first = handle.run([memberPrompt(0)], { ...run, pauseAt: PAUSE_AT });
    const pauses = first.tokens.length === PAUSE_AT;
    asked.tell({ pauses, code: first.code, finishes: first.finishes });
    const lastId = first.tokens.at(-1)?.ids[0] ?? -1;
    if (!pauses || lastId < 0) return;
    const second = handle.run([Int32Array.of(lastId)], run);
    const reference = asked.known.notes[REFERENCES]?.[0] ?? "";
    const joined = [...first.texts, ...second.texts].join("");
    asked.tell({ goesOn: second.code === 0 && joined.startsWith(reference) }, { stepMs: (second.tokens[0]?.atUs ?? 0) / 1000 });
  },
  answer: ({ pauses, finishes, goesOn }, { stepMs }) =>
    pauses !== true
      ? "No: the run goes on."
      : `It pauses, with FINISH ${times(finishes)}. ` +
        (goesOn === true
          ? `The next run goes on with its token after ${(stepMs ?? 0).toFixed(1)} ms.`
          : "The next run does not go on from there."),
  server: () => "Does not pause: it aborts.",
};

/** The manual says that it is greedy; code like llama.cpp's divides by it. */
export const TEMPERATURE_0: Question = samplingQuestion("temperature-0", "Is temperature 0 accepted, and greedy?", {
  temperature: 0,
  topK: 40,
  topP: 0.9,
});

/** Often means: all tokens. */
export const TOP_K_0: Question = samplingQuestion("top-k-0", "Is top_k 0 accepted?", { temperature: 0.8, topK: 0, topP: 0.9 });

/** The default of many clients. */
export const TOP_P_1: Question = samplingQuestion("top-p-1", "Is top_p 1.0 accepted?", { temperature: 0.8, topK: 40, topP: 1 });

function samplingQuestion(id: string, asks: string, values: Partial<Sampling>): Question {
  const sampling = { ...GREEDY, ...values };
  const isGreedy = sampling.temperature === 0;
  return {
    id,
    asks,
    needsRun: true,
    ask(asked) {
      const handle = asked.open({ sampling, newTokensMax: ANSWER_TOKENS });
      const run = () => handle.run([memberPrompt(0)], { sampling, newTokensMax: ANSWER_TOKENS });
      const first = run();
      asked.tell({ accepted: first.code === 0 && first.tokens.length > 0 });
      if (!isGreedy) return;
      const greedy = first.texts[0] === asked.known.notes[REFERENCES]?.[0];
      asked.tell({ greedy: greedy && run().texts[0] === first.texts[0] });
    },
    answer: ({ accepted, greedy }) =>
      accepted !== true
        ? "No: the run is refused."
        : greedy === undefined
          ? "Yes."
          : greedy === true
            ? "Yes, and it is greedy."
            : "Yes, but it is not greedy.",
    server: () =>
      isGreedy ? "Sends top_k 1 and temperature 1 for greedy decoding, whatever the answer." : "Sends it as the client asked.",
  };
}
