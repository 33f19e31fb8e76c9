/** How a model opens, with what context, and what it takes to open it again. */
import { CONTEXT_RESERVE_TOKENS } from "../../core/runtime.ts";
import { promptOf, type Question } from "./question.ts";

/** Less than a multiple of 32 by so much: 1024 becomes 1000. */
const ODD_TOKENS = 24;

/** The first of all: without a handle there is nothing to ask. */
export const OPEN: Question = {
  id: "open",
  asks: "Does the model open, and where does the library's log go?",
  ask(asked) {
    const { code, handle, ms } = asked.init();
    asked.tell({ code, handle: handle !== null }, { openMs: ms, processOpenMs: performance.now() });
    asked.open();
  },
  answer: ({ code, handle, log }, { openMs, processOpenMs }) =>
    code === 0 && handle === true
      ? `It opens in ${Math.round(openMs ?? 0)} ms, ${Math.round(processOpenMs ?? 0)} ms after its process was started. The log goes to ${log === "none" ? "neither stream" : String(log)}.`
      : `rkllm_init returned ${String(code)}${handle === false ? " and no handle" : ""}.`,
  server: () => "Opened is code 0 together with a handle. Both streams are read, and their last lines are shown with errors.",
};

/** At conversion the context is a multiple of 32. */
export const ODD_CONTEXT: Question = {
  id: "odd-context",
  asks: "Must the context be a multiple of 32 when the model opens?",
  needsRun: true,
  ask(asked) {
    const contextTokens = asked.contextTokens - ODD_TOKENS;
    const { code, handle } = asked.init({ contextTokens });
    asked.tell({ opens: code === 0 && handle !== null });
    if (code !== 0 || handle === null) return;
    // One that is rounded down in silence would have less room than the server counts on.
    const reserve = Number(asked.known.facts["prompt-limit"]?.["reserve"] ?? CONTEXT_RESERVE_TOKENS);
    const { code: ran, tokens } = handle.run([promptOf(contextTokens - reserve, 5)], { newTokensMax: 1 });
    asked.tell({ whole: ran === 0 && tokens.length > 0 });
  },
  answer: ({ opens, whole }) =>
    opens !== true
      ? "Yes: another length is refused."
      : whole === true
        ? "No: all of it can be used."
        : "It opens, but has less room than asked for.",
  server: ({ opens, whole }) =>
    opens === true && whole === true ? "Takes max_context_len as it is." : "Rounds the context down to a multiple of 32.",
};

/** A report of crashes in 1.2 was about these. */
export const NULL_TAGS: Question = {
  id: "null-tags",
  asks: "Does the model open with the image tags (img_start, …) as NULL?",
  concerns: (abi) => abi.imageTags === "init",
  ask(asked) {
    const { code, handle } = asked.init({ nullTags: true });
    asked.tell({ opens: code === 0 && handle !== null });
  },
  answer: ({ opens }) => (opens === true ? "Yes." : "No: it is refused."),
  server: () => "Gives empty strings in any case.",
};

/** What unloading a model in order costs, against ending its process. */
export const REOPEN: Question = {
  id: "reopen",
  asks: "Can a model be closed and opened again in one process?",
  ask(asked) {
    const first = asked.open();
    const startedMs = performance.now();
    const destroy = first.destroy();
    asked.tell({ destroy }, { closeMs: performance.now() - startedMs });
    const { code, handle, ms } = asked.init();
    asked.tell({ again: code === 0 && handle !== null }, { reopenMs: ms });
  },
  answer: ({ destroy, again }, { closeMs, reopenMs }) =>
    destroy === 0 && again === true
      ? `Yes: closed in ${Math.round(closeMs ?? 0)} ms, open again in ${Math.round(reopenMs ?? 0)} ms.`
      : `rkllm_destroy returned ${String(destroy)}${again === false ? "; the model does not open again" : ""}.`,
  server: () => "Ends the process of a model that is unloaded, whatever rkllm_destroy did before.",
};
