/**
 * The host of a slot that lives now. A lost one is replaced when somebody needs a host; one whose memory has grown too much is replaced
 * between two batches, before anybody needs it.
 */
import { AppError, assert } from "../core/errors.ts";
import type { Adapter } from "../core/model.ts";
import type { KeepRefusal } from "../core/prompt-cache.ts";
import type { RuntimeCapabilities } from "../core/runtime.ts";
import { BackOff } from "./back-off.ts";
import { type Growth, HostGrowth } from "./host-growth.ts";
import type { LaunchHost } from "./host-link.ts";
import { HostSession } from "./host-session.ts";
import type { HostLimits } from "./host-watch.ts";
import type { KeeperFor } from "./model-keeper.ts";
import { patiently } from "./patiently.ts";
import type { PromptKeeper } from "./prompt-keeper.ts";
import type { OpenSpec } from "./protocol.ts";
import { proveItRuns } from "./prove-open.ts";

/** What hosts are made of. */
export interface LivingHostOptions {
  readonly spec: OpenSpec;
  readonly launch: LaunchHost;
  readonly limits: HostLimits;
  /** The model makes text, so that it can be tried where its library printed an error as it opened. */
  readonly answers?: boolean;
  /** Keeps prompts on disk; absent: nobody does. */
  readonly keeperFor?: KeeperFor;
  /** Sees to the program's own files before a host is opened again: somebody may have deleted them. Absent: nobody does. */
  readonly restoreFiles?: () => Promise<unknown>;
  /** Leave to use the device outside of a turn; null: nobody has to ask. */
  readonly permit?: (() => Promise<() => void>) | null;
  /** How much a host may grow before it is opened anew, bytes; absent or 0: without end. */
  readonly growthBytesMax?: number;
  /** Told of each host that is opened anew for that. */
  readonly onGrown?: (growth: Growth) => void;
  /** Told of each host that was lost, with the library's last lines. */
  readonly onLost: (error: AppError, outputTail: readonly string[]) => void;
}

/** One host after another. */
export class LivingHost {
  /** The last host started: opening, open or lost. null: none yet, or one is being replaced. */
  session: HostSession | null = null;
  private readonly options: LivingHostOptions;
  private readonly over: AbortSignal;
  private readonly keeper: PromptKeeper | null;
  /** The last work with files, until it is done. */
  private filing: Promise<unknown> = Promise.resolve();
  private readonly backOff = new BackOff();
  private opening: Promise<HostSession> | null = null;
  /** The end of one that is being replaced. */
  private retiring: Promise<void> | null = null;
  private opened: RuntimeCapabilities | null = null;
  private growth = new HostGrowth(0);
  /** Set when the host has grown too much. */
  private grown: Growth | null = null;
  /** Batches, embeddings and savings that are going on. */
  private busy = 0;
  private closed = false;
  private closing: Promise<void> | null = null;

  /** @param over fires when everything is being closed: what would be kept is not waited for long then */
  constructor(options: LivingHostOptions, over: AbortSignal) {
    this.options = options;
    this.over = over;
    this.keeper = options.keeperFor?.(options.spec.options.contextTokens) ?? null;
  }

  get capabilities(): RuntimeCapabilities {
    assert(this.opened !== null, "a slot is handed out open");
    return this.opened;
  }

  /** The living host; opens one when there is none. Throws AppError shutting_down, and what opening one throws. */
  async get(): Promise<HostSession> {
    this.refuseIfClosed();
    if (this.opening !== null) return this.opening;
    if (this.session !== null && this.session.lost === null) return this.session;
    this.opening = this.reopen().finally(() => (this.opening = null));
    return this.opening;
  }

  /** A batch or an embedding begins. */
  begin(): void {
    this.replaceGrown();
    this.busy++;
  }

  /** It is over, and what it has cost in memory can be seen. */
  end(): void {
    this.busy--;
    if (this.session === null || this.session.lost !== null) return;
    this.grown = this.growth.note(this.session.memory());
    // The next batch, or a saving, may be about to begin: then it replaces the host, or holds it.
    if (this.grown !== null) setTimeout(() => void this.replaceOutOfTurn(), 0);
  }

  /** What the host holds is used while it lasts. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    this.busy++;
    try {
      return await work();
    } finally {
      this.busy--;
    }
  }

  /**
   * Writes and reads files, between runs. What has begun comes to its end before the model is closed. null: this slot has none.
   * Throws AppError shutting_down.
   */
  async withFiles<T>(work: (keeper: PromptKeeper) => Promise<T>): Promise<T | null> {
    this.refuseIfClosed();
    if (this.keeper === null) return null;
    const working = work(this.keeper);
    this.filing = working.catch(() => {});
    return working;
  }

  /** See RuntimeSlot.keepRefusal. */
  keepRefusal(promptTokens?: number): KeepRefusal | null {
    return this.keeper === null ? "off" : this.keeper.refusal(promptTokens);
  }

  /** After a run; see PromptKeeper.after. */
  noteHeld(session: HostSession, adapter: Adapter | undefined): void {
    this.keeper?.after(session, adapter, session.held, session.lastStats);
  }

  /** The KV cache was emptied. */
  noteEmpty(): void {
    this.keeper?.forget();
  }

  /** Throws AppError shutting_down once the model is being closed: what is still on its way begins no more. */
  refuseIfClosed(): void {
    if (this.closed) throw unloading();
  }

  /** Closes the model. Safe to call twice. */
  async close(): Promise<void> {
    this.closed = true;
    return (this.closing ??= this.closeOnce());
  }

  private async closeOnce(): Promise<void> {
    await this.retiring;
    await this.inTime(this.parkHeld());
    await this.session?.close();
  }

  private async parkHeld(): Promise<void> {
    await this.filing;
    const { session } = this;
    if (session?.idle === true) await this.keeper?.park(session, this.options.permit ?? null);
  }

  private async inTime(parking: Promise<void> | undefined): Promise<void> {
    if (parking !== undefined) await patiently(parking, this.over, this.options.limits.abortTimeoutMs);
  }

  private async reopen(): Promise<HostSession> {
    const { spec, launch, limits, onLost, restoreFiles } = this.options;
    this.backOff.check();
    let session: HostSession | null = null;
    try {
      if (this.opened !== null) await restoreFiles?.();
      this.refuseIfClosed();
      session = new HostSession({ ...spec, sequences: this.keeper?.sequences() ?? [] }, launch, limits);
      this.session = session;
      this.growth = new HostGrowth(this.options.growthBytesMax ?? 0);
      this.grown = null;
      this.opened = await session.open();
      if (this.options.answers === true) await proveItRuns(session, spec.model.id, spec.options.sampling);
      this.backOff.succeeded();
      void watchLoss(session, onLost);
      return session;
    } catch (thrown) {
      if (session !== null) await gone(session, limits.abortTimeoutMs);
      const error = AppError.from(thrown);
      this.backOff.failed(error);
      throw error;
    }
  }

  /**
   * Parking what a host holds is a run, and no model is opened while another runs: both take a permit, which a turn has. Nothing waits for this
   * one: a batch that begins meanwhile replaces the host.
   */
  private async replaceOutOfTurn(): Promise<void> {
    const giveBack = await this.options.permit?.();
    this.replaceGrown();
    await this.opening?.catch(() => {});
    giveBack?.();
  }

  /** Nobody loses anything by it: what the host holds is parked, and prompts that wait are prepared again in the new one. */
  private replaceGrown(): void {
    const { session, grown } = this;
    if (grown === null || session === null || session.lost !== null || this.busy > 0 || this.closed) return;
    this.grown = null;
    this.session = null;
    this.options.onGrown?.(grown);
    this.retiring = this.retire(session);
    this.opening = this.retiring
      .then(async () => {
        this.retiring = null;
        if (this.closed) throw unloading();
        return this.reopen();
      })
      .finally(() => (this.opening = null));
    this.opening.catch(() => {});
  }

  /** The old host's memory has to be free before the new one takes its own. */
  private async retire(session: HostSession): Promise<void> {
    await this.inTime(this.keeper?.park(session, null));
    await session.close();
  }
}

async function watchLoss(session: HostSession, onLost: LivingHostOptions["onLost"]): Promise<void> {
  await session.ended;
  if (session.lost?.code === "engine_lost") onLost(session.lost, session.outputTail());
}

/** One that was given up while it loaded has its memory for a moment longer, and what is tried next needs it. */
async function gone(session: HostSession, msMax: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, msMax);
  await Promise.race([session.ended, late.promise]);
  clearTimeout(timer);
}

const unloading = (): AppError => new AppError("shutting_down", "The model is being unloaded");
