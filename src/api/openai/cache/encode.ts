/** What is kept of prompts, as GET /v1/cache shows it. */
import type { PromptCacheStatus } from "../../../core/prompt-cache.ts";
import type { JsonObject } from "../../dialect.ts";

/** The state of the cache; its entries, the last used first. */
export function cacheObject(status: PromptCacheStatus): JsonObject {
  return {
    object: "cache",
    bytes: status.bytes,
    bytes_max: status.bytesMax,
    bytes_written_today: status.bytesWrittenToday,
    hits: status.hits,
    misses: status.misses,
    passed: status.passed,
    tokens_saved: status.tokensSaved,
    ms_saved: Math.round(status.msSaved),
    entries: status.entries.map(({ model, tokens, bytes, pinned, createdMs, usedMs, hits }) => ({
      model,
      tokens,
      bytes,
      pinned,
      hits,
      created_at: new Date(createdMs).toISOString(),
      used_at: new Date(usedMs).toISOString(),
    })),
  };
}
