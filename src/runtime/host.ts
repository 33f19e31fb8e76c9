/**
 * The engine host: what runs in the child process that owns one open model (or inside the gateway with `--isolation thread`).
 * This is its main thread. It prepares prompts, drains the ring and may call rkllm_abort; the Worker behind `ModelHandle` owns the
 * handle and makes every other native call, so nothing here ever blocks.
 */
import { AppError, assert } from "../core/errors.ts";
import type { Pooling } from "../core/model.ts";
import { base64OfFloats } from "./float-text.ts";
import { HostRun } from "./host-run.ts";
import { ModelHandle } from "./model-handle.ts";
import { type Bridge, compileBridge } from "./native/bridge.ts";
import type { RingRecord } from "./native/ring.ts";
import { createPromptPreparer, type PromptPreparer } from "./prompt-preparer.ts";
import type { HostCommand, HostEvent, OpenSpec } from "./protocol.ts";
import type { PromptPayload } from "./worker-protocol.ts";

type RunCommand = Extract<HostCommand, { kind: "run" | "embed" }>;

/** One model, from open to close. */
export class EngineHost {
  private readonly send: (event: HostEvent) => void;
  private handle: ModelHandle | null = null;
  private preparer: PromptPreparer | null = null;
  private pooling: Pooling = "last";
  private readonly prompts = new Map<number, PromptPayload>();
  private current: HostRun | null = null;
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
      case "embed":
        return this.run(command);
      case "abort":
        if (this.current?.promptId === command.promptId) this.current.requestAbort();
        return;
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
        () => this.flushText(),
      );
      // A handle that opens after all, though its vocabulary could not be read, is there to be closed.
      this.opening = opening.then(
        (handle) => (this.handle = handle),
        () => {},
      );
      this.pooling = spec.model.pooling;
      this.preparer = await createPromptPreparer(spec.model, spec.options.contextTokens);
      const { capabilities } = await opening;
      this.send({ kind: "opened", capabilities });
    } catch (thrown) {
      this.send({ kind: "open_failed", error: AppError.from(thrown).toRecord() });
    }
  }

  /** In a process of its own most of this is left to the end of the process; inside the gateway it is all there is. */
  private async close(): Promise<void> {
    await this.opening;
    this.current?.requestAbort();
    // One that fails to close cannot be helped any more.
    await this.handle?.destroy().catch(() => {});
  }

  private prepare(command: Extract<HostCommand, { kind: "prepare" }>): void {
    const { promptId } = command;
    try {
      assert(this.preparer !== null, "the model is open before prompts come");
      const { payload, ...facts } = this.preparer.prepare(command);
      this.prompts.set(promptId, payload);
      this.send({ kind: "prepared", prompt: { promptId, ...facts } });
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

  private async run(command: RunCommand): Promise<void> {
    const { promptId } = command;
    const payload = this.prompts.get(promptId);
    this.prompts.delete(promptId);
    const handle = this.handle;
    assert(payload !== undefined && handle !== null && this.current === null, "a run names a prepared prompt of an idle, open model");
    const run = new HostRun({
      promptId,
      run: ++this.runNumber,
      wants: command.kind === "run" ? "text" : "vector",
      tokensMax: command.kind === "run" ? command.tokensMax : 1,
      // Without an answer to make, the library stops by itself.
      limitKeptByRuntime: handle.keepsRunLimit || (command.kind === "embed" && command.logitsOf === undefined),
      abort: () => handle.abort(),
    });
    this.current = run;
    const common = { run: run.run, payload, ...(command.adapter === undefined ? {} : { adapter: command.adapter }) };
    const returned =
      command.kind === "run"
        ? handle.run({ ...common, tokensMax: command.tokensMax, sampling: command.sampling })
        : handle.embed(common, command.logitsOf === undefined ? this.pooling : { logitsOf: command.logitsOf });
    const outcome = await returned.then(
      (code) => run.finish(code),
      (thrown: unknown) => run.fail(AppError.from(thrown)),
    );
    this.current = null;
    this.sendText(run);
    if (outcome.kind === "ended" && run.vector !== null) this.send({ kind: "vector", promptId, vector: base64OfFloats(run.vector) });
    if (outcome.kind === "failed") this.send({ kind: "run_failed", promptId, error: outcome.error });
    else this.send({ kind: "ended", promptId, reason: outcome.reason, stats: outcome.stats });
  }

  private acceptRecord(record: RingRecord): void {
    // A stale token of an earlier run (seen after aborts) belongs to nobody any more.
    if (this.current?.run === record.run) this.current.accept(record);
  }

  /** After each drain: several tokens that came together travel together. */
  private flushText(): void {
    if (this.current !== null) this.sendText(this.current);
  }

  private sendText(run: HostRun): void {
    const batch = run.takeText();
    if (batch !== null) this.send({ kind: "text", promptId: run.promptId, text: batch.text, tokens: batch.tokens });
  }
}

/** The line to the gateway is only noticed broken when this thread is free; the kernel notices always. */
function settleIntoProcess(bridge: Bridge, gateway: number): void {
  if (!bridge.dieWithParent(gateway)) process.exit(0);
  bridge.raiseOpenFiles();
}
