/**
 * Keeps on disk what a slot has computed. A KV cache holds one sequence: the next conversation takes the place of the last. Before that happens,
 * the old one is written to a file where that pays, and the new one's file is read, if there is one and that pays. Nothing here fails a request:
 * what cannot be written or read is computed.
 */
import { AppError } from "../core/errors.ts";
import type { Adapter } from "../core/model.ts";
import {
  type CachedPrompt,
  type CacheSpace,
  type HashedSequence,
  type KeepRefusal,
  type KeptPrompt,
  type MeasuredRates,
  PREFIX_STEP_TOKENS,
  type PromptCache,
  type Refused,
  sharedTokens,
  type WrittenSequence,
} from "../core/prompt-cache.ts";
import type { PreparedPrompt, RunStats } from "../core/runtime.ts";
import { gainOfLoading, RatesMeter, worthFinding, worthSaving } from "./cache-worth.ts";

/** What it asks of a host. */
export interface CachingHost {
  /** Why it is over, with all that its KV cache held; null while it lives. */
  readonly lost: AppError | null;
  /** rkllm_abort was called since it opened its model: for a client, or because a run or a saving had enough. */
  readonly abortCalled: boolean;
  /** Writes what the KV cache holds. null: the library wrote nothing. Throws AppError engine_lost, shutting_down. */
  savePrompt(path: string): Promise<WrittenSequence | null>;
  /** Makes the KV cache hold what a file does; false: the library did not take it. Throws AppError engine_lost, shutting_down. */
  loadPrompt(path: string, adapter: Adapter | undefined): Promise<boolean>;
}

/** What a keeper works with. */
export interface PromptKeeperOptions {
  readonly cache: PromptCache;
  /** Where the files of this model, with this adapter, belong. */
  readonly spaceOf: (adapter: Adapter | undefined) => CacheSpace;
  /** The ids (WrittenSequence) of what this model's files hold. */
  readonly sequences: () => readonly string[];
  /** An estimate, until a file has been written. */
  readonly bytesPerToken: number;
  /** What was measured when the model was open before; null: nothing. */
  readonly ratesBefore: MeasuredRates | null;
  /** Keeps what has been measured until the model is opened again. */
  readonly keepRates: (rates: MeasuredRates) => void;
  /** Reading a file after an abort crashed Rockchip's library (reported for 1.2). How long after is not known: as long as the model is open. */
  readonly loadsAfterAbort: boolean;
  /** Told of a file that cost its host its life. */
  readonly onFault: (path: string, error: AppError) => void;
}

/** What a KV cache holds, as far as it is known. */
interface Held {
  /** Whose it is: the next host knows nothing of it. */
  readonly host: CachingHost;
  readonly space: CacheSpace;
  readonly sequence: HashedSequence;
  /** It can be written. What came from a file can not, until a prompt has run on it: no library tells its tokens. */
  readonly hasRun: boolean;
  /** The conversation has come back at least once. */
  readonly returned: boolean;
}

/** After so many writes that brought no file the library is not asked again: some models cannot be saved. */
const FAILURES_MAX = 2;
/** Fewer say more of the start of a run than of its speed. */
const MEASURED_TOKENS_MIN = 16;

/** One for each slot with one lane. One call at a time. */
export class PromptKeeper {
  private readonly options: PromptKeeperOptions;
  private held: Held | null = null;
  private failures = 0;
  private readonly meter: RatesMeter;
  /** Something was measured that is not kept yet. */
  private hasMeasured = false;

  constructor(options: PromptKeeperOptions) {
    this.options = options;
    this.meter = new RatesMeter(options.bytesPerToken, options.ratesBefore);
  }

  /**
   * Before a run takes the place of what the KV cache holds. Never throws.
   * @param prompt null: the KV cache will be emptied
   */
  async before(host: CachingHost, prompt: PreparedPrompt | null, adapter: Adapter | undefined): Promise<void> {
    const space = this.options.spaceOf(adapter);
    const prefixes = prompt?.prefixes ?? [];
    const held = this.heldBy(host);
    const shared = held?.space.key === space.key ? sharedTokens(held.sequence.prefixes, prefixes) : 0;
    // What this host must not read is written when it is closed, at the earliest.
    const evicted = this.mayRead(host) ? this.worthSavingOf(host, shared) : null;
    if (evicted !== null) await this.save(evicted, false);
    if (prompt !== null && prefixes.length > 0 && host.lost === null) await this.loadFor(host, prompt, { space, adapter, shared });
  }

  /** After a run: what the KV cache holds now; null where nobody knows. */
  after(host: CachingHost, adapter: Adapter | undefined, held: HashedSequence | null, stats: RunStats | null): void {
    const before = this.heldBy(host);
    const space = this.options.spaceOf(adapter);
    if (stats !== null && stats.prefillTokens >= MEASURED_TOKENS_MIN) {
      this.meter.prefill.note(stats.prefillMs / stats.prefillTokens);
      this.hasMeasured = true;
    }
    if (held === null) return this.forget();
    const shared = before?.space.key === space.key ? sharedTokens(before.sequence.prefixes, held.prefixes) : 0;
    // A conversation that went on holds all of what it was, but for the steps that were not full.
    const goesOn = before !== null && shared > 0 && shared + MEASURED_TOKENS_MIN * 4 >= before.sequence.tokens;
    this.held = { host, space, sequence: held, hasRun: true, returned: goesOn };
  }

  /** What a host that opens the model is to remember, as if it had been there; see PromptCache.sequencesOf. */
  sequences(): readonly string[] {
    return this.options.sequences();
  }

  /** The KV cache was emptied, or nobody knows what it holds. */
  forget(): void {
    this.held = null;
  }

  /** Why a prompt of so many tokens can never be kept; null: it may be. */
  refusal(promptTokens = 1): KeepRefusal | null {
    return promptTokens * this.meter.perToken.value > this.options.cache.bytesMax ? "too_large" : null;
  }

  /** Writes what the KV cache holds, whatever it costs, unless a file holds it already; that file is pinned. */
  async keep(host: CachingHost): Promise<KeptPrompt | Refused> {
    const held = this.heldBy(host);
    if (held === null) return { refused: "not_written" };
    const file = this.fileOf(held);
    const tokens = file?.tokens ?? 0;
    if (tokens + PREFIX_STEP_TOKENS < held.sequence.tokens) return this.save(held, true);
    if (file !== null) this.options.cache.pin(file.path);
    return { tokens, bytes: 0 };
  }

  /**
   * Before the model is closed. Never throws.
   * @param permit leave to use the device, asked for where there is something to save: that takes a run. null: nobody has to ask
   */
  async park(host: CachingHost, permit: (() => Promise<() => void>) | null): Promise<void> {
    // With each run would be too often: they go with a file, or at the end.
    if (this.hasMeasured) this.keepRates();
    if (this.worthSavingOf(host, 0) === null) return;
    const giveBack = await permit?.();
    const evicted = this.worthSavingOf(host, 0);
    if (evicted !== null) await this.save(evicted, false);
    giveBack?.();
  }

  private keepRates(): void {
    this.hasMeasured = false;
    this.options.keepRates(this.meter.measured);
  }

  private heldBy(host: CachingHost): Held | null {
    return this.held?.host === host && host.lost === null ? this.held : null;
  }

  private mayRead(host: CachingHost): boolean {
    return this.options.loadsAfterAbort || !host.abortCalled;
  }

  /** The file that holds most of it. Asked each time: files go for their age, for want of room, and because somebody deletes them. */
  private fileOf({ space, sequence }: Held): CachedPrompt | null {
    return this.options.cache.find(space, sequence.prefixes);
  }

  /** What a host holds, where it pays to write that before its place is taken. */
  private worthSavingOf(host: CachingHost, shared: number): Held | null {
    const held = this.heldBy(host);
    if (held === null || !held.hasRun || this.failures >= FAILURES_MAX) return null;
    const { sequence, returned } = held;
    const kept = this.fileOf(held)?.tokens ?? 0;
    return worthSaving({ tokens: sequence.tokens, shared, kept, returned }, this.meter.rates) ? held : null;
  }

  private async save({ host, space, sequence }: Held, pinned: boolean): Promise<KeptPrompt | Refused> {
    const { cache } = this.options;
    const reserved = cache.reserve(space, sequence.tokens * this.meter.perToken.value, pinned);
    if ("refused" in reserved) return reserved;
    const { path } = reserved;
    const startedMs = performance.now();
    const saved = await this.attempt(path, async () => host.savePrompt(path));
    const written = saved === "lost" || saved === "closing" ? null : saved;
    const file = written === null ? null : cache.add(space, { path, sequence: written, pinned });
    if (written === null || file === null) {
      cache.drop(path);
      if (saved === "closing") return { refused: "closing" };
      this.failures++;
      return { refused: "not_written" };
    }
    this.failures = 0;
    this.meter.write.note((performance.now() - startedMs) / file.bytes);
    this.meter.perToken.note(file.bytes / written.tokens);
    this.keepRates();
    return file.isKept ? { tokens: written.tokens, bytes: file.bytes } : { refused: "too_large" };
  }

  private async loadFor(
    host: CachingHost,
    prompt: PreparedPrompt,
    { space, adapter, shared }: { readonly space: CacheSpace; readonly adapter: Adapter | undefined; readonly shared: number },
  ): Promise<void> {
    const { cache } = this.options;
    if (!worthFinding(prompt.promptTokens, shared)) return;
    const found = cache.find(space, prompt.prefixes);
    if (found === null || found.tokens <= shared) return cache.note({ kind: "miss" });
    const msSaved = gainOfLoading(found, shared, this.meter.rates);
    if (msSaved <= 0 || !this.mayRead(host)) return cache.note({ kind: "passed" });
    const startedMs = performance.now();
    this.forget();
    const loaded = await this.attempt(found.path, async () => host.loadPrompt(found.path, adapter));
    if (loaded === "closing") return;
    if (loaded !== true) {
      cache.drop(found.path);
      return cache.note({ kind: "miss" });
    }
    const ms = performance.now() - startedMs;
    this.meter.read.note(ms / found.bytes);
    this.keepRates();
    // The file may hold more, but what that is nobody knows.
    const sequence = { tokens: found.tokens, prefixes: prompt.prefixes.slice(0, found.tokens / PREFIX_STEP_TOKENS) };
    this.held = { host, space, sequence, hasRun: false, returned: true };
    cache.note({
      kind: "hit",
      path: found.path,
      tokens: found.tokens - shared,
      msSaved: (found.tokens - shared) * this.meter.prefill.value - ms,
    });
  }

  /** `lost`: the file cost the host its life, and is not to be trusted. `closing`: the host was closed meanwhile, which says nothing of the file. */
  private async attempt<T>(path: string, work: () => Promise<T>): Promise<T | "lost" | "closing"> {
    try {
      return await work();
    } catch (thrown) {
      const error = AppError.from(thrown);
      if (error.code === "shutting_down") return "closing";
      this.options.onFault(path, error);
      return "lost";
    }
  }
}
