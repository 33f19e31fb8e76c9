import type { EngineOptions } from "../../src/engine/create-engine.ts";
import { NO_PROMPT_CACHE } from "./no-prompt-cache.ts";

/** An engine that holds one model for ever, has room for one waiting request, and asks nothing twice. Catalog and slots are the test's own. */
export const ONE_MODEL_ENGINE: Omit<EngineOptions, "catalog" | "openSlot"> = {
  defaultsOf: async () => ({ sampling: {} as never, tokensMax: null }),
  contextTokensOf: () => 4096,
  queueDepthMax: 1,
  queueWaitMaxMs: Infinity,
  batchWindowMs: 0,
  promptCache: NO_PROMPT_CACHE,
  repetitionGuard: true,
  modelsLoadedMax: 1,
  keepAliveMs: Infinity,
  memoryBudgetBytes: null,
  availableMemoryBytes: () => null,
  samplingMismatch: "run",
  answerRetriesMax: 0,
};
