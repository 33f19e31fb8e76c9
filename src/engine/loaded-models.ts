/** The models that are loaded, with the line of those who want each, and the ways to load one and to be rid of it. */
import type { Catalog } from "../catalog/catalog.ts";
import { AppError } from "../core/errors.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { type Observer, UNOBSERVED, type WorkObserver } from "../core/observation.ts";
import type { RuntimeSlot } from "../core/runtime.ts";
import { type Lease, Residency, type Residence } from "../scheduler/residency.ts";
import type { Closable } from "../scheduler/resident.ts";
import type { DevicePermit } from "../scheduler/run-permits.ts";
import { TurnQueue } from "../scheduler/turn-queue.ts";
import { type Line, Lines } from "./lines.ts";
import type { LoadingModel, LoadOptions, ModelStatus } from "./engine.ts";
import { estimateMemoryBytes, estimateNpuBytes } from "./memory-estimate.ts";
import { openedKey, openedModel } from "./opened-model.ts";
import { type GenerationDefaults, resolveSampling } from "./resolve-options.ts";

/** What models are loaded with. The figures are read whenever they matter: they may change meanwhile. */
export interface LoadedModelsOptions {
  readonly catalog: Catalog;
  /** Opens a model, with sampling that is resolved. Throws AppError model_load_failed, out_of_memory and the like, and at once when the signal fires. */
  readonly openSlot: (model: ModelDescriptor, defaults: GenerationDefaults, signal: AbortSignal) => Promise<RuntimeSlot>;
  readonly defaultsOf: (model: ModelDescriptor) => Promise<GenerationDefaults>;
  /** The context that a model is opened with, tokens; absent: as long as its file allows. */
  readonly contextTokensOf?: (model: ModelDescriptor) => number;
  /** How many copies of a model are opened side by side, and how many KV caches each has; absent: 1. */
  readonly slotsOf?: (model: ModelDescriptor) => number;
  readonly lanesOf?: (model: ModelDescriptor) => number;
  /** The domain of the NPU's memory where a model begins; absent: 0. */
  readonly npuDomainOf?: (model: ModelDescriptor) => number;
  /** Requests that may wait for one model, loading or loaded. */
  readonly queueDepthMax: number;
  /** How long a request may wait for its model's place and its turn, ms; Infinity: as long as its client does. */
  readonly queueWaitMaxMs: number;
  /** How long a turn may be held back for others to join it, ms. */
  readonly batchWindowMs: number;
  /** What a slot asks for leave to use the machine. Absent, null: nobody has to ask. */
  readonly permitFor?: (model: ModelDescriptor) => DevicePermit | null;
  readonly modelsLoadedMax: number;
  /** How long an unused model stays loaded where no request said otherwise; Infinity: until its place is needed. */
  readonly keepAliveMs: number;
  /** What all models may take together; null: what the system has to give. */
  readonly memoryBudgetBytes: number | null;
  /** What the system has to give now; null where it does not tell. */
  readonly availableMemoryBytes: () => number | null;
  /** Absent: nobody is told of anything. */
  readonly observer?: Observer;
}

/** A model that is loaded, and the line of those who want it, with an adapter or without. */
export interface LoadedModel extends Closable {
  /** Never one with an adapter. */
  readonly model: ModelDescriptor;
  readonly lines: Lines;
  /** As they were written, so that a request can take its part of them: see resolveSampling. */
  readonly defaults: GenerationDefaults;
}

/** Who asks for a model, and how. */
export interface Asking {
  readonly stay?: LoadOptions;
  /** A key or an address; absent: those whom nobody named are one client. */
  readonly client?: string | undefined;
  readonly work?: WorkObserver;
  /** See Catalog.resolve. */
  readonly sinceMs?: number | undefined;
}

/** A hold on a loaded model for the one that was asked for, which may be the loaded one with an adapter. */
export interface Hold extends Lease<LoadedModel> {
  readonly model: ModelDescriptor;
}

/** A hold on what is likely to be asked for. */
export interface LikelyHold {
  readonly hold: Promise<Hold>;
  /** Resolves with whether it was asked for indeed; never rejects. */
  readonly isRight: Promise<boolean>;
}

/** Loads models as they are asked for. */
export class LoadedModels {
  private readonly options: LoadedModelsOptions;
  private readonly residency: Residency<LoadedModel>;

  constructor(options: LoadedModelsOptions) {
    this.options = options;
    this.residency = new Residency<LoadedModel>({
      get countMax() {
        return options.modelsLoadedMax;
      },
      get keepAliveMs() {
        return options.keepAliveMs;
      },
      get waitingMax() {
        return options.queueDepthMax;
      },
      get waitMaxMs() {
        return options.queueWaitMaxMs;
      },
      memory: { budgetBytes: () => options.memoryBudgetBytes, availableBytes: options.availableMemoryBytes },
    });
  }

  /**
   * The model a name stands for, loaded, and held until the lease is released.
   * @throws AppError model_not_found, model_not_runnable, queue_full, queue_timeout, out_of_memory, and what opening it throws
   */
  async hold(name: string, asking: Asking, signal: AbortSignal): Promise<Hold> {
    return this.holdModel(await this.options.catalog.resolve(name, asking.sinceMs), asking, signal);
  }

  /**
   * A hold on the model that the name stood for when the folders were looked at last, where that one is loaded: to look again takes as long as to
   * prepare a prompt, and seldom finds something else. null: it is not loaded.
   */
  likelyHold(name: string, asking: Asking, signal: AbortSignal): LikelyHold | null {
    const recalled = this.options.catalog.recall(name, asking.sinceMs);
    if (recalled === null || !this.residency.has(residentOf(openedModel(recalled.model)))) return null;
    return { hold: this.holdModel(recalled.model, asking, signal), isRight: recalled.holds };
  }

  private async holdModel(model: ModelDescriptor, { stay = {}, client = "", work }: Asking, signal: AbortSignal): Promise<Hold> {
    if (model.unrunnableReason !== undefined) {
      throw new AppError("model_not_runnable", `The model ${model.id} cannot run here: ${model.unrunnableReason}`);
    }
    const base = openedModel(model);
    work?.resolved(model, base.id);
    const memoryOf = (wanted: ModelDescriptor): number => this.memoryOf(wanted);
    const lease = await this.residency.acquire(
      {
        ...residentOf(base),
        name: base.id,
        askedAs: model.id,
        client,
        // Asked for when there is something to load, which is seldom.
        get memoryBytes() {
          return memoryOf(base);
        },
        ...(base.format === "rkllm"
          ? { npu: { domain: this.options.npuDomainOf?.(base) ?? 0, bytes: estimateNpuBytes(base) * this.slotsOf(base) } }
          : {}),
        stay,
        load: async (over) => this.observedOpen(base, over),
        // The CPU has room for one that opens beside those that run.
        ...(base.format === "rkllm" ? { leave: async (over) => this.options.permitFor?.(base)?.takeAside(over) ?? (() => {}) } : {}),
      },
      signal,
    );
    work?.loaded();
    return { ...lease, model };
  }

  /** See Engine.load. */
  async load(name: string, options: LoadOptions, signal: AbortSignal): Promise<ModelStatus> {
    const { value, release } = await this.hold(name, { stay: options }, signal);
    release();
    const loaded = [...this.residency.loaded()].find((each) => each.value === value);
    return statusOf(loaded ?? { askedAs: value.model.id, memoryBytes: 0, value, pinned: false, expiresAtMs: 0, loadedAtMs: 0 });
  }

  /** See Engine.unload. */
  async unload(name: string): Promise<boolean> {
    return this.residency.unload(openedKey(openedModel(await this.options.catalog.resolve(name))));
  }

  /** What is loaded, in the order it was loaded. */
  status(): readonly ModelStatus[] {
    return [...this.residency.loaded()].map(statusOf);
  }

  /** What is being loaded, in the order it was begun. */
  loading(): readonly LoadingModel[] {
    return [...this.residency.loading()].map(({ askedAs, memoryBytes, expiresAtMs }) => ({ id: askedAs, memoryBytes, expiresAtMs }));
  }

  async close(): Promise<void> {
    await this.residency.close();
  }

  private async observedOpen(model: ModelDescriptor, signal: AbortSignal): Promise<LoadedModel> {
    const { observer = UNOBSERVED } = this.options;
    const startedMs = performance.now();
    try {
      const loaded = await this.open(model, signal);
      observer.opened(model.id, performance.now() - startedMs, null);
      return loaded;
    } catch (thrown) {
      observer.opened(model.id, performance.now() - startedMs, AppError.from(thrown));
      throw thrown;
    }
  }

  private async open(model: ModelDescriptor, signal: AbortSignal): Promise<LoadedModel> {
    const defaults = await this.options.defaultsOf(model);
    const lines = await this.openLines(model, defaults, signal);
    return {
      model,
      lines,
      defaults,
      // The CPU runtime maps its file; what Rockchip's library maps is taken from the NPU's memory.
      cachedBytes: () => (model.format === "gguf" ? (lines.memory()?.fileBytes ?? 0) : 0),
      close: async () => lines.close(),
    };
  }

  /** One after another: they would only take the storage from one another. When one cannot be opened, none stays. */
  private async openLines(model: ModelDescriptor, defaults: GenerationDefaults, signal: AbortSignal): Promise<Lines> {
    const opened = { ...defaults, sampling: resolveSampling({}, defaults.sampling) };
    const openLine = async (): Promise<Line> => {
      const slot = await this.options.openSlot(model, opened, signal);
      return { slot, queue: this.queueOf(model, slot) };
    };
    const lines: [Line, ...Line[]] = [await openLine()];
    try {
      while (lines.length < this.slotsOf(model)) lines.push(await openLine());
    } catch (thrown) {
      await new Lines(lines).close();
      throw thrown;
    }
    return new Lines(lines);
  }

  private slotsOf(model: ModelDescriptor): number {
    return this.options.slotsOf?.(model) ?? 1;
  }

  private memoryOf(model: ModelDescriptor): number {
    const contextTokens = this.options.contextTokensOf?.(model) ?? model.contextTokensMax;
    const copies = this.slotsOf(model);
    return estimateMemoryBytes(model, { contextTokens, copies, lanes: this.options.lanesOf?.(model) ?? 1 });
  }

  private queueOf(model: ModelDescriptor, slot: RuntimeSlot): TurnQueue {
    const { options } = this;
    const { observer = UNOBSERVED } = options;
    const permit = options.permitFor?.(model) ?? null;
    return new TurnQueue({
      get depthMax() {
        return options.queueDepthMax;
      },
      get waitMaxMs() {
        return options.queueWaitMaxMs;
      },
      get windowMs() {
        return options.batchWindowMs;
      },
      lanes: slot.capabilities.lanes,
      start: (members, terms) => {
        observer.batch(model.id, members.length);
        return slot.run({ ...terms, members });
      },
      ...(permit === null ? {} : { permit }),
    });
  }
}

/** A file that was replaced is another model: it is loaded once the old one is out of use. */
function residentOf(base: ModelDescriptor): { readonly key: string; readonly edition: string } {
  return { key: openedKey(base), edition: `${base.bytes} ${base.modifiedMs}` };
}

function statusOf({ askedAs, value, pinned, expiresAtMs, loadedAtMs }: Residence<LoadedModel>): ModelStatus {
  const { model, lines } = value;
  const { contextTokens, lanes, threads, version } = lines.first.slot.capabilities;
  return {
    id: askedAs,
    baseId: model.id,
    bytes: model.bytes,
    memoryBytes: lines.memory()?.residentBytes ?? null,
    slots: lines.all.length,
    lanes,
    threads,
    contextTokens,
    runtimeVersion: version,
    running: lines.busy,
    queued: lines.waiting,
    full: lines.full,
    pinned,
    expiresAtMs,
    loadedAtMs,
  };
}
