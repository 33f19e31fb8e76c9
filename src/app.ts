/**
 * The composition root: the one place where configuration, catalog, runtime, engine and HTTP meet. It decides nothing that a person
 * would look for elsewhere; it hands each part what it needs as plain values.
 */
import type { Server } from "bun";
import { join } from "node:path";
import type { AccessOptions } from "./api/access/access-gate.ts";
import type { Stage } from "./api/context.ts";
import { isOpenDoor, refuseOpenDoor } from "./api/access/open-door.ts";
import { listen, type ListenAddress } from "./api/listeners.ts";
import { createServer } from "./api/server.ts";
import { readBoardSoc } from "./catalog/board-soc.ts";
import { type Catalog, openCatalog, type LearningCatalog } from "./catalog/catalog.ts";
import type { LiveSettings } from "./config/live-settings.ts";
import type { LoadedConfig } from "./config/load.ts";
import { resolveInference } from "./config/inference-schema.ts";
import type { ServerConfig } from "./config/server-schema.ts";
import type { AppError } from "./core/errors.ts";
import type { LoadFacts, ModelDescriptor, Soc } from "./core/model.ts";
import type { RuntimeFindings } from "./core/runtime-findings.ts";
import { createEngine } from "./engine/create-engine.ts";
import type { Engine } from "./engine/engine.ts";
import { preload, type Wanted } from "./engine/preload.ts";
import { readGenerationDefaults } from "./engine/model-defaults.ts";
import { Root } from "./doctor/root.ts";
import { devicePermits } from "./scheduler/run-permits.ts";
import { openDigests, openLibrary } from "./open-library.ts";
import { contextTokensOf, defaultSources, lanesOf, openModel } from "./open-model.ts";
import { availableMemory } from "./runtime/available-memory.ts";
import { type NativeAssets, nativeAssets, prepareNativeAssets } from "./runtime/native/assets.ts";
import { findingsKey } from "./runtime/findings-key.ts";
import type { LibrarySpec } from "./runtime/protocol.ts";
import { chooseLibraries, LibraryChoice, type Libraries, newestRkllmVersion } from "./runtime-libraries.ts";
import { addKey, readKeyFile, revokeKey } from "./store/key-file.ts";
import { openKeyRing } from "./store/key-ring.ts";
import { FindingsFile } from "./store/findings-file.ts";
import { createPromptCache } from "./store/prompt-cache.ts";
import { createResponseStore } from "./store/response-store.ts";
import type { Log } from "./telemetry/log.ts";
import { parseOtlpHeaders, SpanExporter } from "./telemetry/span-exporter.ts";
import { Telemetry } from "./telemetry/telemetry.ts";
import { VERSION } from "./version.ts";
import { createPageSource } from "./web/load-page.ts";

/** What the application is made from. */
export interface AppOptions {
  readonly loaded: LoadedConfig;
  readonly settings: LiveSettings;
  /** The environment that engine hosts inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/** The application, not yet listening. */
export interface App {
  readonly engine: Engine;
  /** Listens; a second time beside the first. Throws what the system says. */
  listen(this: void, address: ListenAddress): Server<unknown>;
  /** Loads the models that are wanted from the start; one that cannot be loaded is logged. */
  preload(this: void): Promise<void>;
  /** Says that it is about to stop, to whoever shares out requests; what comes is still taken. */
  leave(this: void): void;
  /** Refuses what comes; what runs and waits goes on. */
  drain(this: void): void;
  /** Refuses what comes, ends what runs, closes the models. */
  close(): Promise<void>;
}

/** The longest time a timer takes, 24 days: as good as never. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** How long the last traces may take, ms. */
const LAST_TRACES_MS = 2000;

/** Puts the application together. Nothing is loaded yet: models load when they are first asked for, or by `preload`. */
export async function createApp({ loaded, settings, environment, log }: AppOptions): Promise<App> {
  const { config, sources } = loaded;
  const { server } = config;
  const access = openAccess(server, log);
  const soc = await readBoardSoc();
  const libraries = chooseLibraries(server);
  for (const { message } of libraries.faults) log.warn("a runtime library is not used", { error: message });
  const choice = new LibraryChoice(libraries, config);
  const assets = nativeAssets(server.cache_dir);
  const findingsOf = openFindings(server);
  const likelyFindings = (model: ModelDescriptor) => findingsOf(choice.likely(model), model);
  const found = openCatalogOf(server, libraries, soc, assets);
  const { catalog, close: closeDigests } = openDigests(found, server);
  const promptCache = createPromptCache({
    folder: join(server.cache_dir, "prompts"),
    bytesMax: server.prompt_cache === "off" ? 0 : server.prompt_cache_bytes_max,
    ageMaxMs: server.prompt_cache_age_max_s * 1000,
    bytesWrittenPerDayMax: server.prompt_cache_bytes_per_day_max,
    warn: log.warn,
  });
  const permitFor = devicePermits(server.runs_at_once);
  const telemetry = new Telemetry({ version: VERSION, root: new Root(), exporter: openExporter(server, log), log });
  const { observer } = telemetry;
  if (server.log_prompts) log.warn("what clients ask is logged word for word (log_prompts)");
  if (server.native_log_level === 2) log.warn("the runtime library prints what clients ask, and the log may show it (native_log_level)");
  const engine = createEngine({
    catalog,
    promptCache,
    observer,
    defaultsOf: async (model) => readGenerationDefaults(model, defaultSources(config, sources, model)),
    openSlot: async (model, defaults, signal) => {
      const onFacts = async (facts: LoadFacts) => found.learn(model, facts);
      const machine = { config, choice, findingsOf, assets, environment, program: VERSION, soc, promptCache, observer, log };
      return openModel({ ...machine, permit: permitFor(model)?.takeAside ?? null, model, defaults, signal, onFacts });
    },
    contextTokensOf: (model) => contextTokensOf(resolveInference(config.inference, model.id), model, likelyFindings(model)),
    slotsOf: (model) => resolveInference(config.inference, model.id).slots,
    lanesOf: (model) => lanesOf(resolveInference(config.inference, model.id), model, likelyFindings(model)),
    npuDomainOf: (model) => resolveInference(config.inference, model.id).base_domain_id,
    get queueDepthMax() {
      return settings.server.queue_depth_max;
    },
    get queueWaitMaxMs() {
      return settings.server.queue_timeout_s === null ? Infinity : settings.server.queue_timeout_s * 1000;
    },
    get batchWindowMs() {
      return settings.server.batch_window_ms;
    },
    permitFor,
    get modelsLoadedMax() {
      return settings.server.models_loaded_max;
    },
    get keepAliveMs() {
      return settings.server.keep_alive_s < 0 ? Infinity : settings.server.keep_alive_s * 1000;
    },
    get memoryBudgetBytes() {
      return settings.server.memory_budget_bytes;
    },
    availableMemoryBytes: availableMemory,
    get samplingMismatch() {
      return settings.server.sampling_mismatch;
    },
    get repetitionGuard() {
      return settings.server.repetition_guard;
    },
    get answerRetriesMax() {
      return settings.server.answer_retries_max;
    },
  });
  const responses = createResponseStore({
    path: join(server.cache_dir, "responses.sqlite"),
    responsesMax: server.responses_max,
    bytesMax: server.responses_bytes_max,
    ageMaxMs: server.responses_age_max_s * 1000,
    warn: log.warn,
  });
  const library = openLibrary({ server, catalog, engine, soc, runtimeVersion: newestRkllmVersion(libraries) });
  const wanted = wantedFrom(config);
  let stage: Stage = wanted.length === 0 ? "serving" : "starting";
  const app = createServer({
    engine,
    stage: () => stage,
    library,
    responses,
    settings,
    page: createPageSource(),
    version: VERSION,
    log,
    telemetry,
    metrics: server.metrics,
    logsPrompts: server.log_prompts,
    access,
    corsOrigins: server.cors_origins,
    bodyBytesMax: server.body_bytes_max,
    keepAliveCommentS: server.keep_alive_comment_s,
    headerWaitMs: server.header_wait_ms,
    idleTimeoutS: server.idle_timeout_s,
    stallMs: server.idle_timeout_s === 0 ? TIMER_MS_MAX : server.idle_timeout_s * 1000,
  });
  const close = async (): Promise<void> => {
    await Promise.all([library.close(), closeDigests(), engine.close()]);
    responses.close();
    promptCache.close();
    // A collector that is away holds up nobody for long.
    await Promise.race([telemetry.close(), Bun.sleep(LAST_TRACES_MS)]);
  };
  const onFault = (name: string, error: AppError) =>
    log.error("model or system prompt not preloaded", { model: name, error: error.message });
  return {
    engine,
    listen: (address) => listen(app, address),
    preload: async () => {
      await preload(engine, wanted, onFault);
      if (stage === "starting") stage = "serving";
    },
    leave: () => (stage = "draining"),
    drain: engine.drain,
    close,
  };
}

/** The models to load at the start, and those that have system prompts of their own to be computed. */
function wantedFrom({ server, inference }: LoadedConfig["config"]): readonly Wanted[] {
  const own = Object.keys(inference.models).filter((id) => inference.models[id]?.system_prompts !== undefined);
  return [...new Set([...server.preload, ...own])].map((model) => ({
    model,
    systemPrompts: resolveInference(inference, model).system_prompts,
  }));
}

/** What `doctor --probe` has found of a library with a model. */
function openFindings(server: ServerConfig): (library: LibrarySpec | null, model: ModelDescriptor) => RuntimeFindings {
  const file = new FindingsFile(server.cache_dir);
  return (library, model) => {
    const key = library === null ? null : findingsKey(library, model, VERSION);
    return key === null ? {} : file.findingsOf(key);
  };
}

/** What sends traces; null where nobody wants them. */
function openExporter(server: ServerConfig, log: Log): SpanExporter | null {
  const { otlp_endpoint, otlp_headers, otlp_service_name } = server;
  if (otlp_endpoint === null) return null;
  const url = `${otlp_endpoint.replace(/\/$/, "")}/v1/traces`;
  return new SpanExporter({ url, headers: parseOtlpHeaders(otlp_headers ?? ""), serviceName: otlp_service_name, version: VERSION, log });
}

/** Who is let in. Throws AppError config_invalid for keys that cannot be read, and for a server that would be open to all unasked. */
function openAccess(server: ServerConfig, log: Log): AccessOptions {
  const keys = openKeyRing({
    path: server.keys_file,
    configured: server.api_key,
    onFault: (error) => log.error("API keys not read again; the keys from before stay good", { error: error.message }),
  });
  const exposure = { host: server.host, keys: keys.current().length, networks: server.allow.length, insecure: server.insecure };
  refuseOpenDoor(exposure);
  if (isOpenDoor(exposure)) log.warn("every machine that reaches this one may use the server", { host: server.host });
  const perMinute = server.rate_limit_per_minute;
  const rateLimit = perMinute === 0 ? null : { perMinute, burst: server.rate_limit_burst ?? perMinute };
  return { keys, allow: server.allow, hostNames: server.host_names, rateLimit };
}

/** The file of API keys, for the command line. */
export function openConfiguredKeys(server: Pick<ServerConfig, "keys_file">) {
  const path = server.keys_file;
  return {
    path,
    list: () => readKeyFile(path),
    add: (name: string) => addKey(path, name, new Date()),
    revoke: (name: string) => revokeKey(path, name),
  };
}

/** The catalog as this machine and configuration see it; the command line lists it without a server. */
export function openConfiguredCatalog(server: ServerConfig, soc: Soc | null): Catalog {
  return openCatalogOf(server, chooseLibraries(server), soc, nativeAssets(server.cache_dir));
}

/** The native files, for the command line. */
export async function prepareConfiguredAssets(server: Pick<ServerConfig, "cache_dir">): Promise<NativeAssets> {
  return prepareNativeAssets(server.cache_dir);
}

/** Version of the newest library that opens .rkllm files here; null where there is none, undefined where the configured one cannot be used. */
export function installedRkllmVersion(server: ServerConfig): string | null | undefined {
  try {
    return newestRkllmVersion(chooseLibraries(server));
  } catch {
    return undefined;
  }
}

function openCatalogOf(server: ServerConfig, libraries: Libraries, soc: Soc | null, assets: () => Promise<NativeAssets>): LearningCatalog {
  // Without the native files nothing can be loaded; that is said when something is to be.
  const builtinDir = async () => (await assets().catch(() => null))?.builtinModelDir ?? null;
  return openCatalog({
    modelsDirs: server.models_dir,
    ...(server.builtin_model ? { builtinDir } : {}),
    rkllmUnavailableReason: libraries.rkllmUnavailableReason,
    boardSoc: soc,
    ...(server.default_model === null ? {} : { defaultModel: server.default_model }),
  });
}
