/** Prompt caches in files: whether they work, what they take, and whether an abort spoils them. */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { ProbeHandle } from "../native/probe-handle.ts";
import { ANSWER_TOKENS, GREEDY, longerPrompt, promptOf, type Question } from "./question.ts";

const PREFIX_TOKENS = 48;
const LONGER_PREFIX_TOKENS = 96;
const MORE_TOKENS = 16;

/** Saved by a run, read back after another prompt had the KV cache. */
export const PROMPT_CACHE: Question = {
  id: "prompt-cache",
  asks: "Does a prompt cache in a file work?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open();
    const prefix = promptOf(PREFIX_TOKENS, 12);
    const whole = longerPrompt(prefix, PREFIX_TOKENS + MORE_TOKENS, 14);
    const reference = handle.run([whole], run()).texts[0];
    const bytes = saved(handle, prefix, join(asked.folder, "short.cache"));
    const longerBytes = saved(handle, promptOf(LONGER_PREFIX_TOKENS, 15), join(asked.folder, "long.cache"));
    asked.tell({ saves: bytes > 0 }, { cacheBytesPerToken: Math.max(0, (longerBytes - bytes) / (LONGER_PREFIX_TOKENS - PREFIX_TOKENS)) });
    if (bytes === 0) return;
    const startedMs = performance.now();
    const loads = handle.loadCache(join(asked.folder, "short.cache")) === 0;
    asked.tell({ loads }, { cacheLoadMs: performance.now() - startedMs });
    if (!loads) return;
    const { texts, figures } = handle.run([whole], run());
    const read = figures[0]?.prefillTokens ?? 0;
    asked.tell({ right: texts[0] === reference, read: read === 0 ? null : read });
  },
  answer: ({ saves, loads, right, read }, { cacheBytesPerToken, cacheLoadMs }) =>
    saves !== true
      ? "No: no file is written."
      : loads !== true
        ? "No: it is written and cannot be loaded."
        : right !== true
          ? "No: the answer with it is another than without."
          : `Yes: ${String(read ?? "?")} of ${PREFIX_TOKENS + MORE_TOKENS} tokens were read after loading, which took ${Math.round(cacheLoadMs ?? 0)} ms; ` +
            `${Math.round(cacheBytesPerToken ?? 0).toLocaleString("en")} bytes a token.`,
  server: ({ right }) =>
    right === true ? "Keeps prompts in files, where prompt_cache is auto." : "Keeps no prompts in files, where prompt_cache is auto.",
};

/** One server saw its library crash here. */
export const CACHE_AFTER_ABORT: Question = {
  id: "cache-after-abort",
  asks: "Can a prompt cache be loaded after an abort?",
  needsRun: true,
  ask(asked) {
    const handle = asked.open();
    const prefix = promptOf(PREFIX_TOKENS, 16);
    const whole = longerPrompt(prefix, PREFIX_TOKENS + MORE_TOKENS, 17);
    const reference = handle.run([whole], run()).texts[0];
    const path = join(asked.folder, "aborted.cache");
    if (saved(handle, prefix, path) === 0) return asked.tell({ loads: "nothing is saved" });
    handle.run([promptOf(PREFIX_TOKENS, 18)], { ...run(), abortAt: 3 });
    asked.tell({ loads: "unknown" });
    const code = handle.loadCache(path);
    if (code !== 0) return asked.tell({ loads: "refused" });
    asked.tell({ loads: handle.run([whole], run()).texts[0] === reference ? "right" : "wrong" });
  },
  answer: ({ loads }) =>
    loads === "right"
      ? "Yes."
      : loads === "refused"
        ? "No: it is refused."
        : loads === "wrong"
          ? "It loads, and the answer is another than without."
          : loads === "unknown"
            ? "The process ended while it was loaded."
            : "There is none to load.",
  server: ({ loads }) => (loads === "right" ? "Loads one at any time." : "Loads none after an abort."),
};

function run() {
  return { sampling: GREEDY, newTokensMax: ANSWER_TOKENS };
}

/** Size of the file that a run leaves, 0 where it leaves none. */
function saved(handle: ProbeHandle, prompt: Int32Array, path: string): number {
  handle.run([prompt], { ...run(), saveCache: path });
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
