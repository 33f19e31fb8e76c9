/**
 * One life of an engine host, from launch to end, as the gateway sees it: what was asked and is not answered yet, the run that is
 * going on, and the watch over both. When the host ends or is given up, everything pending fails at once with one clear error.
 */
import { AppError, assert } from "../core/errors.ts";
import type { GenerationInput, ReasoningChoice } from "../core/generation.ts";
import type { Run, RunStats, RuntimeCapabilities, TokenEvent } from "../core/runtime.ts";
import { EventQueue } from "./event-queue.ts";
import type { HostLink, LaunchHost } from "./host-link.ts";
import { HostWatch, type HostLimits } from "./host-watch.ts";
import type { HostEvent, OpenSpec } from "./protocol.ts";

interface ActiveRun {
  readonly promptId: number;
  readonly queue: EventQueue<TokenEvent>;
  aborting: boolean;
  readonly over: PromiseWithResolvers<void>;
}

const NO_STATS: RunStats = { prefillTokens: 0, prefillMs: 0, decodeTokens: 0, decodeMs: 0, memoryMb: 0 };

/** A prompt as it waits for its run. */
export interface PromptRequest {
  readonly input: GenerationInput;
  readonly reasoning: ReasoningChoice;
}

/** One started host with one open model. */
export class HostSession {
  /** Why this life is over; null while it goes on. */
  lost: AppError | null = null;
  private readonly spec: OpenSpec;
  private readonly link: HostLink;
  private readonly watch: HostWatch;
  private readonly opened = Promise.withResolvers<RuntimeCapabilities>();
  private readonly preparing = new Map<number, PromiseWithResolvers<number>>();
  private active: ActiveRun | null = null;
  private closing = false;

  constructor(spec: OpenSpec, launch: LaunchHost, limits: HostLimits) {
    this.spec = spec;
    this.opened.promise.catch(() => {});
    this.watch = new HostWatch(limits, {
      ping: () => this.link.send({ kind: "ping" }),
      giveUp: (reason) => this.giveUp(reason),
    });
    this.link = launch((event) => this.receive(event));
    void this.link.ended.then((how) => this.lose(`The engine host of ${spec.model.id} ended unexpectedly (${how})`));
  }

  /** Opens the model. Throws AppError model_load_failed, engine_lost, and what the host reports. */
  async open(): Promise<RuntimeCapabilities> {
    this.watch.expectOpen();
    this.link.send({ kind: "open", spec: this.spec });
    return this.opened.promise;
  }

  /** Tokens of the rendered prompt, which now waits in the host under `promptId`. */
  async prepare(promptId: number, prompt: PromptRequest): Promise<number> {
    if (this.lost !== null) throw this.lost;
    const answer = Promise.withResolvers<number>();
    this.preparing.set(promptId, answer);
    this.watch.expectAnswer();
    this.link.send({ kind: "prepare", promptId, ...prompt });
    return answer.promise;
  }

  discard(promptId: number): void {
    if (this.lost === null) this.link.send({ kind: "discard", promptId });
  }

  /** See RuntimeSlot.run. The iteration is over only when the library has stopped, or the host has ended. */
  async *run(run: Run, promptTokens: number, signal: AbortSignal): AsyncGenerator<TokenEvent, void, undefined> {
    if (this.lost !== null) throw this.lost;
    assert(this.active === null, "a slot runs one prompt at a time");
    const active: ActiveRun = { promptId: run.promptId, queue: new EventQueue(), aborting: false, over: Promise.withResolvers() };
    this.active = active;
    const abort = () => this.abort(active);
    signal.addEventListener("abort", abort, { once: true });
    this.watch.expectFirstToken(promptTokens);
    this.link.send({ kind: "run", ...run });
    if (signal.aborted) abort();
    try {
      yield* active.queue;
    } finally {
      signal.removeEventListener("abort", abort);
      this.abort(active);
      await active.over.promise;
    }
  }

  /** Closes the model in order; the host is ended by force when that takes too long. */
  async close(): Promise<void> {
    if (this.lost === null) {
      this.closing = true;
      this.watch.expectClose();
      this.link.send({ kind: "close" });
    }
    await this.link.ended;
  }

  /** The library's last words, for error messages and logs. */
  outputTail(): readonly string[] {
    return this.link.outputTail();
  }

  private receive(event: HostEvent): void {
    this.watch.heard();
    switch (event.kind) {
      case "opened":
        this.watch.rest();
        return this.opened.resolve(event.capabilities);
      case "open_failed":
        this.watch.rest();
        return this.failOpening(AppError.fromRecord(event.error));
      case "prepared":
        return this.answer(event.promptId)?.resolve(event.promptTokens);
      case "refused":
        return this.answer(event.promptId)?.reject(AppError.fromRecord(event.error));
      case "text":
        this.watch.expectNextToken();
        return this.active?.queue.push({ kind: "text", text: event.text, tokens: event.tokens });
      case "ended":
        this.active?.queue.push({ kind: "end", reason: event.reason, stats: event.stats });
        return this.endRun(null);
      case "run_failed":
        return this.endRun(AppError.fromRecord(event.error));
      case "closed":
        return this.link.kill();
      case "pong":
        return;
    }
  }

  private abort(active: ActiveRun): void {
    if (this.active !== active || active.aborting) return;
    active.aborting = true;
    this.watch.expectAbort();
    this.link.send({ kind: "abort", promptId: active.promptId });
  }

  private endRun(error: AppError | null): void {
    const active = this.active;
    if (active === null) return;
    this.active = null;
    if (this.preparing.size === 0) this.watch.rest();
    else this.watch.expectAnswer();
    if (error === null) active.queue.end();
    else active.queue.fail(error);
    active.over.resolve();
  }

  private answer(promptId: number): PromiseWithResolvers<number> | undefined {
    const answer = this.preparing.get(promptId);
    this.preparing.delete(promptId);
    if (this.preparing.size === 0 && this.active === null) this.watch.rest();
    return answer;
  }

  /** The host is there but no use any more: end it, so that a new one can take its place. */
  private giveUp(reason: string): void {
    this.lose(`The engine host of ${this.spec.model.id} was ended: ${reason}`);
    this.link.kill();
  }

  private lose(message: string): void {
    if (this.lost !== null) return;
    this.watch.stop();
    this.lost = this.closing ? new AppError("shutting_down", "The model is being unloaded") : new AppError("engine_lost", message);
    this.opened.reject(this.lost);
    for (const answer of this.preparing.values()) answer.reject(this.lost);
    this.preparing.clear();
    // A run that was being aborted has lost nothing its reader still wants.
    if (this.active?.aborting === true) {
      this.active.queue.push({ kind: "end", reason: "aborted", stats: NO_STATS });
      this.endRun(null);
    } else this.endRun(this.lost);
  }

  private failOpening(error: AppError): void {
    const said = this.outputTail().filter((line) => /^E |error|fail/i.test(line));
    const message = said.length === 0 ? error.message : `${error.message}. It said: ${said.slice(-3).join(" | ")}`;
    this.lost = new AppError(error.code, message, { details: error.details, cause: error });
    this.watch.stop();
    this.opened.reject(this.lost);
    this.link.kill();
  }
}
