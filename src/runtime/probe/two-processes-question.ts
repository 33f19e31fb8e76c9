/** Two processes at once: each open model has one, and a library may let the one wait for the other. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { GREEDY, promptOf, type Question } from "./question.ts";

/** Time for the other process to open its model and run, ms. */
const OTHER_OPENS_MS = 120_000;
const HOLD_MS = 4_000;
const [OPENED, HELD, DONE] = ["opened", "held", "done"];

/** On a board the NPU is one: a lock of the library's own would show here. */
export const TWO_PROCESSES: Question = {
  id: "two-processes",
  asks: "Can another process run while a run is going on?",
  needsRun: true,
  async ask(asked) {
    const at = (name: string): string => join(asked.folder, name);
    const handle = asked.open({ newTokensMax: 2 });
    asked.startBeside(SECOND_PROCESS.id);
    const endMs = performance.now() + OTHER_OPENS_MS;
    while (!existsSync(at(OPENED)) && performance.now() < endMs) await Bun.sleep(5);
    asked.tell({ opens: existsSync(at(OPENED)) });
    const hold = { ms: HOLD_MS, path: at(HELD), until: at(DONE) };
    const { released } = handle.run([promptOf(8, 1)], { sampling: GREEDY, newTokensMax: 2, hold });
    asked.tell({ runs: released });
  },
  answer: ({ opens, runs }) =>
    opens !== true ? "A second one does not open the model." : runs === true ? "Yes." : "No: it waits until the run is over.",
  server: () => "Has one process for each open model; where they wait for one another, so do their clients.",
};

/** What the second process does. */
export const SECOND_PROCESS: Question = {
  id: "second-process",
  asks: "",
  beside: true,
  async ask(asked) {
    const at = (name: string): string => join(asked.folder, name);
    const handle = asked.open({ newTokensMax: 2 });
    await Bun.write(at(OPENED), "");
    while (!existsSync(at(HELD))) await Bun.sleep(5);
    handle.run([promptOf(8, 2)], { sampling: GREEDY, newTokensMax: 2 });
    await Bun.write(at(DONE), "");
  },
  answer: () => "",
  server: () => "",
};
