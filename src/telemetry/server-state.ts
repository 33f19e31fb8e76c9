/** What the server is like at one moment, as gauges and the status page show it. */
import type { PromptCacheStatus } from "../core/prompt-cache.ts";

/** A loaded model. */
export interface ModelState {
  /** The name it was last asked for by, and what is loaded, without adapters. */
  readonly id: string;
  readonly baseId: string;
  readonly slots: number;
  readonly lanes: number;
  readonly contextTokens: number;
  /** null where it cannot be told. */
  readonly memoryBytes: number | null;
}

/** All of it. */
export interface ServerState {
  readonly draining: boolean;
  readonly models: readonly ModelState[];
  readonly loading: readonly { readonly id: string }[];
  readonly promptCache: PromptCacheStatus;
}
