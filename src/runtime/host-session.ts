/**
 * One life of an engine host, from launch to end, as the gateway sees it: what was asked and is not answered yet, the run that is
 * going on, and the watch over both. When the host ends or is given up, everything pending fails at once with one clear error.
 */
import { AppError, assert, cancellation } from "../core/errors.ts";
import type { Adapter } from "../core/model.ts";
import type { HashedSequence, WrittenSequence } from "../core/prompt-cache.ts";
import type {
  Batch,
  EmbeddingRun,
  Inspected,
  Inspection,
  PreparedPrompt,
  PromptRequest,
  RunStats,
  RuntimeCapabilities,
  SlotMemory,
} from "../core/runtime.ts";
import { ActiveBatch, type ActiveMember, type RunEvent } from "./active-batch.ts";
import { Awaited } from "./awaited.ts";
import type { HostLink, LaunchHost } from "./host-link.ts";
import { HostWatch, type HostLimits } from "./host-watch.ts";
import { withLastWords } from "./last-words.ts";
import { floatsOfBase64 } from "./number-text.ts";
import { lacksMemory } from "./memory-failure.ts";
import type { HostCommand, HostEvent, OpenSpec } from "./protocol.ts";

/** Files are written and read one at a time: their answers need no number of their own. */
const TRANSFER = 0;

/** One started host with one open model. */
export class HostSession {
  /** Why this life is over; null while it goes on. */
  lost: AppError | null = null;
  /** What the first lane holds, as the last run left it; null where nobody knows. */
  held: HashedSequence | null = null;
  /** Of the last run; null where it brought none. */
  lastStats: RunStats | null = null;
  /** See CachingHost. */
  abortCalled = false;
  /** Resolves when the host has ended and everything it printed has been read. */
  readonly ended: Promise<void>;
  private readonly spec: OpenSpec;
  private readonly link: HostLink;
  private readonly watch: HostWatch;
  private readonly opened = Promise.withResolvers<RuntimeCapabilities>();
  private readonly preparing = new Awaited<PreparedPrompt>();
  private readonly inspecting = new Awaited<Inspected>();
  private readonly saving = new Awaited<WrittenSequence | null>();
  private readonly loading = new Awaited<boolean>();
  private inspections = 0;
  private active: ActiveBatch | null = null;
  private isOpen = false;
  private closing = false;

  constructor(spec: OpenSpec, launch: LaunchHost, limits: HostLimits) {
    this.spec = spec;
    this.opened.promise.catch(() => {});
    this.watch = new HostWatch(limits, {
      ping: () => this.link.send({ kind: "ping" }),
      giveUp: (reason) => this.giveUp(reason),
    });
    this.link = launch((event) => this.receive(event));
    this.ended = this.link.ended.then((how) => this.lose(`The engine host of ${spec.model.id} ended unexpectedly (${how})`, how));
  }

  /** Opens the model. Throws AppError model_load_failed, engine_lost, and what the host reports. */
  async open(): Promise<RuntimeCapabilities> {
    this.watch.expectOpen();
    this.link.send({ kind: "open", spec: this.spec });
    return this.opened.promise;
  }

  /** The rendered prompt, which now waits in the host under `promptId`. */
  async prepare(promptId: number, prompt: PromptRequest): Promise<PreparedPrompt> {
    this.refuseIfOver();
    const answer = this.preparing.to(promptId);
    this.watch.expectAnswer();
    this.link.send({ kind: "prepare", promptId, ...prompt });
    return answer;
  }

  discard(promptId: number): void {
    if (this.lost === null) this.link.send({ kind: "discard", promptId });
  }

  /** See RuntimeSlot.inspect. */
  async inspect(question: Inspection): Promise<Inspected> {
    this.refuseIfOver();
    const inspectionId = ++this.inspections;
    const answer = this.inspecting.to(inspectionId);
    this.watch.expectAnswer();
    this.link.send({ kind: "inspect", inspectionId, question });
    return answer;
  }

  /** See RuntimeSlot.run. `promptTokens` of all of them. Throws at once, and tells no reader, where this life is over. */
  run({ members, ...terms }: Batch, promptTokens: number): Promise<void> {
    const run = { kind: "run", ...terms, members: members.map(({ promptId, tokensMax }) => ({ promptId, tokensMax })) } as const;
    return this.perform(run, members, promptTokens).over;
  }

  /** See RuntimeSlot.embed. */
  async embed(run: EmbeddingRun, promptTokens: number, signal: AbortSignal): Promise<Float32Array> {
    const result = Promise.withResolvers<Float32Array | null>();
    let vector: Float32Array | null = null;
    const take = (event: RunEvent): void => {
      if (event.kind === "vector") vector = event.vector;
      if (event.kind === "end") result.resolve(vector);
    };
    const reader = { take, fail: result.reject };
    const { over } = this.perform({ kind: "embed", ...run }, [{ promptId: run.promptId, signal, reader }], promptTokens);
    try {
      const brought = await result.promise;
      if (brought !== null) return brought;
    } finally {
      await over;
    }
    throw signal.aborted ? cancellation(signal) : new AppError("runtime_error", "The runtime ended the run without a vector");
  }

  private perform(
    command: Extract<HostCommand, { kind: "run" | "embed" }>,
    members: readonly ActiveMember[],
    promptTokens: number,
  ): ActiveBatch {
    this.refuseIfOver();
    assert(this.active === null && !this.transfers, "a slot runs one batch at a time, and no file is written or read meanwhile");
    this.lastStats = null;
    const batch = new ActiveBatch(members, (promptId, allOfThem) => {
      // While others of its batch go on, nothing is to be waited for.
      if (allOfThem) this.watch.expectAbort();
      this.link.send({ kind: "abort", promptId });
    });
    this.active = batch;
    this.watch.expectFirstToken(promptTokens);
    this.link.send(command);
    batch.started(members);
    return batch;
  }

  /** See CachingHost. Between runs only. */
  async savePrompt(path: string): Promise<WrittenSequence | null> {
    return this.transfer(this.saving, { kind: "save_prompt", path });
  }

  /** See CachingHost. Between runs only. */
  async loadPrompt(path: string, adapter: Adapter | undefined): Promise<boolean> {
    return this.transfer(this.loading, { kind: "load_prompt", path, ...(adapter === undefined ? {} : { adapter }) });
  }

  private async transfer<T>(waiting: Awaited<T>, command: HostCommand): Promise<T> {
    this.refuseIfOver();
    assert(this.active === null && !this.transfers, "the KV cache is saved and loaded between runs, one file at a time");
    const answer = waiting.to(TRANSFER);
    this.watch.expectTransfer();
    this.link.send(command);
    return answer;
  }

  /** A file is being written or read. */
  private get transfers(): boolean {
    return this.saving.size + this.loading.size > 0;
  }

  /** Closes the model in order, a run of it first; the host is ended by force when that takes too long, or when it is still loading. */
  async close(): Promise<void> {
    this.closing = true;
    if (!this.isOpen) this.link.kill();
    else if (this.active !== null) {
      this.active.abortAll();
      await this.active.over;
    }
    if (this.lost === null && this.isOpen) {
      this.watch.expectClose();
      this.link.send({ kind: "close" });
    }
    await this.ended;
  }

  /** It is open, nothing is running, and no file is written or read. */
  get idle(): boolean {
    return this.isOpen && this.lost === null && this.active === null && !this.transfers && !this.closing;
  }

  memory(): SlotMemory | null {
    return this.link.memory();
  }

  /** The library's last words, for error messages and logs. */
  outputTail(): readonly string[] {
    return this.link.outputTail();
  }

  private receive(event: HostEvent): void {
    // A host that was given up may still have been heard of: nobody waits for it any more.
    if (this.lost !== null) return;
    // Text comes down the token line, also while the host's main thread hangs.
    if (event.kind !== "text") this.watch.heard();
    switch (event.kind) {
      case "opened":
        this.isOpen = true;
        this.watch.rest();
        return this.opened.resolve(event.capabilities);
      case "open_failed":
        return void this.failOpening(AppError.fromRecord(event.error));
      case "prepared":
        this.preparing.resolve(event.prompt.promptId, event.prompt);
        return this.settle();
      case "refused":
        this.preparing.refuse(event.promptId, AppError.fromRecord(event.error));
        return this.settle();
      case "inspected":
        this.inspecting.resolve(event.inspectionId, event.answer);
        return this.settle();
      case "inspection_failed":
        this.inspecting.refuse(event.inspectionId, AppError.fromRecord(event.error));
        return this.settle();
      case "vector":
        return this.active?.push(event.promptId, { kind: "vector", vector: floatsOfBase64(event.vector) });
      case "text":
        this.watch.expectNextToken();
        return this.active?.push(event.promptId, { kind: "text", text: event.text, tokens: event.tokens });
      case "ended":
        this.lastStats = event.stats;
        return this.active?.push(event.promptId, { kind: "end", reason: event.reason, stats: event.stats });
      case "run_failed":
        return this.active?.fail(event.promptId, AppError.fromRecord(event.error));
      case "idle":
        this.held = event.held;
        return this.endBatch();
      case "prompt_saved":
        this.saving.resolve(TRANSFER, event.saved);
        return this.settle();
      case "prompt_loaded":
        this.loading.resolve(TRANSFER, event.loaded);
        return this.settle();
      case "abort_called":
        this.abortCalled = true;
        // The host stops by itself what it has enough of.
        if (this.active !== null) this.watch.expectAbort();
        return;
      case "closed":
        return this.link.kill();
      case "pong":
        return;
    }
  }

  private endBatch(): void {
    const { active } = this;
    if (active === null) return;
    this.active = null;
    this.settle();
    active.finish();
  }

  /** What is expected now. The time limit of a run, of a file or of closing stays until that is over. */
  private settle(): void {
    if (this.closing || this.lost !== null || this.active !== null || this.transfers) return;
    this.watch.rest();
    if (this.preparing.size + this.inspecting.size > 0) this.watch.expectAnswer();
  }

  private refuseIfOver(): void {
    if (this.lost !== null) throw this.lost;
    if (this.closing) throw unloading();
  }

  /** The host is there but no use any more: end it, so that a new one can take its place. */
  private giveUp(reason: string): void {
    this.lose(`The engine host of ${this.spec.model.id} was ended: ${reason}`);
    this.link.kill();
  }

  private lose(message: string, how?: string): void {
    if (this.lost !== null) return;
    this.watch.stop();
    const code = !this.isOpen && lacksMemory(this.outputTail(), how) ? "out_of_memory" : "engine_lost";
    this.lost = this.closing ? unloading() : new AppError(code, this.isOpen ? message : withLastWords(message, this.outputTail(), true));
    this.opened.reject(this.lost);
    for (const answers of [this.preparing, this.inspecting, this.saving, this.loading]) answers.refuseAll(this.lost);
    this.active?.lose(this.lost);
    this.active = null;
  }

  /** The host reports why; what its library printed about it may still be on its way, and has come when the host has ended. */
  private async failOpening(error: AppError): Promise<void> {
    this.lost = error;
    this.watch.stop();
    this.link.kill();
    await this.ended;
    const code = error.code === "model_load_failed" && lacksMemory(this.outputTail()) ? "out_of_memory" : error.code;
    this.opened.reject(
      new AppError(code, withLastWords(error.message, this.outputTail(), false), { details: error.details, cause: error }),
    );
  }
}

const unloading = (): AppError => new AppError("shutting_down", "The model is being unloaded");
