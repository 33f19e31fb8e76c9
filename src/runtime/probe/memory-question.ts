/** Whether a library keeps memory from run to run: 1.3.0 was reported to, with one family of models. */
import { ANSWER_TOKENS, GREEDY, promptOf, type Question } from "./question.ts";

const WARM_RUNS = 5;
const RUNS = 20;
const MEGABYTE = 1e6;
/** Less than what was reported of 1.3.0 (2 MB), more than what a process varies by. */
const GROWTH_MB = 1;

/** Measured on this process, whose own part is settled after the first runs. */
export const MEMORY: Question = {
  id: "memory",
  asks: "Does memory grow from run to run?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open({ newTokensMax: ANSWER_TOKENS });
    const residentAfter = (from: number, to: number): number => {
      for (let seed = from; seed < to; seed++) handle.run([promptOf(16, seed)], { sampling: GREEDY, newTokensMax: 4 });
      Bun.gc(true);
      return process.memoryUsage.rss();
    };
    const early = residentAfter(0, WARM_RUNS);
    const grownMb = (residentAfter(WARM_RUNS, RUNS) - early) / MEGABYTE / (RUNS - WARM_RUNS);
    asked.tell({ grows: grownMb > GROWTH_MB }, { memoryGrowthMbPerRun: Math.max(0, grownMb) });
  },
  answer: ({ grows }, { memoryGrowthMbPerRun = 0 }) =>
    grows === true
      ? `Yes: by ${memoryGrowthMbPerRun.toFixed(1)} MB a run, over ${RUNS - WARM_RUNS} runs.`
      : `No, over ${RUNS - WARM_RUNS} runs.`,
  server: ({ grows }) =>
    grows === true ? "Nothing by itself: a keep_alive that ends gives the memory back, with the process." : "Nothing.",
};
