/** The straight line from a request to its answer: resolve, load, take a place, prepare, check, wait, run, understand. */
import type { Catalog } from "../catalog/catalog.ts";
import { AppError, cancellation } from "../core/errors.ts";
import { type GenerationRequest, SAMPLING_NAMES } from "../core/generation.ts";
import type { ModelDescriptor } from "../core/model.ts";
import type { Inspection, PreparedPrompt, RuntimeSlot } from "../core/runtime.ts";
import { type Lease, Residency } from "../scheduler/residency.ts";
import { TurnQueue } from "../scheduler/turn-queue.ts";
import { answer } from "./answer.ts";
import { embedBatch, type EmbeddingRequest, type Embeddings } from "./embed.ts";
import { demandOf } from "./demand.ts";
import { FactsReader } from "./model-facts.ts";
import { readModelMetadata } from "./model-metadata.ts";
import type { Engine, Generation, InspectionAnswer, LoadOptions, ModelStatus } from "./engine.ts";
import { promptRequest } from "./prompt-request.ts";
import { rerank, type Ranking, type RerankRequest } from "./rerank.ts";
import { type GenerationDefaults, resolveSampling, resolveTokensMax, samplingMismatch } from "./resolve-options.ts";

/** What an engine works with. */
export interface EngineOptions {
  readonly catalog: Catalog;
  /** Opens a model. Throws AppError model_load_failed and the like, and at once when the signal fires. */
  readonly openSlot: (model: ModelDescriptor, defaults: GenerationDefaults, signal: AbortSignal) => Promise<RuntimeSlot>;
  readonly defaultsOf: (model: ModelDescriptor) => Promise<GenerationDefaults>;
  /** The context that a model is opened with, tokens; absent: as long as its file allows. */
  readonly contextTokensOf?: (model: ModelDescriptor) => number;
  /** Requests that may wait for one model. */
  readonly queueDepthMax: number;
  readonly modelsLoadedMax: number;
  /** How long an unused model stays loaded; Infinity: until its place is needed. */
  readonly keepAliveMs: number;
  /** What a runtime with fixed sampling does with a request that wants other values. */
  readonly samplingMismatch: "run" | "refuse";
  /** How often an answer that is not in the form it must have is asked for again. */
  readonly answerRetriesMax: number;
}

/** A model that is loaded, and the line of those who want it, with an adapter or without. */
interface LoadedModel {
  /** Never one with an adapter. */
  readonly model: ModelDescriptor;
  readonly slot: RuntimeSlot;
  readonly queue: TurnQueue;
  readonly defaults: GenerationDefaults;
  close(): Promise<void>;
}

/** A hold on a loaded model for the one that was asked for, which may be the loaded one with an adapter. */
interface Hold extends Lease<LoadedModel> {
  readonly model: ModelDescriptor;
}

/** Builds the engine. */
export function createEngine(options: EngineOptions): Engine {
  const startedMs = performance.now();
  const residency = new Residency<LoadedModel>({ countMax: options.modelsLoadedMax, keepAliveMs: options.keepAliveMs });
  const closing = new AbortController();
  const facts = new FactsReader(options.contextTokensOf ?? ((model) => model.contextTokensMax));

  async function load(model: ModelDescriptor, signal: AbortSignal): Promise<LoadedModel> {
    const defaults = await options.defaultsOf(model);
    const loadedDefaults = { ...defaults, sampling: resolveSampling({}, defaults.sampling) };
    const slot = await options.openSlot(model, loadedDefaults, signal);
    return { model, slot, queue: new TurnQueue(options.queueDepthMax), defaults: loadedDefaults, close: async () => slot.close() };
  }

  /** The model a name stands for, loaded, and held until the lease is released. */
  async function hold(name: string, signal: AbortSignal): Promise<Hold> {
    const model = await options.catalog.resolve(name);
    if (model.unrunnableReason !== undefined) {
      throw new AppError("model_not_runnable", `The model ${model.id} cannot run here: ${model.unrunnableReason}`);
    }
    // With an adapter it is the base that is loaded: those who want either take turns on it.
    const base = model.adapted?.base ?? model;
    // A file that was replaced is another model: it is loaded once the old one is out of use.
    const edition = `${base.bytes} ${base.modifiedMs}`;
    const lease = await residency.acquire({ key: base.path, edition, load: async (over) => load(base, over) }, signal);
    return { ...lease, model };
  }

  /** The signal of a request's work: it fires when the client goes and when the engine closes. Throws the error of a closed engine. */
  function workSignal(clientSignal: AbortSignal): AbortSignal {
    if (closing.signal.aborted) throw cancellation(closing.signal);
    return AbortSignal.any([clientSignal, closing.signal]);
  }

  async function generate(request: GenerationRequest, clientSignal: AbortSignal): Promise<Generation> {
    const arrivedMs = performance.now();
    const signal = workSignal(clientSignal);
    const lease = await hold(request.model, signal);
    try {
      return await admit(request, lease.value, {
        model: lease.model,
        arrivedMs,
        loadedMs: performance.now(),
        signal,
        endLease: lease.release,
      });
    } catch (thrown) {
      lease.release();
      throw thrown;
    }
  }

  /** Takes no place in the queue: prompts are prepared beside an answer that is being made. */
  async function countTokens(request: GenerationRequest, clientSignal: AbortSignal): Promise<number> {
    const lease = await hold(request.model, workSignal(clientSignal));
    const { slot } = lease.value;
    try {
      const prompt = await slot.prepare(promptRequest(request));
      slot.discard(prompt.promptId);
      return prompt.promptTokens;
    } finally {
      lease.release();
    }
  }

  async function embed(request: EmbeddingRequest, clientSignal: AbortSignal): Promise<Embeddings> {
    const arrivedMs = performance.now();
    const signal = workSignal(clientSignal);
    const { value, model, release } = await hold(request.model, signal);
    const loadMs = performance.now() - arrivedMs;
    try {
      return { ...(await embedBatch(request, { model, slot: value.slot, queue: value.queue, signal })), loadMs };
    } finally {
      release();
    }
  }

  async function rank(request: RerankRequest, clientSignal: AbortSignal): Promise<Ranking> {
    const signal = workSignal(clientSignal);
    const { value, model, release } = await hold(request.model, signal);
    try {
      return await rerank(request, { model, slot: value.slot, queue: value.queue, signal });
    } finally {
      release();
    }
  }

  /** Takes no place in the queue either. */
  async function inspect(name: string, question: Inspection, clientSignal: AbortSignal): Promise<InspectionAnswer> {
    const { value, model, release } = await hold(name, workSignal(clientSignal));
    try {
      return { ...(await value.slot.inspect(question)), model, contextTokens: value.slot.capabilities.contextTokens };
    } finally {
      release();
    }
  }

  /** Takes the place in the queue before the prompt is prepared, so that a full queue costs nothing. */
  async function admit(
    request: GenerationRequest,
    loaded: LoadedModel,
    visit: { model: ModelDescriptor; arrivedMs: number; loadedMs: number; signal: AbortSignal; endLease: () => void },
  ): Promise<Generation> {
    const { slot, queue, defaults } = loaded;
    const adapter = visit.model.adapted?.adapter;
    const demand = demandOf(request);
    const samplingIgnored = fixedSampling(request, loaded);
    const tokensMaxOf = (promptTokens: number): number =>
      resolveTokensMax({
        requested: request.tokensMax,
        defaultMax: defaults.tokensMax,
        promptTokens,
        contextTokens: slot.capabilities.contextTokens,
      });
    const turn = queue.take(visit.signal);
    let prompt: PreparedPrompt | null = null;
    try {
      prompt = await slot.prepare(promptRequest(request));
      // One that is too long is refused before it has its turn.
      tokensMaxOf(prompt.promptTokens);
      const events = answer({
        request,
        demand,
        retriesMax: options.answerRetriesMax,
        slot,
        turn,
        prompt,
        tokensMaxOf,
        sampling: slot.capabilities.perRunSampling ? resolveSampling(request.sampling, defaults.sampling) : defaults.sampling,
        ...(adapter === undefined ? {} : { adapter }),
        signal: visit.signal,
        arrivedMs: visit.arrivedMs,
        loadedMs: visit.loadedMs,
        release: visit.endLease,
      });
      return { model: visit.model, promptTokens: prompt.promptTokens, queuePosition: turn.position, samplingIgnored, events };
    } catch (thrown) {
      // One that is too long was prepared all the same.
      if (prompt !== null) slot.discard(prompt.promptId);
      turn.release();
      throw thrown;
    }
  }

  function fixedSampling(request: GenerationRequest, { slot, defaults }: LoadedModel): Generation["samplingIgnored"] {
    if (slot.capabilities.perRunSampling) return [];
    const ignored = samplingMismatch(request.sampling, defaults.sampling);
    const [first] = ignored;
    if (first !== undefined && options.samplingMismatch === "refuse") {
      const names = ignored.map((name) => SAMPLING_NAMES[name]).join(", ");
      throw new AppError(
        "unsupported_parameter",
        `This runtime (RKLLM ${slot.capabilities.version}) keeps the sampling its model was loaded with; it cannot change ${names} for one request`,
        { details: { field: SAMPLING_NAMES[first] } },
      );
    }
    return ignored;
  }

  async function loadOnly(name: string, _options: LoadOptions, clientSignal: AbortSignal): Promise<ModelStatus> {
    const { value, release } = await hold(name, workSignal(clientSignal));
    release();
    return statusOf(value);
  }

  function statusOf({ model, slot, queue }: LoadedModel): ModelStatus {
    return {
      id: model.id,
      baseId: model.id,
      bytes: model.bytes,
      memoryBytes: null,
      contextTokens: slot.capabilities.contextTokens,
      runtimeVersion: slot.capabilities.version,
      running: queue.busy,
      queued: queue.waiting,
      pinned: false,
      expiresAtMs: null,
      loadedAtMs: 0,
    };
  }

  return {
    generate,
    countTokens,
    embed,
    rerank: rank,
    tokenize: async (model, text, wanted, signal) => inspect(model, { kind: "text", text, ...wanted }, signal),
    detokenize: async (model, ids, signal) => inspect(model, { kind: "ids", ids, pieces: false }, signal),
    applyTemplate: async (request, { pieces }, signal) => {
      return inspect(request.model, { kind: "prompt", prompt: promptRequest(request), pieces }, signal);
    },
    models: async () => options.catalog.list(),
    model: async (name) => options.catalog.resolve(name),
    facts: async (model) => facts.read(model),
    metadata: async (model, verbose) => ({
      ...readModelMetadata(model, verbose),
      sampling: resolveSampling({}, (await options.defaultsOf(model)).sampling),
    }),
    load: loadOnly,
    unload: async (name) => {
      await options.catalog.resolve(name);
      return false;
    },
    status: () => ({ uptimeS: (performance.now() - startedMs) / 1000, models: [...residency.loaded()].map(statusOf) }),
    async close() {
      closing.abort(new AppError("shutting_down", "The server is shutting down"));
      await residency.close();
    },
  };
}
