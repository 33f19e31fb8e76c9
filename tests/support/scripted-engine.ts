/** An engine that says what a test tells it to, for tests of the wire alone. Everything behind the API is tested with the real one. */
import { createServer } from "../../src/api/server.ts";
import type { PromptCacheStatus } from "../../src/core/prompt-cache.ts";
import type { ServerOptions } from "../../src/api/context.ts";
import { LiveSettings } from "../../src/config/live-settings.ts";
import { loadConfig } from "../../src/config/load.ts";
import { AppError } from "../../src/core/errors.ts";
import type { GenerationEvent, GenerationRequest, Sampling } from "../../src/core/generation.ts";
import type { ModelDescriptor } from "../../src/core/model.ts";
import type { EmbeddingRequest } from "../../src/engine/embed.ts";
import type { Engine, Generation, LoadingModel, LoadOptions, ModelStatus } from "../../src/engine/engine.ts";
import type { Capability } from "../../src/engine/model-facts.ts";
import type { ModelMetadata } from "../../src/engine/model-metadata.ts";
import type { RerankRequest } from "../../src/engine/rerank.ts";
import { createResponseStore } from "../../src/store/response-store.ts";
import { createPageSource } from "../../src/web/load-page.ts";
import { Root } from "../../src/doctor/root.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { readable } from "./generation.ts";
import { NO_PROMPT_CACHE } from "./no-prompt-cache.ts";
import { scriptedLibrary } from "./scripted-library.ts";

export const MODEL: ModelDescriptor = {
  id: "qwen3-0.6b",
  aliases: ["qwen3:0.6b", "qwen3-0.6b-q4_1.gguf"],
  path: "/models/qwen3-0.6b-q4_1.gguf",
  format: "gguf",
  bytes: 400_000_000,
  modifiedMs: Date.parse("2026-01-02T03:04:05.000Z"),
  contextTokensMax: 4096,
  family: "qwen3",
  parameterSize: "0.6B",
  quantization: "Q4_1",
  sidecars: {},
};

/** What models run with where a request is silent. */
export const SAMPLING: Sampling = {
  temperature: 0.6,
  topK: 20,
  topP: 0.95,
  repeatPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  mirostat: 0,
  mirostatTau: 5,
  mirostatEta: 0.1,
};

export const SLASHED: ModelDescriptor = { ...MODEL, id: "org/tiny:1b", aliases: [], modifiedMs: MODEL.modifiedMs - 1000 };

/** A finish event in which every figure can be told from the others. */
export function finishEvent(change: Partial<GenerationEvent & { kind: "finish" }> = {}): GenerationEvent {
  return {
    kind: "finish",
    reason: "stop",
    usage: { promptTokens: 11, cachedTokens: 4, completionTokens: 2, reasoningTokens: 0 },
    timings: { loadMs: 1.5, queueMs: 3, prefillTokens: 7, prefillMs: 14, decodeTokens: 2, decodeMs: 100, memoryMb: 512, totalMs: 120 },
    ...change,
  };
}

/** Thinks, speaks, calls one function in pieces and one without arguments; a finish has to follow. */
export const CALLS: readonly GenerationEvent[] = [
  { kind: "reasoning", text: "Weather" },
  { kind: "reasoning", text: " first." },
  { kind: "text", text: "Let me see. 漢字 😀" },
  { kind: "tool_call_start", index: 0, id: "call_a", name: "get_weather" },
  { kind: "tool_call_arguments", index: 0, text: '{"city":' },
  { kind: "tool_call_arguments", index: 0, text: '"Oslo"}' },
  { kind: "tool_call_start", index: 1, id: "call_b", name: "get_time" },
];

/** Stopped by the token limit in the middle of its second call. */
export const CUT: readonly GenerationEvent[] = [
  { kind: "tool_call_start", index: 0, id: "call_a", name: "get_weather" },
  { kind: "tool_call_arguments", index: 0, text: '{"city":"Oslo"}' },
  { kind: "tool_call_start", index: 1, id: "call_b", name: "get_time" },
  { kind: "tool_call_arguments", index: 1, text: '{"zone":"Eur' },
  finishEvent({ reason: "length" }),
];

export const HELLO: readonly GenerationEvent[] = [{ kind: "text", text: "Hel" }, { kind: "text", text: "lo" }, finishEvent()];

/** A model that is loaded and idle, in which every figure can be told from the others. */
export const LOADED: ModelStatus = {
  id: MODEL.id,
  baseId: MODEL.id,
  bytes: MODEL.bytes,
  memoryBytes: 500_000_000,
  slots: 1,
  lanes: 1,
  threads: 1,
  contextTokens: 4096,
  runtimeVersion: "1.3.0",
  running: false,
  queued: 0,
  full: false,
  pinned: false,
  expiresAtMs: Date.parse("2026-01-02T03:09:05.000Z"),
  loadedAtMs: Date.parse("2026-01-02T03:04:00.000Z"),
};

export interface Script {
  /** What is loaded; by default one model. */
  readonly loaded?: readonly ModelStatus[];
  /** What is being loaded; by default nothing. */
  readonly loading?: readonly LoadingModel[];
  /** The answer, or what is thrown in its place after the events before it. */
  readonly events?: readonly (GenerationEvent | Error)[];
  /** An answer made while it is read; takes the place of `events`. */
  readonly play?: (request: GenerationRequest, signal: AbortSignal) => AsyncIterable<GenerationEvent>;
  /** Options that the runtime behind this engine cannot change per run. */
  readonly samplingIgnored?: Generation["samplingIgnored"];
  /** What is kept on disk. */
  readonly promptCache?: PromptCacheStatus;
  /** The server has been told to stop. */
  readonly draining?: boolean;
  /** The vectors of a request; by default all are the same. Token ids are letters by code point. */
  readonly embed?: (request: EmbeddingRequest, signal: AbortSignal) => Promise<readonly Float32Array[]>;
  /** The scores of documents; by default all are the same. */
  readonly scores?: readonly number[];
  /** What the models can do; by default they complete, know tools and think. */
  readonly capabilities?: readonly Capability[];
  /** What the models' file says of itself. */
  readonly metadata?: Partial<ModelMetadata>;
  /** Runs before a request is admitted; what it throws is the refusal. */
  readonly admit?: (request: GenerationRequest, signal: AbortSignal) => Promise<void>;
}

export interface ScriptedEngine extends Engine {
  /** Every call of `load` and `unload`, in order. */
  readonly residence: ({ readonly load: string; readonly options: LoadOptions } | { readonly unload: string })[];
  /** When requests for an answer were about to come, performance.now(). */
  readonly expected: number[];
  /** Every request for vectors. */
  readonly embeddings: EmbeddingRequest[];
  /** Every request to score documents. */
  readonly rankings: RerankRequest[];
  /** Every request that came, in order, with the signal it came with. */
  readonly requests: { readonly request: GenerationRequest; readonly signal: AbortSignal }[];
}

/** The events as an answer gives them, one after another; an error is thrown where it stands. */
export async function* recite(events: readonly (GenerationEvent | Error)[]): AsyncGenerator<GenerationEvent> {
  for (const event of events) {
    if (event instanceof Error) throw event;
    yield event;
  }
}

export function scriptedEngine(script: Script = {}): ScriptedEngine {
  const requests: ScriptedEngine["requests"] = [];
  const residence: ScriptedEngine["residence"] = [];
  const expected: number[] = [];
  const loaded = script.loaded ?? [LOADED];
  const rankings: ScriptedEngine["rankings"] = [];
  const embeddings: ScriptedEngine["embeddings"] = [];
  const model = async (name: string): Promise<ModelDescriptor> => {
    const found = [MODEL, SLASHED].find((each) => name === "" || [each.id, ...each.aliases].includes(name));
    if (found === undefined)
      throw new AppError("model_not_found", `The model "${name}" does not exist. There are: ${MODEL.id}, ${SLASHED.id}.`);
    return found;
  };
  return {
    requests,
    expected,
    embeddings,
    rankings,
    residence,
    model,
    expect: () => expected.push(performance.now()),
    models: async () => [MODEL, SLASHED],
    facts: async (of) => ({
      model: of,
      capabilities: script.capabilities ?? ["completion", "tools", "thinking"],
      template: "{{ messages[0].content }}",
      embeddingLength: 1024,
      contextTokens: 4096,
    }),
    metadata: async () => ({ values: { "general.architecture": "qwen3" }, tensors: [], sampling: SAMPLING, ...script.metadata }),
    generate: async (request, signal): Promise<Generation> => {
      requests.push({ request, signal });
      const resolved = await model(request.model);
      await script.admit?.(request, signal);
      return {
        model: resolved,
        promptTokens: 11,
        queuePosition: 0,
        queueWaitMs: 0,
        samplingIgnored: script.samplingIgnored ?? [],
        ...readable(script.play?.(request, signal) ?? recite(script.events ?? HELLO)),
      };
    },
    countTokens: async (request, signal) => {
      requests.push({ request, signal });
      await model(request.model);
      await script.admit?.(request, signal);
      return 11;
    },
    embed: async (request, signal) => {
      embeddings.push(request);
      const resolved = await model(request.model);
      const vectors = await (script.embed?.(request, signal) ?? request.inputs.map(() => Float32Array.of(0.6, 0.8)));
      return { model: resolved, vectors, tokens: vectors.map(() => 3), loadMs: 1.5, queuePosition: 0, queueMs: 2 };
    },
    rerank: async (request) => {
      rankings.push(request);
      const scores = script.scores ?? request.documents.map(() => 0.5);
      return { model: await model(request.model), scores, tokens: [3, 4], queuePosition: 0, queueMs: 2 };
    },
    tokenize: async (name, text, { addSpecial, pieces }) => {
      const letters = Array.from(addSpecial ? `^${text}` : text);
      return {
        model: await model(name),
        contextTokens: 4096,
        text,
        ids: letters.map((letter) => letter.codePointAt(0) ?? 0),
        pieces: pieces ? letters : [],
      };
    },
    detokenize: async (name, ids) => ({
      model: await model(name),
      contextTokens: 4096,
      text: String.fromCodePoint(...ids),
      ids,
      pieces: [],
    }),
    applyTemplate: async (request, { pieces }) => {
      requests.push({ request, signal: new AbortController().signal });
      const text = request.input.kind === "chat" ? request.input.messages.map(({ role, content }) => `<${role}>${content}`).join("") : "";
      return { model: await model(request.model), contextTokens: 4096, text, ids: [1, 2], pieces: pieces ? ["<", [195]] : [] };
    },
    load: async (name, options) => {
      residence.push({ load: name, options });
      const { id } = await model(name);
      return { ...LOADED, id, baseId: id, pinned: options.pinned ?? false };
    },
    unload: async (name) => {
      residence.push({ unload: name });
      const { id } = await model(name);
      return loaded.some(({ baseId }) => baseId === id);
    },
    status: () => ({ uptimeS: 42.4, draining: script.draining ?? false, models: loaded, loading: script.loading ?? [] }),
    drain: () => {},
    promptCache: () => script.promptCache ?? NO_PROMPT_CACHE.status(),
    clearPromptCache: async (name) => {
      if (name !== undefined) await model(name);
      return 2;
    },
    warm: async (request, signal) => {
      requests.push({ request, signal });
      return { model: await model(request.model), tokens: 11, bytes: 1234 };
    },
    close: async () => {},
  };
}

/** Log lines at the levels that tests look at. */
export interface RecordedLog {
  readonly level: string;
  readonly message: string;
  readonly facts: unknown;
}

/** Server options that make every reply the same on every run. */
export function serverOptions(engine: Engine, change: Partial<ServerOptions> = {}, lines: RecordedLog[] = []): ServerOptions {
  const writer = (level: string) => (message: string, facts?: unknown) => void lines.push({ level, message, facts });
  let ids = 0;
  const log = { error: writer("error"), warn: writer("warn"), info: writer("info"), debug: writer("debug") };
  return {
    engine,
    library: scriptedLibrary(),
    version: "9.9.9",
    stage: () => "serving",
    telemetry: new Telemetry({ version: "9.9.9", root: new Root("/nowhere"), exporter: null, log }),
    metrics: "on",
    logsPrompts: false,
    log,
    access: { keys: { current: () => [] }, allow: [], rateLimit: null },
    responses: createResponseStore({ path: ":memory:", responsesMax: 100, bytesMax: 1_000_000, ageMaxMs: 3_600_000, warn: writer("warn") }),
    settings: new LiveSettings(loadConfig({ argv: [], env: { HOME: "/home/user" }, cwd: "/" })),
    page: createPageSource(),
    corsOrigins: ["http://localhost:*"],
    bodyBytesMax: 65_536,
    keepAliveCommentS: 60,
    headerWaitMs: 5000,
    idleTimeoutS: 30,
    stallMs: 30_000,
    nowMs: () => Date.parse("2026-01-02T03:04:05.678Z"),
    newId: () => `r${(ids += 1)}`,
    ...change,
  };
}

/** A request without a socket, as a test writes it. A string body goes as it is. */
export async function ask(
  script: Script | Engine,
  path: string,
  init: { readonly body?: unknown; readonly method?: string; readonly headers?: Record<string, string> } = {},
  change: Partial<ServerOptions> = {},
): Promise<Response> {
  const engine = "generate" in script ? script : scriptedEngine(script);
  const app = createServer(serverOptions(engine, change));
  const body = init.body === undefined ? null : typeof init.body === "string" ? init.body : JSON.stringify(init.body);
  return app.handle(
    new Request(`http://localhost${path}`, { method: init.method ?? (body === null ? "GET" : "POST"), headers: init.headers ?? {}, body }),
  );
}
