/**
 * The engine host: what runs in the child process that owns one open model (or inside the gateway with `--isolation thread`).
 * This is its main thread. It prepares prompts, drains the ring and may call rkllm_abort; the Worker behind `ModelHandle` owns the
 * handle and makes every other native call, so nothing here ever blocks.
 */
import { AppError, assert } from "../core/errors.ts";
import type { PromptRequest } from "../core/runtime.ts";
import { continued } from "./continuation.ts";
import { KvMemory } from "./kv-memory.ts";
import { LaneRunner } from "./lane-runner.ts";
import { ModelHandle } from "./model-handle.ts";
import { type Bridge, compileBridge } from "./native/bridge.ts";
import { idsOfBase64 } from "./number-text.ts";
import { hashedSequence } from "./prefix-hashes.ts";
import type { PackedPrompt, PromptPayload } from "./packed-prompt.ts";
import { createPromptPreparer, type PromptPreparer } from "./prompt-preparer.ts";
import { type HostCommand, type HostEvent, LOADED_MARK, type OpenSpec } from "./protocol.ts";

type WorkCommand = Extract<HostCommand, { kind: "run" | "embed" | "save_prompt" | "load_prompt" }>;

/** The process of a host that has one of its own. */
export interface OwnProcess {
  /** Process id of the gateway, whose end ends this process too. */
  readonly gateway: number;
  /** TOKEN_LINE_FILE. */
  readonly tokenLine: number;
}

/** One model, from open to close. */
export class EngineHost {
  private readonly send: (event: HostEvent) => void;
  private handle: ModelHandle | null = null;
  private preparer: PromptPreparer | null = null;
  private runner: LaneRunner | null = null;
  private hashesPrompts = false;
  private readonly prompts = new Map<number, PackedPrompt>();
  private memory = new KvMemory(1);
  private opening: Promise<unknown> = Promise.resolve();

  private readonly own: OwnProcess | null;

  /**
   * @param send carries an event to the gateway; it must not throw
   * @param own set in a process of its own
   */
  constructor(send: (event: HostEvent) => void, own: OwnProcess | null = null) {
    this.send = send;
    this.own = own;
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
      case "save_prompt":
      case "load_prompt":
        return this.work(command);
      case "abort":
        return this.runner?.abort(command.promptId);
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
      if (this.own !== null) settleIntoProcess(bridge, this.own);
      // The vocabulary loads here while the Worker, on its own thread, loads the weights.
      const opening = ModelHandle.open(spec, bridge, {
        visit: (record) => this.runner?.accept(record),
        drained: () => this.runner?.flush(),
        aborting: () => this.send({ kind: "abort_called" }),
      });
      // A handle that opens after all, though its vocabulary could not be read, is there to be closed.
      this.opening = opening.then(
        (handle) => (this.handle = handle),
        () => {},
      );
      this.memory = new KvMemory(spec.options.lanes, (spec.sequences ?? []).map(idsOfBase64));
      this.hashesPrompts = spec.options.hashesPrompts;
      this.preparer = await createPromptPreparer(spec.model, spec.options.contextTokens);
      const handle = await opening;
      this.runner = new LaneRunner({
        handle,
        options: spec.options,
        pooling: spec.model.pooling,
        abortOnce: spec.findings?.idleAbortEndsNextRun === true,
        readsPromptsWhole: spec.findings?.readsPromptsWhole === true,
        memory: this.memory,
        tells: this.own !== null,
        send: this.send,
        takePrompt: (promptId) => this.takePrompt(promptId),
      });
      if (this.own !== null) bridge.markOutput(LOADED_MARK);
      this.send({ kind: "opened", capabilities: handle.capabilities });
    } catch (thrown) {
      this.send({ kind: "open_failed", error: AppError.from(thrown).toRecord() });
    }
  }

  /** In a process of its own most of this is left to the end of the process; inside the gateway it is all there is. */
  private async close(): Promise<void> {
    await this.opening;
    this.runner?.abortAll();
    // One that fails to close cannot be helped any more.
    await this.handle?.destroy().catch(() => {});
  }

  private prepare(command: Extract<HostCommand, { kind: "prepare" }>): void {
    const { promptId } = command;
    try {
      assert(this.preparer !== null && this.handle !== null, "the model is open before prompts come");
      const { payload, ...facts } = this.preparer.prepare(command);
      const settled = this.asItWasSampled(payload, command);
      const promptTokens = settled.kind === "tokens" ? settled.ids.length : facts.promptTokens;
      const hashed = this.hashesPrompts && settled.kind === "tokens" ? hashedSequence(settled.ids).prefixes : [];
      this.send({ kind: "prepared", prompt: { promptId, ...facts, promptTokens, prefixes: hashed } });
      // While the gateway reads that. What cannot be packed has been refused by now.
      this.prompts.set(promptId, this.handle.pack(settled));
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

  /** An answer that comes back as history keeps the tokens it was sampled in. Ids that the client chose are not history, whatever they spell. */
  private asItWasSampled(payload: PromptPayload, { input, continuedTokensMax }: PromptRequest): PromptPayload {
    const tokenizer = this.preparer?.tokenizer ?? null;
    if (payload.kind === "text" || tokenizer === null || input.kind === "tokens" || continuedTokensMax === undefined) return payload;
    const ids = continued(payload.ids, this.memory.nearest(payload.ids), tokenizer);
    return ids.length > continuedTokensMax ? payload : { kind: "tokens", ids };
  }

  /** Work for the Worker, which does one thing at a time. The gateway waits for the end of each. */
  private async work(command: WorkCommand): Promise<void> {
    try {
      assert(this.runner !== null, "a run comes to an open model");
      switch (command.kind) {
        case "run":
          return await this.runner.run(command);
        case "embed":
          return await this.runner.embed(command);
        case "save_prompt":
          return await this.runner.savePrompt(command.path);
        case "load_prompt":
          return await this.runner.loadPrompt(command.path, command.adapter);
      }
    } catch (thrown) {
      for (const event of failureOf(command, AppError.from(thrown))) this.send(event);
    }
  }

  private takePrompt(promptId: number): PackedPrompt {
    const prompt = this.prompts.get(promptId);
    assert(prompt !== undefined, "a run names a prepared prompt");
    this.prompts.delete(promptId);
    return prompt;
  }
}

/** What the gateway is told of work that could not be done. */
function failureOf(command: WorkCommand, error: AppError): HostEvent[] {
  switch (command.kind) {
    case "run":
    case "embed": {
      const members = command.kind === "run" ? command.members : [command];
      const failed = members.map(({ promptId }) => ({ kind: "run_failed", promptId, error: error.toRecord() }) as const);
      return [...failed, { kind: "idle", held: null }];
    }
    case "save_prompt":
      return [{ kind: "prompt_saved", saved: null }];
    case "load_prompt":
      return [{ kind: "prompt_loaded", loaded: false }];
  }
}

/** The line to the gateway is only noticed broken when this thread is free; the kernel notices always. */
function settleIntoProcess(bridge: Bridge, { gateway, tokenLine }: OwnProcess): void {
  if (!bridge.dieWithParent(gateway)) process.exit(0);
  bridge.raiseOpenFiles();
  bridge.setTokenLine(tokenLine);
}
