/** The straight line from a request to its answer: resolve, load, take a place, prepare, check, wait, run, understand. */
import { AppError, cancellation } from "../core/errors.ts";
import type { GenerationRequest } from "../core/generation.ts";
import type { ModelDescriptor } from "../core/model.ts";
import { UNOBSERVED, type WorkKind, type WorkObserver } from "../core/observation.ts";
import type { Inspection, PreparedPrompt } from "../core/runtime.ts";
import { answer } from "./answer.ts";
import { embedBatch, type EmbeddingRequest, type Embeddings } from "./embed.ts";
import { demandOf } from "./demand.ts";
import { FactsReader } from "./model-facts.ts";
import { readModelMetadata } from "./model-metadata.ts";
import type { PromptCache } from "../core/prompt-cache.ts";
import type { Engine, Generation, InspectionAnswer, WarmPrompt } from "./engine.ts";
import { openedModel } from "./opened-model.ts";
import { warmPrompt } from "./warm.ts";
import { type Asking, type Hold, type LoadedModel, LoadedModels, type LoadedModelsOptions } from "./loaded-models.ts";
import { contextTokensOf, presetRequest } from "./preset-request.ts";
import { promptRequest } from "./prompt-request.ts";
import { rerank, type Ranking, type RerankRequest } from "./rerank.ts";
import { ignoredSampling, promptTokensMax, resolveSampling, resolveTokensMax, roomOf } from "./resolve-options.ts";

/** What an engine works with. What may change while it runs is read whenever it matters. */
export interface EngineOptions extends LoadedModelsOptions {
  /** What a runtime with fixed sampling does with a request that wants other values. */
  readonly samplingMismatch: "run" | "refuse";
  /** How often an answer that is not in the form it must have is asked for again. */
  readonly answerRetriesMax: number;
  /** Whether an answer that only repeats itself is ended. */
  readonly repetitionGuard: boolean;
  readonly promptCache: PromptCache;
}

/** How long a server that is told to stop may take until it, or another, is there again. */
const RESTART_S = 10;

/** Builds the engine. */
export function createEngine(options: EngineOptions): Engine {
  const startedMs = performance.now();
  const loaded = new LoadedModels(options);
  const closing = new AbortController();
  const { observer = UNOBSERVED } = options;
  let draining = false;
  /** Of requests that were let in: one may ask for several answers, and is served to its end. */
  const served = new WeakSet<AbortSignal>();
  const facts = new FactsReader(options.contextTokensOf ?? ((model) => model.contextTokensMax));

  /** The signal of a request's work: it fires when the client goes and when the engine closes. Throws the error of a closed engine. */
  function workSignal(clientSignal: AbortSignal): AbortSignal {
    if (closing.signal.aborted) throw cancellation(closing.signal);
    if (draining && !served.has(clientSignal))
      throw new AppError("shutting_down", "The server is shutting down", { details: { retryAfterS: RESTART_S } });
    served.add(clientSignal);
    return AbortSignal.any([clientSignal, closing.signal]);
  }

  /** Tells of a piece of work; one that goes on behind its promise tells of its end itself. */
  async function observed<T>(kind: WorkKind, { id }: { readonly id: string }, task: (work: WorkObserver) => Promise<T>): Promise<T> {
    const work = observer.begin(kind, id);
    try {
      const result = await task(work);
      if (kind !== "answer") work.done();
      return result;
    } catch (thrown) {
      work.failed(AppError.from(thrown));
      throw thrown;
    }
  }

  async function generate(request: GenerationRequest, clientSignal: AbortSignal, work: WorkObserver): Promise<Generation> {
    const arrivedMs = performance.now();
    const signal = workSignal(clientSignal);
    const asking = { ...askingOf(request), work };
    const serve = async (holding: Promise<Hold>, confirm: () => Promise<void>): Promise<Generation> => {
      const lease = await holding;
      try {
        return await admit(presetRequest(request, lease.model.preset), lease.value, {
          model: lease.model,
          confirm,
          arrivedMs,
          loadedMs: performance.now(),
          signal,
          work,
          waitedMs: lease.waitedMs,
          endLease: lease.release,
        });
      } catch (thrown) {
        lease.release();
        throw thrown;
      }
    };
    const likely = loaded.likelyHold(request.model, asking, signal);
    if (likely !== null) {
      const confirm = async (): Promise<void> => {
        if (!(await likely.isRight)) throw new Error("The models folders have changed");
      };
      try {
        return await serve(likely.hold, confirm);
      } catch (thrown) {
        if (await likely.isRight) throw thrown;
        // Whatever it was, another model may have been meant.
      }
    }
    return serve(loaded.hold(request.model, asking, signal), async () => {});
  }

  /** Takes no place in the queue: prompts are prepared beside an answer that is being made. */
  async function countTokens(request: GenerationRequest, clientSignal: AbortSignal): Promise<number> {
    const lease = await loaded.hold(request.model, askingOf(request), workSignal(clientSignal));
    const { slot } = lease.value.lines.first;
    try {
      const prompt = await slot.prepare(promptRequest(presetRequest(request, lease.model.preset)));
      slot.discard(prompt.promptId);
      return prompt.promptTokens;
    } finally {
      lease.release();
    }
  }

  async function embed(request: EmbeddingRequest, clientSignal: AbortSignal, work: WorkObserver): Promise<Embeddings> {
    const arrivedMs = performance.now();
    const signal = workSignal(clientSignal);
    const { value, model, waitedMs, release } = await loaded.hold(request.model, { ...askingOf(request), work }, signal);
    const loadMs = performance.now() - arrivedMs;
    const place = { model, ...value.lines.choose(null), client: clientOf(request), waitedMs, work, signal };
    try {
      return { ...(await embedBatch(request, place)), loadMs };
    } finally {
      release();
    }
  }

  async function rank(request: RerankRequest, clientSignal: AbortSignal, work: WorkObserver): Promise<Ranking> {
    const signal = workSignal(clientSignal);
    const { value, model, waitedMs, release } = await loaded.hold(request.model, { client: request.client, work }, signal);
    try {
      return await rerank(request, { model, ...value.lines.choose(null), client: clientOf(request), waitedMs, work, signal });
    } finally {
      release();
    }
  }

  async function warm(request: GenerationRequest, clientSignal: AbortSignal, work: WorkObserver): Promise<WarmPrompt> {
    const signal = workSignal(clientSignal);
    const hold = await loaded.hold(request.model, { ...askingOf(request), work }, signal);
    try {
      return await warmPrompt(request, hold, clientOf(request), work, signal);
    } finally {
      hold.release();
    }
  }

  async function clearPromptCache(name?: string): Promise<number> {
    if (name === undefined) return options.promptCache.clear();
    try {
      return options.promptCache.clear(openedModel(await options.catalog.resolve(name)).id);
    } catch (thrown) {
      // One that is gone may have left files.
      const left = AppError.from(thrown).code === "model_not_found" ? options.promptCache.clear(name.trim().toLowerCase()) : 0;
      if (left === 0) throw thrown;
      return left;
    }
  }

  /** Takes no place in the queue either. */
  async function inspect(
    name: string,
    questionTo: (model: ModelDescriptor) => Inspection,
    clientSignal: AbortSignal,
  ): Promise<InspectionAnswer> {
    const { value, model, release } = await loaded.hold(name, {}, workSignal(clientSignal));
    const { slot } = value.lines.first;
    try {
      const contextTokens = contextTokensOf(slot.capabilities.contextTokens, model.preset);
      return { ...(await slot.inspect(questionTo(model))), model, contextTokens };
    } finally {
      release();
    }
  }

  /** Takes the place in the queue before the prompt is prepared, so that a full queue costs nothing. */
  async function admit(
    request: GenerationRequest,
    onModel: LoadedModel,
    visit: Pick<Hold, "model" | "waitedMs"> & {
      /** Throws where it is not the model that was asked for; called when its prompt has been prepared, before that can run. */
      confirm: () => Promise<void>;
      arrivedMs: number;
      loadedMs: number;
      signal: AbortSignal;
      work: WorkObserver;
      endLease: () => void;
    },
  ): Promise<Generation> {
    const { lines, defaults } = onModel;
    const { slot, queue } = lines.choose(request);
    const adapter = visit.model.adapted?.adapter;
    const demand = demandOf(request);
    const samplingIgnored = ignoredSampling(request.sampling, defaults.sampling, slot.capabilities, options.samplingMismatch);
    const room = roomOf(slot.capabilities, visit.model.preset);
    const tokensMaxOf = (promptTokens: number, spentTokens: number): number =>
      resolveTokensMax({ requested: request.tokensMax, defaultMax: defaults.tokensMax, promptTokens, spentTokens, ...room });
    const continuedTokensMax = promptTokensMax(room);
    const turn = queue.take(clientOf(request), visit.signal, visit.waitedMs);
    let prompt: PreparedPrompt | null = null;
    try {
      const wanted = promptRequest(request);
      prompt = await slot.prepare({ ...wanted, continuedTokensMax });
      await visit.confirm();
      // One that is too long is refused before it has its turn.
      tokensMaxOf(prompt.promptTokens, 0);
      visit.work.prepared(prompt.promptTokens, turn.position);
      turn.ready({
        sampling: resolveSampling(slot.capabilities.perRunSampling ? request.sampling : {}, defaults.sampling),
        ...(adapter === undefined ? {} : { adapter }),
      });
      const read = answer({
        request,
        demand,
        retriesMax: options.answerRetriesMax,
        endsRepetition: options.repetitionGuard,
        slot,
        turn,
        prompt,
        opening: wanted.opening?.kind ?? null,
        tokensMaxOf,
        continuedTokensMax,
        signal: visit.signal,
        arrivedMs: visit.arrivedMs,
        loadedMs: visit.loadedMs,
        work: visit.work,
        release: visit.endLease,
      });
      return {
        model: visit.model,
        promptTokens: prompt.promptTokens,
        queuePosition: turn.position,
        queueWaitMs: turn.expectedWaitMs,
        samplingIgnored,
        read,
      };
    } catch (thrown) {
      // One that is too long was prepared all the same.
      if (prompt !== null) slot.discard(prompt.promptId);
      turn.release();
      throw thrown;
    }
  }

  return {
    generate: async (request, signal) => observed("answer", request, async (work) => generate(request, signal, work)),
    countTokens,
    embed: async (request, signal) => observed("embedding", request, async (work) => embed(request, signal, work)),
    rerank: async (request, signal) => observed("ranking", request, async (work) => rank(request, signal, work)),
    tokenize: async (model, text, wanted, signal) => inspect(model, () => ({ kind: "text", text, ...wanted }), signal),
    detokenize: async (model, ids, signal) => inspect(model, () => ({ kind: "ids", ids, pieces: false }), signal),
    applyTemplate: async (request, { pieces }, signal) => {
      const promptFor = ({ preset }: ModelDescriptor) => promptRequest(presetRequest(request, preset));
      return inspect(request.model, (model) => ({ kind: "prompt", prompt: promptFor(model), pieces }), signal);
    },
    models: async () => options.catalog.list(),
    model: async (name, sinceMs) => options.catalog.resolve(name, sinceMs),
    expect: () => options.catalog.look(),
    facts: async (model) => facts.read(model),
    metadata: async (model, verbose) => ({
      ...readModelMetadata(model, verbose),
      sampling: (await options.defaultsOf(model)).sampling,
    }),
    load: async (name, stay, signal) => loaded.load(name, stay, workSignal(signal)),
    unload: async (name) => loaded.unload(name),
    status: () => ({
      uptimeS: (performance.now() - startedMs) / 1000,
      draining,
      models: loaded.status(),
      loading: loaded.loading(),
    }),
    promptCache: () => options.promptCache.status(),
    clearPromptCache,
    warm: async (request, signal) => observed("warming", request, async (work) => warm(request, signal, work)),
    drain: () => (draining = true),
    async close() {
      closing.abort(new AppError("shutting_down", "The server is shutting down"));
      await loaded.close();
    },
  };
}

/** Requests whose sender nobody named share one client's turns. */
function clientOf({ client = "" }: { readonly client?: string }): string {
  return client;
}

function askingOf({ client, keepAliveMs, arrivedMs }: Pick<GenerationRequest, "client" | "keepAliveMs" | "arrivedMs">): Asking {
  return { client, stay: keepAliveMs === undefined ? {} : { keepAliveMs }, sinceMs: arrivedMs };
}
