/**
 * The composition root: the one place where configuration, catalog, runtime, engine and HTTP meet. It decides nothing that a person
 * would look for elsewhere; it hands each part what it needs as plain values.
 */
import type { Server } from "bun";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { AccessOptions } from "./api/access/access-gate.ts";
import { isOpenDoor, refuseOpenDoor } from "./api/access/open-door.ts";
import { listen, type ListenAddress } from "./api/listeners.ts";
import { createServer } from "./api/server.ts";
import { readBoardSoc } from "./catalog/board-soc.ts";
import { openCatalog, type Catalog } from "./catalog/catalog.ts";
import type { Config, ConfigSources, LoadedConfig } from "./config/load.ts";
import { type InferenceValues, resolveInference } from "./config/inference-schema.ts";
import type { ServerConfig } from "./config/server-schema.ts";
import { AppError } from "./core/errors.ts";
import { type Sampling, SAMPLING_NAMES } from "./core/generation.ts";
import type { ModelDescriptor, ModelFormat, Soc } from "./core/model.ts";
import { createEngine } from "./engine/create-engine.ts";
import type { Engine } from "./engine/engine.ts";
import { readChatTemplate } from "./engine/model-template.ts";
import { type DefaultSources, readGenerationDefaults } from "./engine/model-defaults.ts";
import type { GenerationDefaults } from "./engine/resolve-options.ts";
import type { LaunchHost } from "./runtime/host-link.ts";
import { hostProcessLauncher } from "./runtime/host-process.ts";
import { launchHostThread } from "./runtime/host-thread.ts";
import type { HostLimits } from "./runtime/host-watch.ts";
import { HostedSlot, type HostedSlotOptions } from "./runtime/hosted-slot.ts";
import { type NativeAssets, prepareNativeAssets } from "./runtime/native/assets.ts";
import { findRuntimeLibrary, librarySearchFolders } from "./runtime/native/library.ts";
import type { LibrarySpec, OpenOptions } from "./runtime/protocol.ts";
import { engineHostCommand } from "./runtime/self-command.ts";
import { addKey, readKeyFile, revokeKey } from "./store/key-file.ts";
import { openKeyRing } from "./store/key-ring.ts";
import { createResponseStore } from "./store/response-store.ts";
import type { Log } from "./telemetry/log.ts";
import { VERSION } from "./version.ts";

/** What the application is made from. */
export interface AppOptions {
  readonly loaded: LoadedConfig;
  /** The environment that engine hosts inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/** The application, not yet listening. */
export interface App {
  readonly engine: Engine;
  /** Listens; a second time beside the first. Throws what the system says. */
  listen(this: void, address: ListenAddress): Server<unknown>;
  /** Refuses what comes, ends what runs, closes the models. */
  close(): Promise<void>;
}

/** Which library opens which format, and why a format cannot be opened. */
interface Libraries {
  readonly specs: Readonly<Partial<Record<ModelFormat, LibrarySpec>>>;
  readonly rkllmUnavailableReason: string | null;
}

/** The longest time a timer takes, 24 days: as good as never. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Puts the application together. Nothing is loaded yet: models load when they are first asked for. */
export async function createApp({ loaded, environment, log }: AppOptions): Promise<App> {
  const { config, sources } = loaded;
  const { server } = config;
  const access = openAccess(server, log);
  const soc = await readBoardSoc();
  const libraries = chooseLibraries(server);
  // Compiled binaries unpack their libraries on the first start; the server listens meanwhile.
  const assets = prepareNativeAssets(server.cache_dir);
  assets.catch(() => {});
  const catalog = openCatalogOf(server, libraries, soc, assets);
  const engine = createEngine({
    catalog,
    defaultsOf: async (model) => readGenerationDefaults(model, defaultSources(config, sources, model)),
    openSlot: async (model, defaults, signal) =>
      openSlot({ model, defaults, signal, config, libraries, assets: await assets, environment, soc, log }),
    queueDepthMax: server.queue_depth_max,
    modelsLoadedMax: server.models_loaded_max,
    keepAliveMs: server.keep_alive_s < 0 ? Infinity : server.keep_alive_s * 1000,
    samplingMismatch: server.sampling_mismatch,
    answerRetriesMax: server.answer_retries_max,
  });
  const responses = createResponseStore({
    path: join(server.cache_dir, "responses.sqlite"),
    responsesMax: server.responses_max,
    bytesMax: server.responses_bytes_max,
    ageMaxMs: server.responses_age_max_s * 1000,
    warn: log.warn,
  });
  const app = createServer({
    engine,
    responses,
    version: VERSION,
    log,
    access,
    corsOrigins: server.cors_origins,
    bodyBytesMax: server.body_bytes_max,
    keepAliveCommentS: server.keep_alive_comment_s,
    headerWaitMs: server.header_wait_ms,
    idleTimeoutS: server.idle_timeout_s,
    stallMs: server.idle_timeout_s === 0 ? TIMER_MS_MAX : server.idle_timeout_s * 1000,
  });
  const close = async (): Promise<void> => {
    await engine.close();
    responses.close();
  };
  return { engine, listen: (address) => listen(app, address), close };
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
  return { keys, allow: server.allow, rateLimit };
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
  return openCatalogOf(server, chooseLibraries(server), soc, prepareNativeAssets(server.cache_dir));
}

function openCatalogOf(server: ServerConfig, libraries: Libraries, soc: Soc | null, assets: Promise<NativeAssets>): Catalog {
  // Without the native files nothing can be loaded; that is said when something is to be.
  const builtinDir = async () => assets.then(({ builtinModelDir }) => builtinModelDir).catch(() => null);
  return openCatalog({
    modelsDirs: server.models_dir,
    ...(server.builtin_model ? { builtinDir } : {}),
    rkllmUnavailableReason: libraries.rkllmUnavailableReason,
    boardSoc: soc,
    ...(server.default_model === null ? {} : { defaultModel: server.default_model }),
  });
}

/**
 * .gguf goes to our CPU runtime, .rkllm to Rockchip's library where there is one. A library given by path says itself which it is:
 * the CPU runtime built as librkllmrt.so takes .gguf from the built-in one.
 */
function chooseLibraries(server: ServerConfig): Libraries {
  const builtIn: LibrarySpec = { kind: "built-in", version: server.cpu_runtime_version };
  const projectFolder = Bun.isStandaloneExecutable ? undefined : join(import.meta.dir, "..");
  try {
    const library = findRuntimeLibrary({
      explicitPath: server.runtime ?? undefined,
      folders: librarySearchFolders({ arch: process.arch, executable: process.execPath, projectFolder }),
      versionOverride: server.runtime_version ?? undefined,
      arch: process.arch,
    });
    const spec: LibrarySpec = { kind: "file", path: library.path, version: library.version };
    const specs = Object.fromEntries(library.formats.map((format) => [format, spec]));
    const reason = library.formats.includes("rkllm") ? null : `${library.path} is the CPU runtime, which opens .gguf files only.`;
    return { specs: { gguf: builtIn, ...specs }, rkllmUnavailableReason: reason };
  } catch (thrown) {
    // A library that was asked for by name must be there; without one, .gguf models still run.
    if (server.runtime !== null) throw thrown;
    return { specs: { gguf: builtIn }, rkllmUnavailableReason: AppError.from(thrown).message };
  }
}

function chooseLauncher(model: ModelDescriptor, server: ServerConfig, environment: AppOptions["environment"], log: Log): LaunchHost {
  if (server.isolation === "thread") return launchHostThread;
  return hostProcessLauncher({
    command: engineHostCommand(server.exec_prefix),
    environment: { ...environment, RKLLM_LOG_LEVEL: String(server.native_log_level) },
    onOutput: (line) => log.debug("runtime library", { model: model.id, line }),
  });
}

async function openSlot(parts: {
  readonly model: ModelDescriptor;
  readonly defaults: GenerationDefaults;
  readonly signal: AbortSignal;
  readonly config: Config;
  readonly libraries: Libraries;
  readonly assets: NativeAssets;
  readonly environment: AppOptions["environment"];
  readonly soc: Soc | null;
  readonly log: Log;
}): Promise<HostedSlot> {
  const { model, config, log } = parts;
  const library = parts.libraries.specs[model.format];
  if (library === undefined) {
    throw new AppError(
      "model_not_runnable",
      `The model ${model.id} cannot run here: ${parts.libraries.rkllmUnavailableReason ?? "no library opens its format"}`,
    );
  }
  const inference = resolveInference(config.inference, model.id);
  const startedMs = performance.now();
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
      assets: parts.assets,
      options: openOptions(inference, parts.defaults.sampling, model, parts.soc),
    },
    // Our CPU runtime built as librkllmrt.so looks for llama.cpp where this variable says; Rockchip's library does not read it.
    launch: chooseLauncher(model, config.server, { RKLLM_CPU_LIBDIR: parts.assets.llamaDir, ...parts.environment }, log),
    limits: hostLimits(config.server, model.bytes),
    onLost: (error, outputTail) => log.error("engine host lost", { model: model.id, error: error.message, outputTail }),
  };
  const slot = await HostedSlot.open(options, parts.signal);
  const loadMs = Math.round(performance.now() - startedMs);
  log.info("model loaded", { model: model.id, runtime: library.version, contextTokens: slot.capabilities.contextTokens, loadMs });
  return slot;
}

/** The runtime wants a multiple of 32 at conversion; whether also at init is not documented, so the length is rounded down. */
const CONTEXT_STEP_TOKENS = 32;

/**
 * llama.cpp's threads wait for one another after every operation: one that has to share its core holds up all. So a core is left to the
 * server and whatever else runs. (Two threads on two busy cores decoded 2 to 4 tokens/s where one decoded 76 to 123.)
 */
const CPU_RUNTIME_THREADS_MAX = Math.max(1, availableParallelism() - 1);

function openOptions(inference: InferenceValues, sampling: Sampling, model: ModelDescriptor, soc: Soc | null): OpenOptions {
  const limit = Math.min(inference.max_context_len, model.contextTokensMax);
  return {
    contextTokens: limit - (limit % CONTEXT_STEP_TOKENS),
    sampling,
    nKeep: inference.n_keep,
    skipSpecialToken: inference.skip_special_token,
    baseDomainId: inference.base_domain_id,
    embedFlash: inference.embed_flash,
    cpuCount: model.format === "gguf" ? Math.min(inference.cpu_count, CPU_RUNTIME_THREADS_MAX) : inference.cpu_count,
    cpuMask: inference.cpu_mask ?? (soc === "rk3588" || soc === "rk3576" ? 0xf0 : 0x0f),
  };
}

/** A model of unknown speed from storage of unknown speed: a minute, and 45 s more for each gigabyte. */
const LOAD_BASE_MS = 60_000;
const LOAD_MS_PER_BYTE = 45_000 / 1e9;

function hostLimits(server: ServerConfig, modelBytes: number): HostLimits {
  return {
    loadTimeoutMs: server.load_timeout_s === null ? LOAD_BASE_MS + modelBytes * LOAD_MS_PER_BYTE : server.load_timeout_s * 1000,
    abortTimeoutMs: server.abort_timeout_s * 1000,
    pingTimeoutMs: server.host_ping_timeout_s * 1000,
    prefillStallMs: server.prefill_stall_timeout_s * 1000,
    prefillStallPerTokenMs: server.prefill_stall_per_token_s * 1000,
    decodeStallMs: server.decode_stall_timeout_s * 1000,
  };
}

/** A flag, a variable or a model's own section was set by somebody; what a file says for all models yields to the model's publisher. */
function defaultSources(config: Config, sources: ConfigSources, model: ModelDescriptor): DefaultSources {
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
