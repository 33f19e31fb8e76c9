/**
 * What is known of how a runtime library behaves, because it was asked (`doctor --probe`). Every field is optional, and one that is absent
 * means what is safe with any library: nothing may need a finding to be right, only to be quicker or to do more.
 */

/** Answers about one library with one model. */
export interface RuntimeFindings {
  /** Tokens of the context that no prompt may use. Absent: CONTEXT_RESERVE_TOKENS. Answers keep no fewer than that in any case. */
  readonly contextReserveTokens?: number;
  /** A model opens with a context of any multiple of this, all of which can be used. Absent: 32. */
  readonly contextStepTokens?: number;
  /** Hidden layer and logits come out right only from an empty KV cache. Absent: true. */
  readonly vectorsNeedEmptyCache?: boolean;
  /** An abort takes effect while a prompt is read. false: only when it has been read, or never. Absent: unknown. */
  readonly abortStopsPrefill?: boolean;
  /** An abort that comes while nothing runs ends the run after it: it must not be asked for twice. Absent: false. */
  readonly idleAbortEndsNextRun?: boolean;
  /** What the KV cache holds of a prompt is read again with it. Absent: false. */
  readonly readsPromptsWhole?: boolean;
  /** What it takes to open the model in a new process, ms. */
  readonly openMs?: number;
  /**
   * Largest n_batch that opened, gave every member its own right answer, and bore a member with a prompt of one token; 1 where none did.
   * Absent: unknown, and a size is to be tried in a child process first, because libraries were seen to crash.
   */
  readonly batchMax?: number;
  /** A member of a batch may have no tokens at all. Absent: one that has nothing to do gets a prompt of one token. */
  readonly batchTakesNoInput?: boolean;
  /** Prompt caches in files. Absent: unknown. */
  readonly promptCache?: PromptCacheFindings;
}

/** Whether prompt caches in files can be used. */
export interface PromptCacheFindings {
  /** One that was saved can be loaded, and the answer with it is the one without it. */
  readonly works: boolean;
  /** Also after a run of the same handle was aborted; otherwise the model has to be opened anew before. */
  readonly loadAfterAbort: boolean;
  /** Size of a file for each token in it, bytes. */
  readonly bytesPerToken?: number;
}
