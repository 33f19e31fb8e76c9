/** How a model is opened: with which library, in what kind of host, with which values of the configuration. */
import { availableParallelism } from "node:os";
import type { Config, ConfigSources } from "./config/load.ts";
import { type InferenceValues, resolveInference } from "./config/inference-schema.ts";
import type { ServerConfig } from "./config/server-schema.ts";
import type { AppError } from "./core/errors.ts";
import { type Sampling, SAMPLING_NAMES } from "./core/generation.ts";
import type { LoadFacts, ModelDescriptor, Soc } from "./core/model.ts";
import type { Observer } from "./core/observation.ts";
import type { PromptCache } from "./core/prompt-cache.ts";
import type { RuntimeFindings } from "./core/runtime-findings.ts";
import { readChatTemplate } from "./engine/model-template.ts";
import type { DefaultSources } from "./engine/model-defaults.ts";
import type { GenerationDefaults } from "./engine/resolve-options.ts";
import { coresIn, maskFor } from "./runtime/cpu-mask.ts";
import type { LaunchHost } from "./runtime/host-link.ts";
import { hostProcessLauncher } from "./runtime/host-process.ts";
import { launchHostThread } from "./runtime/host-thread.ts";
import type { HostLimits } from "./runtime/host-watch.ts";
import type { HostedSlot, HostedSlotOptions } from "./runtime/hosted-slot.ts";
import { LoadLog } from "./runtime/load-log.ts";
import { modelKeeper } from "./runtime/model-keeper.ts";
import type { NativeAssets } from "./runtime/native/assets.ts";
import { libraryName, openWithFirst } from "./runtime/open-with-first.ts";
import { inSteps, openWithinLimit } from "./runtime/open-within-limit.ts";
import type { LibrarySpec, OpenOptions } from "./runtime/protocol.ts";
import { engineHostCommand } from "./runtime/self-command.ts";
import type { LibraryChoice } from "./runtime-libraries.ts";
import { LineBudget } from "./telemetry/line-budget.ts";
import type { Log } from "./telemetry/log.ts";

/** The environment that engine hosts inherit. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What is logged of a library that prints without end: a line is cut by whoever reads it. */
const LIBRARY_LINES = { linesMax: 1000, periodMs: 10_000 };

function chooseLauncher(model: ModelDescriptor, server: ServerConfig, environment: Environment, log: Log, loadLog: LoadLog): LaunchHost {
  if (server.isolation === "thread") return launchHostThread;
  const onLeftOut = (lines: number) => log.debug("lines of the runtime library left out", { model: model.id, lines });
  const budget = new LineBudget({ ...LIBRARY_LINES, onLeftOut });
  return hostProcessLauncher({
    command: engineHostCommand(server.exec_prefix),
    environment: { ...environment, RKLLM_LOG_LEVEL: String(server.native_log_level) },
    onOutput: (line) => {
      loadLog.read(line);
      if (budget.take()) log.debug("runtime library", { model: model.id, line });
    },
  });
}

/** What a model is opened from. */
interface Opening {
  readonly model: ModelDescriptor;
  readonly defaults: GenerationDefaults;
  readonly signal: AbortSignal;
  readonly config: Config;
  readonly choice: LibraryChoice;
  /** The native files, wherever they are wanted. */
  readonly assets: () => Promise<NativeAssets>;
  readonly environment: Environment;
  /** Version of this program. */
  readonly program: string;
  readonly soc: Soc | null;
  readonly promptCache: PromptCache;
  /** What is known of a library with this model. */
  readonly findingsOf: (library: LibrarySpec, model: ModelDescriptor) => RuntimeFindings;
  /** See LivingHostOptions. */
  readonly permit: (() => Promise<() => void>) | null;
  readonly log: Log;
  readonly observer: Observer;
  /** Is told what the libraries said of the model, also of one that they then did not open. Must not throw. */
  readonly onFacts: (facts: LoadFacts) => Promise<void>;
}

/**
 * Opens a model in a host of its own, or in this process: with the first of the libraries for it that takes it.
 * @throws AppError model_not_runnable, model_load_failed, out_of_memory, …
 */
export async function openModel(opening: Opening): Promise<HostedSlot> {
  const { model, choice, log, signal } = opening;
  const startedMs = performance.now();
  let facts: LoadFacts = {};
  const open = async (library: LibrarySpec): Promise<HostedSlot> => {
    const loadLog = new LoadLog();
    try {
      return await openWith(library, opening, loadLog);
    } finally {
      loadLog.end();
      facts = { ...facts, ...loadLog.facts };
    }
  };
  const onRefused = (library: LibrarySpec, error: AppError) =>
    log.warn("a runtime library did not open the model; another is tried", {
      model: model.id,
      library: libraryName(library),
      error: error.message,
    });
  try {
    const { opened, library, refused } = await openWithFirst(model.id, choice.tried(model), open, signal, onRefused);
    choice.note(model, library, refused);
    log.info("model loaded", {
      model: model.id,
      runtime: library.version,
      ...(library.kind === "file" ? { library: library.path } : {}),
      ...(facts.driverVersion === undefined ? {} : { driver: facts.driverVersion }),
      contextTokens: opened.capabilities.contextTokens,
      loadMs: Math.round(performance.now() - startedMs),
    });
    return opened;
  } finally {
    await opening.onFacts(facts);
  }
}

/** Opens it with one library. */
async function openWith(library: LibrarySpec, opening: Opening, loadLog: LoadLog): Promise<HostedSlot> {
  const { model, config, log } = opening;
  // The built-in model is one of them.
  const assets = await opening.assets();
  const inference = resolveInference(config.inference, model.id);
  const findings = opening.findingsOf(library, model);
  const opened = openOptions(inference, opening.defaults.sampling, model, opening.soc, findings);
  if (opened.lanes < inference.n_batch && model.judges !== true) {
    log.warn("n_batch lowered to what the library is known to do", {
      model: model.id,
      asked: inference.n_batch,
      lanes: opened.lanes,
      fix: `rockchip-llama doctor --probe ${model.id}`,
    });
  }
  if (model.format === "rkllm" && coresIn(opened.cpuMask) !== opened.cpuCount) {
    log.warn("cpu_mask does not have as many cores as cpu_count: by report the library then uses all of them", {
      model: model.id,
      cpuCount: opened.cpuCount,
      cpuMask: `0x${opened.cpuMask.toString(16)}`,
    });
  }
  const keeper = modelKeeper({
    cache: opening.promptCache,
    model,
    library,
    program: opening.program,
    options: opened,
    findings,
    mode: config.server.prompt_cache,
    onFault: (path, error) => log.warn("a prompt's file was given up", { model: model.id, path, error: error.message }),
  });
  if (keeper === null && config.server.prompt_cache === "on") {
    log.warn("no prompts are kept for a model with n_batch above 1: a file holds one lane", { model: model.id, lanes: opened.lanes });
  }
  const options: HostedSlotOptions = {
    spec: {
      model: {
        id: model.id,
        path: model.path,
        format: model.format,
        family: model.family,
        sidecars: model.sidecars,
        chatTemplate: await readChatTemplate(model),
        pooling: model.embedding?.pooling ?? "last",
      },
      library,
      assets,
      options: {
        ...opened,
        hashesPrompts: keeper !== null,
        // Whether Rockchip's library takes a batch with a place left empty is known only where it was asked.
        idleLane: library.kind === "built-in" || findings.batchTakesNoInput === true ? "nothing" : "token",
      },
      findings,
    },
    // Our CPU runtime built as librkllmrt.so looks for llama.cpp where this variable says; Rockchip's library does not read it.
    launch: chooseLauncher(model, config.server, { RKLLM_CPU_LIBDIR: assets.llamaDir, ...opening.environment }, log, loadLog),
    answers: model.embedding === undefined,
    limits: hostLimits(config.server, model.bytes, findings),
    ...(keeper === null ? {} : { keeperFor: keeper.keeperFor }),
    restoreFiles: opening.assets,
    permit: opening.permit,
    growthBytesMax: config.server.host_growth_bytes_max,
    onGrown: (growth) => {
      opening.observer.hostEnded(model.id, "grown");
      log.info("engine host opened anew: its memory had grown", { model: model.id, ...growth });
    },
    onLost: (error, outputTail) => {
      opening.observer.hostEnded(model.id, "lost");
      log.error("engine host lost", { model: model.id, error: error.message, outputTail });
    },
  };
  const asked = options.spec.options.contextTokens;
  const slot = await openWithinLimit(options, loadLog, opening.signal, (contextTokens) =>
    log.warn("context lowered to what the model allows", { model: model.id, asked, contextTokens }),
  );
  keeper?.opened();
  return slot;
}

/**
 * llama.cpp's threads wait for one another after every operation: one that has to share its core holds up all. So a core is left to the
 * server and whatever else runs. (Two threads on two busy cores decoded 2 to 4 tokens/s where one decoded 76 to 123.)
 */
const CPU_RUNTIME_THREADS_MAX = Math.max(1, availableParallelism() - 1);

/**
 * Prompts that a model runs together. Logits, which a judge is asked for, are not to be had with several. Rockchip's library was reported to
 * crash with some numbers: there, no more than a probe has found to work.
 */
export function lanesOf(inference: InferenceValues, model: ModelDescriptor, { batchMax }: Pick<RuntimeFindings, "batchMax">): number {
  if (model.judges === true) return 1;
  return Math.min(inference.n_batch, batchMax ?? (model.format === "gguf" ? Infinity : 1));
}

/** Length of the context that a model is opened with. */
export function contextTokensOf(inference: InferenceValues, model: ModelDescriptor, findings: RuntimeFindings): number {
  return inSteps(Math.min(inference.max_context_len, model.contextTokensMax), findings.contextStepTokens);
}

/** Values of the configuration as the library takes them. */
export function openOptions(
  inference: InferenceValues,
  sampling: Sampling,
  model: ModelDescriptor,
  soc: Soc | null,
  findings: RuntimeFindings,
): Omit<OpenOptions, "idleLane" | "hashesPrompts"> {
  return {
    contextTokens: contextTokensOf(inference, model, findings),
    sampling,
    nKeep: inference.n_keep,
    skipSpecialToken: inference.skip_special_token,
    baseDomainId: inference.base_domain_id,
    embedFlash: inference.embed_flash,
    cpuCount: model.format === "gguf" ? Math.min(inference.cpu_count, CPU_RUNTIME_THREADS_MAX) : inference.cpu_count,
    lanes: lanesOf(inference, model, findings),
    cpuMask: inference.cpu_mask ?? maskFor(inference.cpu_count, soc),
  };
}

/** A model of unknown speed from storage of unknown speed: a minute, and 45 s more for each gigabyte. */
const LOAD_BASE_MS = 60_000;
const LOAD_MS_PER_BYTE = 45_000 / 1e9;

/** How long opening a model may take, ms. */
export function loadTimeoutMs(server: Pick<ServerConfig, "load_timeout_s">, modelBytes: number): number {
  return server.load_timeout_s === null ? LOAD_BASE_MS + modelBytes * LOAD_MS_PER_BYTE : server.load_timeout_s * 1000;
}

/** Nobody is to lose a process to a machine that was busy for a moment. */
const PREFILL_ABORT_MS_MIN = 1000;

/**
 * A prompt that is read to its end whatever is asked, for nobody: once that has taken as long as opening the model anew does, the process
 * is ended. Nothing other than a process can be.
 */
function prefillAbortLimit(server: ServerConfig, { abortStopsPrefill, openMs }: RuntimeFindings): Partial<HostLimits> {
  if (server.isolation === "thread" || abortStopsPrefill !== false || openMs === undefined) return {};
  return { prefillAbortTimeoutMs: Math.min(server.abort_timeout_s * 1000, Math.max(PREFILL_ABORT_MS_MIN, openMs)) };
}

function hostLimits(server: ServerConfig, modelBytes: number, findings: RuntimeFindings): HostLimits {
  return {
    ...prefillAbortLimit(server, findings),
    loadTimeoutMs: loadTimeoutMs(server, modelBytes),
    abortTimeoutMs: server.abort_timeout_s * 1000,
    pingTimeoutMs: server.host_ping_timeout_s * 1000,
    prefillStallMs: server.prefill_stall_timeout_s * 1000,
    prefillStallPerTokenMs: server.prefill_stall_per_token_s * 1000,
    decodeStallMs: server.decode_stall_timeout_s * 1000,
  };
}

/** A flag, a variable or a model's own section was set by somebody; what a file says for all models yields to the model's publisher. */
export function defaultSources(config: Config, sources: ConfigSources, model: ModelDescriptor): DefaultSources {
  const values = resolveInference(config.inference, model.id);
  const section = config.inference.models[model.id.toLowerCase()] ?? {};
  const entries = (Object.keys(SAMPLING_NAMES) as (keyof Sampling)[]).map((name) => [name, values[SAMPLING_NAMES[name]]] as const);
  const isChosen = (name: keyof Sampling) => {
    const key = SAMPLING_NAMES[name];
    return key in section || sources[key].kind === "flag" || sources[key].kind === "environment";
  };
  return {
    general: Object.fromEntries(entries) as Sampling,
    chosen: Object.fromEntries(entries.filter(([name]) => isChosen(name))),
    tokensMax: values.max_new_tokens,
  };
}
