/**
 * Keeps on disk what a slot has computed. A KV cache holds one sequence: the next conversation takes the place of the last. Before that happens,
 * the old one is written to a file where that pays, and the new one's file is read, if there is one and that pays. Nothing here fails a request:
 * what cannot be written or read is computed.
 */
import { AppError } from "../core/errors.ts";
import type { Adapter } from "../core/model.ts";
import {
  type CacheSpace,
  type HashedSequence,
  type KeptPrompt,
  PREFIX_STEP_TOKENS,
  type PromptCache,
  sharedTokens,
} from "../core/prompt-cache.ts";
import type { PreparedPrompt, RunStats } from "../core/runtime.ts";
import { type CacheRates, gainOfLoading, Measured, UNMEASURED, worthFinding, worthSaving } from "./cache-worth.ts";

/** What it asks of a host. */
export interface CachingHost {
  /** Writes what the KV cache holds. null: there is nothing, or the library wrote nothing. Throws AppError engine_lost. */
  savePrompt(path: string): Promise<HashedSequence | null>;
  /** Makes the KV cache hold what a file does; false: the library did not take it. Throws AppError engine_lost. */
  loadPrompt(path: string, adapter: Adapter | undefined): Promise<boolean>;
}

/** What a keeper works with. */
export interface PromptKeeperOptions {
  readonly cache: PromptCache;
  /** Where the files of this model, with this adapter, belong. */
  readonly spaceOf: (adapter: Adapter | undefined) => CacheSpace;
  /** An estimate, until a file has been written. */
  readonly bytesPerToken: number;
  /** Reading a file right after an abort crashed Rockchip's library (reported for 1.2). */
  readonly loadsAfterAbort: boolean;
  /** Told of a file that cost its host its life. */
  readonly onFault: (path: string, error: AppError) => void;
}

/** What the KV cache holds, as far as it is known. */
interface Held {
  readonly space: CacheSpace;
  readonly sequence: HashedSequence;
  /** Tokens of it that a file holds already. */
  readonly kept: number;
  readonly returned: boolean;
}

/** After so many writes that brought no file the library is not asked again: some models cannot be saved. */
const FAILURES_MAX = 2;
/** Fewer say more of the start of a run than of its speed. */
const MEASURED_TOKENS_MIN = 16;

/** One for each slot with one lane. */
export class PromptKeeper {
  private readonly options: PromptKeeperOptions;
  private held: Held | null = null;
  private aborted = false;
  private failures = 0;
  /** Of the prompt that is about to run: what it shares with the sequence before it, and what was read for it. */
  private loadedTokens = 0;
  private readonly prefill = new Measured(UNMEASURED.prefillMsPerToken);
  private readonly read = new Measured(UNMEASURED.readMsPerByte);
  private readonly write = new Measured(UNMEASURED.writeMsPerByte);
  private readonly perToken: Measured;

  constructor(options: PromptKeeperOptions) {
    this.options = options;
    this.perToken = new Measured(options.bytesPerToken);
  }

  /**
   * Before a run takes the place of what the KV cache holds. Never throws.
   * @param prompt null: the KV cache will be emptied
   */
  async before(host: CachingHost, prompt: PreparedPrompt | null, adapter: Adapter | undefined): Promise<void> {
    const space = this.options.spaceOf(adapter);
    const prefixes = prompt?.prefixes ?? [];
    const shared = this.held?.space.key === space.key ? sharedTokens(this.held.sequence.prefixes, prefixes) : 0;
    this.loadedTokens = 0;
    await this.saveEvicted(host, shared);
    if (prompt !== null && prompt.prefixes.length > 0) await this.loadFor(host, prompt, { space, adapter, shared });
  }

  /** After a run: what the KV cache holds now. */
  after(adapter: Adapter | undefined, held: HashedSequence | null, stats: RunStats | null, aborted: boolean): void {
    const before = this.held;
    const space = this.options.spaceOf(adapter);
    this.aborted = aborted;
    if (stats !== null && stats.prefillTokens >= MEASURED_TOKENS_MIN) this.prefill.note(stats.prefillMs / stats.prefillTokens);
    if (held === null) {
      this.held = null;
      return;
    }
    const shared = before?.space.key === space.key ? sharedTokens(before.sequence.prefixes, held.prefixes) : 0;
    // A conversation that went on holds all of what it was, but for the steps that were not full.
    const goesOn = before !== null && shared > 0 && shared + MEASURED_TOKENS_MIN * 4 >= before.sequence.tokens;
    this.held = {
      space,
      sequence: held,
      kept: Math.max(this.loadedTokens, Math.min(before?.kept ?? 0, shared)),
      returned: this.loadedTokens > 0 || goesOn,
    };
  }

  /** The host is gone, and its KV cache with it. */
  forget(): void {
    this.held = null;
    this.aborted = false;
  }

  /** Writes what the KV cache holds, whatever it costs, unless a file holds it already. null: it could not be written. */
  async keep(host: CachingHost): Promise<KeptPrompt | null> {
    const { held } = this;
    if (held === null) return null;
    const isKept = held.kept + PREFIX_STEP_TOKENS > held.sequence.tokens - 1;
    return isKept ? { tokens: held.kept, bytes: 0 } : this.save(host, held, true);
  }

  /** Before the model is closed. Never throws. */
  async park(host: CachingHost): Promise<void> {
    await this.saveEvicted(host, 0);
  }

  private get rates(): CacheRates {
    return {
      prefillMsPerToken: this.prefill.value,
      readMsPerByte: this.read.value,
      writeMsPerByte: this.write.value,
      bytesPerToken: this.perToken.value,
    };
  }

  private async saveEvicted(host: CachingHost, shared: number): Promise<void> {
    const { held } = this;
    if (held === null || this.failures >= FAILURES_MAX) return;
    const { sequence, kept, returned } = held;
    if (worthSaving({ tokens: sequence.tokens, shared, kept, returned }, this.rates)) await this.save(host, held, false);
  }

  private async save(host: CachingHost, { space, sequence }: Held, pinned: boolean): Promise<KeptPrompt | null> {
    const { cache } = this.options;
    const path = cache.reserve(space, sequence.tokens * this.perToken.value);
    if (path === null) return null;
    const startedMs = performance.now();
    const saved = await this.attempt(path, async () => host.savePrompt(path));
    const bytes = saved === null ? null : cache.add(space, { path, sequence: saved, pinned });
    if (saved === null || bytes === null) {
      this.failures++;
      cache.drop(path);
      return null;
    }
    this.failures = 0;
    this.write.note((performance.now() - startedMs) / bytes);
    this.perToken.note(bytes / saved.tokens);
    if (this.held !== null) this.held = { ...this.held, kept: saved.tokens };
    return { tokens: saved.tokens, bytes };
  }

  private async loadFor(
    host: CachingHost,
    prompt: PreparedPrompt,
    { space, adapter, shared }: { readonly space: CacheSpace; readonly adapter: Adapter | undefined; readonly shared: number },
  ): Promise<void> {
    const { cache, loadsAfterAbort } = this.options;
    if (!worthFinding(prompt.promptTokens, shared)) return;
    const found = cache.find(space, prompt.prefixes);
    if (found === null || found.tokens <= shared) return cache.note({ kind: "miss" });
    const msSaved = gainOfLoading(found, shared, this.rates);
    if (msSaved <= 0 || (this.aborted && !loadsAfterAbort)) return cache.note({ kind: "passed" });
    const startedMs = performance.now();
    const loaded = await this.attempt(found.path, async () => host.loadPrompt(found.path, adapter));
    if (loaded !== true) {
      cache.drop(found.path);
      this.held = null;
      return cache.note({ kind: "miss" });
    }
    const ms = performance.now() - startedMs;
    this.read.note(ms / found.bytes);
    this.loadedTokens = found.tokens;
    cache.note({
      kind: "hit",
      path: found.path,
      tokens: found.tokens - shared,
      msSaved: (found.tokens - shared) * this.prefill.value - ms,
    });
  }

  /** null where the host was lost: its file is not to be trusted, and its KV cache is gone. */
  private async attempt<T>(path: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (thrown) {
      this.options.onFault(path, AppError.from(thrown));
      this.forget();
      return null;
    }
  }
}
