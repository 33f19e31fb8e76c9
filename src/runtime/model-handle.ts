/**
 * An open handle as the host's main thread sees it: the Worker that owns it, the ring its tokens come through, and the one call
 * this thread makes itself, rkllm_abort, because the Worker is blocked in rkllm_run while there is something to abort.
 */
import { AppError, assert } from "../core/errors.ts";
import type { Sampling } from "../core/generation.ts";
import type { Adapter } from "../core/model.ts";
import type { RuntimeCapabilities } from "../core/runtime.ts";
import { abiForVersion } from "./native/abi.ts";
import type { Bridge, Listener, ResultChannel, ResultLanes, WantedRows } from "./native/bridge.ts";
import { type FunctionAddresses, linkAbort, openRuntime } from "./native/open-runtime.ts";
import type { RingRecord } from "./native/ring.ts";
import type { NativeArgument } from "./native/struct-writer.ts";
import type { OpenSpec } from "./protocol.ts";
import { type PackedPrompt, PromptPacker, type PromptPayload } from "./packed-prompt.ts";
import type { LanesCall, WorkerCommand, WorkerEvent } from "./worker-protocol.ts";

/** What one run is started with. */
export interface HandleRun {
  readonly run: number;
  /** What each lane is to work on; null for one that has nothing to do. */
  readonly lanes: readonly (PackedPrompt | null)[];
  readonly tokensMax: number;
  readonly sampling: Sampling;
  readonly adapter?: Adapter;
  /** A file that the library writes what its KV cache holds to. */
  readonly savePath?: string;
  /** Whose tokens go down the token line, by lane; absent: nobody's. */
  readonly listeners?: readonly (Listener | null)[];
}

/** What a handle tells, on this thread. */
export interface HandleEvents {
  /** Gets every record, in order. */
  readonly visit: (record: RingRecord) => void;
  /** After each time records were visited. */
  readonly drained: () => void;
  /** Before rkllm_abort is called for a run for the first time. */
  readonly aborting: () => void;
}

/** Owns the Worker; one run at a time. */
export class ModelHandle {
  readonly capabilities: RuntimeCapabilities;
  /** Whether the library stops a run at its own token limit; otherwise it knows only the one it was opened with. */
  readonly keepsRunLimit: boolean;
  private readonly freesRows: boolean;
  private readonly packer: PromptPacker;
  private readonly worker: Worker;
  private readonly channel: ResultChannel;
  /** Visits what has come and nobody was told of yet. */
  readonly drain: () => void;
  private readonly stopBell: () => void;
  private readonly abortNative: () => void;
  /** The last run asked for; it never rejects. */
  private running: Promise<unknown> = Promise.resolve();
  /** Of the last run asked for. */
  private userdata = 0;
  /** What the present run reads. */
  private input: NativeArgument | null = null;
  private destroying: Promise<void> | null = null;
  private closed = false;
  private aborted = false;
  private readonly aborting: () => void;

  private constructor(parts: {
    capabilities: RuntimeCapabilities;
    keepsRunLimit: boolean;
    freesRows: boolean;
    packer: PromptPacker;
    worker: Worker;
    channel: ResultChannel;
    drain: () => void;
    stopBell: () => void;
    aborting: () => void;
    abortNative: () => void;
  }) {
    this.capabilities = parts.capabilities;
    this.keepsRunLimit = parts.keepsRunLimit;
    this.freesRows = parts.freesRows;
    this.packer = parts.packer;
    this.worker = parts.worker;
    this.channel = parts.channel;
    this.drain = parts.drain;
    this.stopBell = parts.stopBell;
    this.aborting = parts.aborting;
    this.abortNative = parts.abortNative;
  }

  /**
   * Opens the library and the model.
   * @throws AppError model_load_failed, runtime_library_missing, runtime_version_unknown
   */
  static async open(spec: OpenSpec, bridge: Bridge, { visit, drained, aborting }: HandleEvents): Promise<ModelHandle> {
    const abi = abiForVersion(spec.library.version);
    const functions = openRuntime(spec.library, spec.assets, bridge);
    const channel = bridge.createResultChannel();
    const drain = () => {
      channel.ring.drain(visit);
      drained();
    };
    const worker = new Worker(new URL("./worker.ts", import.meta.url).href);
    let handle: number;
    try {
      handle = await initialize(worker, spec, functions, bridge.resultCallback);
    } catch (thrown) {
      worker.terminate();
      channel.free();
      throw thrown;
    }
    const { contextTokens, lanes, cpuCount: threads } = spec.options;
    const { contextReserveTokens } = spec.findings ?? {};
    return new ModelHandle({
      capabilities: {
        version: spec.library.version,
        perRunSampling: abi.perRunSampling,
        contextTokens,
        ...(contextReserveTokens === undefined ? {} : { contextReserveTokens }),
        lanes,
        threads,
      },
      keepsRunLimit: abi.perRunTokensMax,
      freesRows: abi.callbackFree,
      packer: new PromptPacker(abi, spec.options.idleLane),
      worker,
      channel,
      drain,
      stopBell: bridge.onBell(drain),
      aborting,
      abortNative: linkAbort(functions, handle),
    });
  }

  /** Makes a prompt ready to run. Throws AppError invalid_request for a text with a NUL. */
  pack(payload: PromptPayload): PackedPrompt {
    return this.packer.pack(payload);
  }

  /** Runs to the end of the last lane and returns the library's code. What it produced has been visited by then. Throws AppError model_load_failed for an adapter. */
  async run({ listeners = [], lanes, ...run }: HandleRun): Promise<number> {
    this.userdata = this.channel.userdata(run.run, lanesOf(lanes));
    listeners.forEach((listener, lane) => this.channel.listen(this.userdata, lane, listener));
    return this.perform(lanes, { kind: "run", ...run });
  }

  /** Nobody listens to a lane of the present run any more. */
  hush(lane: number): void {
    this.channel.listen(this.userdata, lane, null);
  }

  /** Like `run`, for the vector of a prompt: one of the records visited brings it. */
  async embed(
    { lanes, ...run }: Omit<HandleRun, "tokensMax" | "sampling" | "savePath" | "listeners">,
    from: WantedRows["from"],
  ): Promise<number> {
    this.userdata = this.channel.userdata(run.run, lanesOf(lanes), { from, free: this.freesRows });
    return this.perform(lanes, { kind: "embed", mode: typeof from === "string" ? "lastHiddenLayer" : "logits", ...run });
  }

  /** Makes the KV cache hold what a file does; false: the library did not take it. Throws AppError model_load_failed for an adapter. */
  async loadPrompt(path: string, adapter: Adapter | undefined): Promise<boolean> {
    const loading = ask(this.worker, { kind: "load_prompt", path, ...(adapter === undefined ? {} : { adapter }) });
    this.running = loading.catch(() => {});
    const reply = await loading;
    assert(reply.kind === "prompt_loaded", "the Worker answers what it was asked");
    return reply.code === 0;
  }

  /** A request, not an event: the run goes on until the library heeds it. */
  abort(): void {
    if (this.closed) return;
    if (!this.aborted) this.aborting();
    this.aborted = true;
    this.abortNative();
  }

  /**
   * Destroys the handle once no run is going on, and ends the Worker. The library may hang in it: the caller keeps the time. Safe to
   * call twice.
   */
  async destroy(): Promise<void> {
    return (this.destroying ??= this.destroyOnce());
  }

  private async perform(lanes: HandleRun["lanes"], call: LanesCall): Promise<number> {
    assert(this.input === null, "a handle runs one call at a time");
    this.aborted = false;
    const hasText = lanes.some((prompt) => prompt?.payload.kind === "text");
    // The library reads it until the run is over.
    this.input = this.packer.lanes(lanes);
    const returned = ask(this.worker, { userdata: this.userdata, input: Number(this.input.address), hasText, ...call });
    this.running = returned.catch(() => {});
    const reply = await returned.finally(() => (this.input = null));
    assert(reply.kind === "returned" && reply.run === call.run, "the Worker answers the run it was given");
    this.drain();
    return reply.code;
  }

  private async destroyOnce(): Promise<void> {
    await this.running;
    this.closed = true;
    await ask(this.worker, { kind: "destroy" });
    this.channel.ring.stop();
    this.stopBell();
    this.worker.terminate();
    this.channel.free();
  }
}

function lanesOf(lanes: HandleRun["lanes"]): ResultLanes {
  return { count: lanes.length, idle: lanes.reduce((bits, prompt, lane) => (prompt === null ? bits | (1 << lane) : bits), 0) };
}

/** rkllm_init. Throws AppError model_load_failed, out_of_memory. */
async function initialize(worker: Worker, spec: OpenSpec, functions: FunctionAddresses, resultCallback: number): Promise<number> {
  const reply = await ask(worker, {
    kind: "init",
    version: spec.library.version,
    modelPath: spec.model.path,
    options: spec.options,
    findings: spec.findings ?? {},
    functions,
    resultCallback,
  });
  assert(reply.kind === "initialized", "the Worker answers init");
  // 0 with a NULL handle was seen when NPU memory ran out: success is a handle, not a code.
  if (reply.code === 0 && reply.handle !== 0) return reply.handle;
  throw new AppError(
    reply.code === 0 ? "out_of_memory" : "model_load_failed",
    `The runtime could not load ${spec.model.path} (rkllm_init returned ${reply.code}${reply.code === 0 ? " without a handle" : ""})`,
  );
}

/** One command, one answer. Throws what the Worker's code throws, as an AppError. */
async function ask(worker: Worker, command: WorkerCommand): Promise<WorkerEvent> {
  const { promise, resolve, reject } = Promise.withResolvers<WorkerEvent>();
  worker.onmessage = (message: MessageEvent<WorkerEvent>) => {
    if (message.data.kind === "failed") reject(AppError.fromRecord(message.data.error));
    else resolve(message.data);
  };
  worker.onerror = (error) => reject(new AppError("runtime_error", `The inference thread failed: ${error.message}`));
  worker.postMessage(command);
  return promise;
}
