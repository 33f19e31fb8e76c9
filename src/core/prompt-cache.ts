/** Prompts whose KV cache is kept on disk: the port between what computes them and what keeps the files. */

/** What a file was computed with: it is good for nothing else. */
export interface CacheSpace {
  /** The model's id, for people. */
  readonly model: string;
  /** Tells model file and library (the edition, which is what it begins with), context length and adapter from all others: hexadecimal digits. */
  readonly key: string;
}

/** Tokens that one hash of a prompt stands for. */
export const PREFIX_STEP_TOKENS = 32;

/** A prompt of fewer tokens is computed in no time, and files have a size of their own: none is written for it and none is looked for. */
export const KEPT_TOKENS_MIN = 64;

/** The tokens of a sequence, and hashes of its beginnings: the nth of its first (n + 1) * PREFIX_STEP_TOKENS tokens. */
export interface HashedSequence {
  readonly tokens: number;
  readonly prefixes: readonly string[];
}

/** What a host has written to a file. */
export interface WrittenSequence extends HashedSequence {
  /** Its token ids, 32 bits each, little-endian, as base64. Only hosts read them: one that opens the model anew spells old answers as they were sampled. */
  readonly ids: string;
}

/** How many tokens two sequences begin with alike, in whole steps. */
export function sharedTokens(a: readonly string[], b: readonly string[]): number {
  let steps = 0;
  while (steps < a.length && steps < b.length && a[steps] === b[steps]) steps++;
  return steps * PREFIX_STEP_TOKENS;
}

/** What a machine was measured to do with a model and its files. */
export interface CacheRates {
  readonly prefillMsPerToken: number;
  readonly readMsPerByte: number;
  readonly writeMsPerByte: number;
  readonly bytesPerToken: number;
}

/** null: not measured yet. */
export type MeasuredRates = { readonly [Rate in keyof CacheRates]: number | null };

/** A file that holds the beginning of a prompt. */
export interface CachedPrompt {
  readonly path: string;
  /** Of the prompt it was found for, in whole steps. */
  readonly tokens: number;
  /** Of all that is in it. */
  readonly bytes: number;
}

/** What was kept of a prompt. */
export interface KeptPrompt {
  readonly tokens: number;
  /** Written for it; 0 where a file held it already. */
  readonly bytes: number;
}

/** A file that has been written. */
export interface NewCacheFile {
  readonly path: string;
  readonly sequence: WrittenSequence;
  /** It goes last where there is too much. */
  readonly pinned: boolean;
}

/** What became of it. */
export interface AddedFile {
  readonly bytes: number;
  /** false: it was larger than there is room for, and is deleted. */
  readonly isKept: boolean;
}

/** Why a prompt is not kept. */
export type KeepRefusal =
  /** Its model's prompts are not. */
  | "off"
  /** It takes more than all files may take together. */
  | "too_large"
  /** What may be written today has been. */
  | "daily_budget"
  | "disk_full"
  /** The folder of the files, or their index, cannot be read or written. */
  | "unusable"
  /** The library wrote nothing, or its host is gone. */
  | "not_written"
  /** The model is being closed. */
  | "closing";

/** Nothing was kept. */
export interface Refused {
  readonly refused: KeepRefusal;
}

/** One file, for people. */
export interface PromptCacheEntry {
  readonly model: string;
  readonly tokens: number;
  readonly bytes: number;
  readonly pinned: boolean;
  /** ms since the epoch. */
  readonly createdMs: number;
  readonly usedMs: number;
  readonly hits: number;
}

/** What there is, and what it was good for since the server started. */
export interface PromptCacheStatus {
  readonly entries: readonly PromptCacheEntry[];
  readonly bytes: number;
  readonly bytesMax: number;
  /** Prompts that went on from a file. */
  readonly hits: number;
  /** Prompts long enough for one, for which there was none. */
  readonly misses: number;
  /** Prompts for which there was one that was left alone: reading it would have taken too long, or is not known to be safe after an abort. */
  readonly passed: number;
  /** Tokens that were read in place of being computed, and the time that this spared, ms. */
  readonly tokensSaved: number;
  readonly msSaved: number;
  /** Since midnight (UTC). */
  readonly bytesWrittenToday: number;
}

/** What became of a search. */
export type CacheOutcome =
  { readonly kind: "hit"; readonly path: string; readonly tokens: number; readonly msSaved: number } | { readonly kind: "miss" | "passed" };

/** Keeps the files. Nothing here throws: a cache that cannot be used is an empty one. */
export interface PromptCache {
  /** Most bytes that all files take together; 0: nothing is kept. */
  readonly bytesMax: number;
  /** The file that holds the longest beginning of a prompt; null where there is none. */
  find(space: CacheSpace, prefixes: readonly string[]): CachedPrompt | null;
  /** Path for a new file of about so many bytes; others are deleted where there is no room for it. */
  reserve(space: CacheSpace, bytes: number, pinned: boolean): { readonly path: string } | Refused;
  /** Takes a file in, whose size is known now. null: there is no such file */
  add(space: CacheSpace, file: NewCacheFile): AddedFile | null;
  /** From now on it goes last where there is too much; it counts as used now. */
  pin(path: string): void;
  /** Deletes a file that cannot be read. */
  drop(path: string): void;
  note(outcome: CacheOutcome): void;
  /** What was measured of an edition of a model before; null: nothing. */
  ratesOf(model: string, edition: string): MeasuredRates | null;
  /** Keeps that in place of what was measured of the model before. */
  keepRates(model: string, edition: string, rates: MeasuredRates): void;
  /**
   * The ids (WrittenSequence) of what an edition's files hold, the one that was used last at the end.
   * @param tokensMax of all together: those that were used before are left out
   */
  sequencesOf(model: string, edition: string, tokensMax: number): readonly string[];
  /** Deletes a model's files of other editions. @param edition what the keys of its own begin with */
  retire(model: string, edition: string): void;
  status(): PromptCacheStatus;
  /** Deletes all files, or those of one model, by its id. @returns how many */
  clear(model?: string): number;
  close(): void;
}
