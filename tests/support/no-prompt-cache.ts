/** A cache that keeps nothing, for tests of what stands around it. */
import type { PromptCache } from "../../src/core/prompt-cache.ts";

export const NO_PROMPT_CACHE: PromptCache = {
  bytesMax: 0,
  find: () => null,
  reserve: () => ({ refused: "too_large" }),
  add: () => null,
  pin: () => {},
  drop: () => {},
  note: () => {},
  ratesOf: () => null,
  keepRates: () => {},
  sequencesOf: () => [],
  retire: () => {},
  status: () => ({ entries: [], bytes: 0, bytesMax: 0, hits: 0, misses: 0, passed: 0, tokensSaved: 0, msSaved: 0, bytesWrittenToday: 0 }),
  clear: () => 0,
  close: () => {},
};
