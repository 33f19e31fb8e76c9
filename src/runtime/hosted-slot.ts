/**
 * A model's slot as the engine knows it: it outlives its hosts. When a host is lost, the run it was doing fails, and the next call
 * opens a new host and prepares there again what was waiting. A host whose memory has grown too much is replaced between two batches.
 */
import { AppError, assert, cancellation } from "../core/errors.ts";
import {
  answerReserveTokens,
  type Batch,
  type BatchMember,
  type EmbeddingRun,
  type Inspected,
  type Inspection,
  type PreparedPrompt,
  type PromptRequest,
  type RuntimeCapabilities,
  type RuntimeSlot,
  type SlotMemory,
} from "../core/runtime.ts";
import type { Adapter } from "../core/model.ts";
import type { KeepRefusal, KeptPrompt, Refused } from "../core/prompt-cache.ts";
import { ABORTED } from "./active-batch.ts";
import type { HostSession } from "./host-session.ts";
import { LivingHost, type LivingHostOptions } from "./living-host.ts";

/** What a slot is made of. */
export type HostedSlotOptions = LivingHostOptions;

interface WaitingPrompt {
  readonly request: PromptRequest;
  /** The life of the host that holds it. */
  readonly session: HostSession;
  readonly prepared: PreparedPrompt;
}

/** RuntimeSlot over engine hosts. */
export class HostedSlot implements RuntimeSlot {
  private readonly host: LivingHost;
  private readonly prompts = new Map<number, WaitingPrompt>();
  private nextPromptId = 1;
  /** What the last run has left in the KV cache is known. */
  private settled: Promise<void> = Promise.resolve();

  private constructor(options: HostedSlotOptions, over: AbortSignal) {
    this.host = new LivingHost(options, over);
  }

  /**
   * Opens a model.
   * @param signal ends the loading at once, and hurries the closing
   * @throws AppError model_load_failed, runtime_library_missing, engine_lost, …, and what the signal was fired with
   */
  static async open(options: HostedSlotOptions, signal: AbortSignal): Promise<HostedSlot> {
    const slot = new HostedSlot(options, signal);
    const giveUp = () => void slot.close();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      if (signal.aborted) throw cancellation(signal);
      await slot.host.get();
      return slot;
    } catch (thrown) {
      throw signal.aborted ? cancellation(signal) : thrown;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  get capabilities(): RuntimeCapabilities {
    return this.host.capabilities;
  }

  async prepare(request: PromptRequest): Promise<PreparedPrompt> {
    const promptId = this.nextPromptId++;
    const waiting = await this.prepareSomewhere(promptId, request);
    this.prompts.set(promptId, waiting);
    return waiting.prepared;
  }

  discard(promptId: number): void {
    this.prompts.get(promptId)?.session.discard(promptId);
    this.prompts.delete(promptId);
  }

  async run(batch: Batch): Promise<void> {
    // One whose client has gone already takes no part: it might not stop before the end of its prefill.
    const present = batch.members.filter(({ signal }) => !signal.aborted);
    this.host.begin();
    for (const { promptId, signal, reader } of batch.members) {
      if (!signal.aborted) continue;
      this.discard(promptId);
      reader.take(ABORTED);
    }
    try {
      await this.start(batch, present);
    } catch (thrown) {
      for (const { reader } of present) reader.fail(AppError.from(thrown));
    }
    await this.settled;
    this.host.end();
  }

  /** Resolves when they run, unless nobody wants them any more. */
  private async start(batch: Batch, members: readonly BatchMember[]): Promise<void> {
    if (members.length === 0) return;
    const { adapter } = batch;
    const [first, ...others] = await this.promptsToRun(members, adapter, "text");
    assert(first !== undefined, "there are as many prompts as members");
    const { session } = first;
    if (members.every(({ signal }) => signal.aborted)) {
      for (const member of members) {
        session.discard(member.promptId);
        member.reader.take(ABORTED);
      }
      return;
    }
    this.host.refuseIfClosed();
    const prompts = [first, ...others];
    const promptTokens = prompts.reduce((sum, { prepared }) => sum + prepared.promptTokens, 0);
    const over = session.run({ ...batch, members: this.inRoom(members, prompts) }, promptTokens);
    this.settled = over.then(() => this.host.noteHeld(session, adapter));
  }

  keepRefusal(promptTokens?: number): KeepRefusal | null {
    return this.host.keepRefusal(promptTokens);
  }

  async keep(): Promise<KeptPrompt | Refused> {
    return this.host.holding(async () => {
      await this.settled;
      const session = await this.host.get();
      return (await this.host.withFiles(async (keeper) => keeper.keep(session))) ?? { refused: "off" };
    });
  }

  async embed(run: EmbeddingRun, signal: AbortSignal): Promise<Float32Array> {
    if (signal.aborted) {
      this.discard(run.promptId);
      throw cancellation(signal);
    }
    this.host.begin();
    try {
      const [prompt] = await this.promptsToRun([run], run.adapter, "vector");
      assert(prompt !== undefined, "a prompt is taken for its id");
      this.host.refuseIfClosed();
      this.host.noteEmpty();
      return await prompt.session.embed(run, prompt.prepared.promptTokens, signal);
    } finally {
      this.host.end();
    }
  }

  async inspect(question: Inspection): Promise<Inspected> {
    return this.somewhere(async (session) => session.inspect(question));
  }

  memory(): SlotMemory | null {
    const { session } = this.host;
    return session === null || session.lost !== null ? null : session.memory();
  }

  async close(): Promise<void> {
    await this.host.close();
  }

  /** The prompts of a run, in the host that will run them. What they put out of its KV cache is kept, and what is kept of the first is read, as far as that pays. */
  private async promptsToRun(
    members: readonly { readonly promptId: number }[],
    adapter: Adapter | undefined,
    wants: "text" | "vector",
  ): Promise<readonly WaitingPrompt[]> {
    const prompts = await this.takePrompts(members);
    const [first] = prompts;
    if (first === undefined) return prompts;
    // A vector's run empties the KV cache first.
    await this.host.withFiles(async (keeper) => keeper.before(first.session, wants === "vector" ? null : first.prepared, adapter));
    // A file that cost the host its life costs the request nothing else.
    return first.session.lost === null ? prompts : this.prepareAgain(members, prompts);
  }

  /** The prompts of these members, which are used up, all in the living host: theirs may have been lost while they waited. */
  private async takePrompts(members: readonly { readonly promptId: number }[]): Promise<readonly WaitingPrompt[]> {
    const prompts = members.map(({ promptId }) => {
      const prompt = this.prompts.get(promptId);
      this.prompts.delete(promptId);
      assert(prompt !== undefined, "a run names a prepared prompt");
      return prompt;
    });
    const session = await this.host.get();
    return prompts.every((prompt) => prompt.session === session) ? prompts : this.prepareAgain(members, prompts);
  }

  private async prepareAgain(
    members: readonly { readonly promptId: number }[],
    prompts: readonly WaitingPrompt[],
  ): Promise<readonly WaitingPrompt[]> {
    const session = await this.host.get();
    return Promise.all(
      prompts.map(async (prompt, index) => {
        const promptId = members[index]?.promptId ?? 0;
        if (prompt.session === session) return prompt;
        return { ...prompt, session, prepared: await session.prepare(promptId, prompt.request) };
      }),
    );
  }

  /** One that was prepared again may be longer than it was when its limit was set: a new host has not seen how old answers were sampled. */
  private inRoom(members: readonly BatchMember[], prompts: readonly WaitingPrompt[]): readonly BatchMember[] {
    const { contextTokens, contextReserveTokens } = this.capabilities;
    const room = contextTokens - answerReserveTokens(contextReserveTokens);
    return members.map((member, index) => ({
      ...member,
      tokensMax: Math.max(1, Math.min(member.tokensMax, room - (prompts[index]?.prepared.promptTokens ?? 0))),
    }));
  }

  private async prepareSomewhere(promptId: number, request: PromptRequest): Promise<WaitingPrompt> {
    return this.somewhere(async (session) => ({ request, session, prepared: await session.prepare(promptId, request) }));
  }

  /** A host that is lost or replaced meanwhile, through somebody else's run, costs a second try and nothing more. */
  private async somewhere<T>(ask: (session: HostSession) => Promise<T>): Promise<T> {
    const session = await this.host.get();
    try {
      return await ask(session);
    } catch (thrown) {
      if (session.lost === null && session === this.host.session) throw thrown;
      return ask(await this.host.get());
    }
  }
}
