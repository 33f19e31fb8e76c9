/**
 * The engine host: what runs in the child process that owns one open model (or inside the gateway with `--isolation thread`).
 * This is its main thread. It prepares prompts, drains the ring and may call rkllm_abort; the Worker behind `ModelHandle` owns the
 * handle and makes every other native call, so nothing here ever blocks.
 */
import { AppError, assert } from "../core/errors.ts";
import type { Adapter, Pooling } from "../core/model.ts";
import { continued } from "./continuation.ts";
import { base64OfFloats } from "./float-text.ts";
import { HostBatch } from "./host-batch.ts";
import { HostRun, type RunOutcome } from "./host-run.ts";
import { KvMemory, type Sequence } from "./kv-memory.ts";
import { chooseLanes, commonPrefix } from "./lane-choice.ts";
import { ModelHandle } from "./model-handle.ts";
import { type Bridge, compileBridge } from "./native/bridge.ts";
import { CALL_STATE } from "./native/abi.ts";
import type { RingRecord } from "./native/ring.ts";
import { createPromptPreparer, type PromptPreparer } from "./prompt-preparer.ts";
import { type HostCommand, type HostEvent, LOADED_MARK, type OpenSpec } from "./protocol.ts";
import type { PromptPayload } from "./worker-protocol.ts";

type RunCommand = Extract<HostCommand, { kind: "run" }>;
type EmbedCommand = Extract<HostCommand, { kind: "embed" }>;

/** One model, from open to close. */
export class EngineHost {
  private readonly send: (event: HostEvent) => void;
  private handle: ModelHandle | null = null;
  private preparer: PromptPreparer | null = null;
  private pooling: Pooling = "last";
  private readonly prompts = new Map<number, PromptPayload>();
  private current: HostBatch | null = null;
  private memory = new KvMemory(1);
  /** Sequences of the current batch, by lane: what is sampled is noted in them. */
  private sequences: readonly (Sequence | null)[] = [];
  private runNumber = 0;
  private opening: Promise<unknown> = Promise.resolve();

  private readonly dieWith: number | null;

  /**
   * @param send carries an event to the gateway; it must not throw
   * @param process set in a process of its own: the gateway's process id, whose end ends this process too
   */
  constructor(send: (event: HostEvent) => void, process?: { readonly dieWith: number }) {
    this.send = send;
    this.dieWith = process?.dieWith ?? null;
  }

  /** Takes one command. Never throws: what fails becomes an event. */
  async receive(command: HostCommand): Promise<void> {
    switch (command.kind) {
      case "open":
        return this.open(command.spec);
      case "prepare":
        return this.prepare(command);
      case "discard":
        this.prompts.delete(command.promptId);
        return;
      case "inspect":
        return this.inspect(command);
      case "run":
        return this.run(command);
      case "embed":
        return this.embed(command);
      case "abort":
        return this.current?.abort(command.promptId);
      case "ping":
        return this.send({ kind: "pong" });
      case "close":
        await this.close();
        return this.send({ kind: "closed" });
    }
  }

  private async open(spec: OpenSpec): Promise<void> {
    try {
      const bridge = compileBridge(spec.assets.bridgeSource);
      if (this.dieWith !== null) settleIntoProcess(bridge, this.dieWith);
      // The vocabulary loads here while the Worker, on its own thread, loads the weights.
      const opening = ModelHandle.open(
        spec,
        bridge,
        (record) => this.acceptRecord(record),
        () => this.current?.flush(),
      );
      // A handle that opens after all, though its vocabulary could not be read, is there to be closed.
      this.opening = opening.then(
        (handle) => (this.handle = handle),
        () => {},
      );
      this.pooling = spec.model.pooling;
      this.memory = new KvMemory(spec.options.lanes);
      this.preparer = await createPromptPreparer(spec.model, spec.options.contextTokens);
      const { capabilities } = await opening;
      if (this.dieWith !== null) bridge.markOutput(LOADED_MARK);
      this.send({ kind: "opened", capabilities });
    } catch (thrown) {
      this.send({ kind: "open_failed", error: AppError.from(thrown).toRecord() });
    }
  }

  /** In a process of its own most of this is left to the end of the process; inside the gateway it is all there is. */
  private async close(): Promise<void> {
    await this.opening;
    this.current?.abortAll();
    // One that fails to close cannot be helped any more.
    await this.handle?.destroy().catch(() => {});
  }

  private prepare(command: Extract<HostCommand, { kind: "prepare" }>): void {
    const { promptId } = command;
    try {
      assert(this.preparer !== null, "the model is open before prompts come");
      const { payload, ...facts } = this.preparer.prepare(command);
      const settled = this.asItWasSampled(payload);
      this.prompts.set(promptId, settled);
      const promptTokens = settled.kind === "tokens" ? settled.ids.length : facts.promptTokens;
      this.send({ kind: "prepared", prompt: { promptId, ...facts, promptTokens } });
    } catch (thrown) {
      this.send({ kind: "refused", promptId, error: AppError.from(thrown).toRecord() });
    }
  }

  private inspect({ inspectionId, question }: Extract<HostCommand, { kind: "inspect" }>): void {
    try {
      assert(this.preparer !== null, "the model is open before questions come");
      this.send({ kind: "inspected", inspectionId, answer: this.preparer.inspect(question) });
    } catch (thrown) {
      this.send({ kind: "inspection_failed", inspectionId, error: AppError.from(thrown).toRecord() });
    }
  }

  /** An answer that comes back as history keeps the tokens it was sampled in. */
  private asItWasSampled(payload: PromptPayload): PromptPayload {
    const tokenizer = this.preparer?.tokenizer ?? null;
    if (payload.kind === "text" || tokenizer === null) return payload;
    return { kind: "tokens", ids: continued(payload.ids, this.memory.nearest(payload.ids), tokenizer) };
  }

  private async run(command: RunCommand): Promise<void> {
    const handle = this.idleHandle();
    const { members, sampling } = command;
    const adapter = adapterKey(command.adapter);
    const payloads = members.map(({ promptId }) => this.takePrompt(promptId));
    const held = this.memory.lanes(adapter);
    const chosen = chooseLanes(payloads.map(idsOf), held);
    const inLanes = held.map(({ held: ids }, lane) => {
      const index = chosen.indexOf(lane);
      const payload = payloads[index];
      const member = members[index];
      return payload === undefined || member === undefined
        ? null
        : { payload, member, common: commonPrefix(idsOf(payload) ?? NO_IDS, ids) };
    });
    const tokensMax = Math.max(...members.map((member) => member.tokensMax));
    const runs = inLanes.map(
      (lane) =>
        lane &&
        new HostRun({
          promptId: lane.member.promptId,
          wants: "text",
          tokensMax: lane.member.tokensMax,
          newPromptTokens: (idsOf(lane.payload)?.length ?? 0) - lane.common,
          // The library knows one limit for the whole batch: that of the member that may say most.
          limitKeptByRuntime: handle.keepsRunLimit && lane.member.tokensMax === tokensMax,
        }),
    );
    this.sequences = inLanes.map((lane, index) => {
      const ids = lane === null ? null : idsOf(lane.payload);
      return ids === null ? null : this.memory.begin(index, ids, adapter);
    });
    const lanes = inLanes.map((lane) => lane?.payload ?? null);
    await this.perform(
      runs,
      (run) => handle.run({ run, lanes, tokensMax, sampling, ...adapterOf(command) }),
      () => handle.abort(),
    );
  }

  /** Alone, in the first lane: the KV cache is emptied for it. */
  private async embed(command: EmbedCommand): Promise<void> {
    const handle = this.idleHandle();
    const payload = this.takePrompt(command.promptId);
    const run = new HostRun({
      promptId: command.promptId,
      wants: "vector",
      tokensMax: 1,
      newPromptTokens: idsOf(payload)?.length ?? 0,
      // Without an answer to make, the library stops by itself.
      limitKeptByRuntime: handle.keepsRunLimit || command.logitsOf === undefined,
    });
    this.memory.forget();
    const idle = this.memory.lanes("").map(() => null);
    const from = command.logitsOf === undefined ? this.pooling : { logitsOf: command.logitsOf };
    const embed = async (number: number) => handle.embed({ run: number, lanes: [payload, ...idle.slice(1)], ...adapterOf(command) }, from);
    await this.perform([run, ...idle.slice(1)], embed, () => handle.abort());
  }

  private async perform(lanes: readonly (HostRun | null)[], start: (run: number) => Promise<number>, abort: () => void): Promise<void> {
    const batch = new HostBatch(
      ++this.runNumber,
      lanes,
      { onText: (run) => this.sendText(run), onEnd: (run, outcome) => this.sendEnd(run, outcome) },
      abort,
    );
    this.current = batch;
    await start(batch.run).then(
      (code) => batch.returned(code),
      (thrown: unknown) => batch.failed(AppError.from(thrown)),
    );
    this.current = null;
    this.sequences = [];
    this.send({ kind: "idle" });
  }

  private idleHandle(): ModelHandle {
    assert(this.handle !== null && this.current === null, "a run comes to an idle, open model");
    return this.handle;
  }

  private takePrompt(promptId: number): PromptPayload {
    const payload = this.prompts.get(promptId);
    assert(payload !== undefined, "a run names a prepared prompt");
    this.prompts.delete(promptId);
    return payload;
  }

  private acceptRecord(record: RingRecord): void {
    if (this.current?.run !== record.run) return;
    if (record.tokenId >= 0 && record.state <= CALL_STATE.waiting) this.sequences[record.member]?.push(record.tokenId);
    this.current.accept(record);
  }

  private sendText(run: HostRun): void {
    const batch = run.takeText();
    if (batch !== null) this.send({ kind: "text", promptId: run.promptId, text: batch.text, tokens: batch.tokens });
  }

  private sendEnd({ promptId, vector }: HostRun, outcome: RunOutcome): void {
    if (outcome.kind === "ended" && vector !== null) this.send({ kind: "vector", promptId, vector: base64OfFloats(vector) });
    if (outcome.kind === "failed") this.send({ kind: "run_failed", promptId, error: outcome.error });
    else this.send({ kind: "ended", promptId, reason: outcome.reason, stats: outcome.stats });
  }
}

const NO_IDS = new Int32Array(0);

function idsOf(payload: PromptPayload): Int32Array | null {
  return payload.kind === "tokens" ? payload.ids : null;
}

function adapterOf({ adapter }: { readonly adapter?: Adapter }): { readonly adapter?: Adapter } {
  return adapter === undefined ? {} : { adapter };
}

/** What is in the KV cache was computed with these weights. */
function adapterKey(adapter: Adapter | undefined): string {
  return adapter === undefined ? "" : JSON.stringify([adapter.path, adapter.scale, adapter.edition]);
}

/** The line to the gateway is only noticed broken when this thread is free; the kernel notices always. */
function settleIntoProcess(bridge: Bridge, gateway: number): void {
  if (!bridge.dieWithParent(gateway)) process.exit(0);
  bridge.raiseOpenFiles();
}
