/** The state of the server as GET /v1/status shows it. What this machine cannot say is null. */
import type { EngineStatus, ModelStatus } from "../../engine/engine.ts";
import { contextUsed } from "../../telemetry/census.ts";
import { SAMPLE_MS } from "../../telemetry/throughput.ts";
import type { Telemetry } from "../../telemetry/telemetry.ts";
import type { ApiContext } from "../context.ts";
import type { JsonObject } from "../dialect.ts";

/** All of it. */
export function statusObject({ engine, telemetry, version, nowMs }: ApiContext): JsonObject {
  const status = engine.status();
  const machine = telemetry.machine();
  const totals = telemetry.totals();
  return {
    object: "status",
    version,
    uptime_s: Math.round(status.uptimeS),
    time: iso(nowMs()),
    draining: status.draining,
    queue: queueObject(telemetry),
    models: modelObjects(status, telemetry),
    throughput: { sample_s: SAMPLE_MS / 1000, samples: sampleObjects(telemetry) },
    totals: {
      requests: totals.requests,
      failed: totals.failed,
      prompt_tokens: totals.promptTokens,
      cached_tokens: totals.cachedTokens,
      generated_tokens: totals.generatedTokens,
    },
    prompt_cache: cacheObject(engine.promptCache()),
    npu: machine.npu === null ? null : npuObject(machine.npu),
    temperatures: machine.temperatures,
    cpu: machine.cpu.map(({ cores, frequencyHz, frequencyMaxHz }) => ({
      cores,
      frequency_hz: frequencyHz,
      frequency_max_hz: frequencyMaxHz,
    })),
    memory: {
      total_bytes: machine.memory?.totalBytes ?? null,
      available_bytes: machine.memory?.availableBytes ?? null,
      gateway_bytes: process.memoryUsage.rss(),
      hosts_bytes: hostsBytes(status.models),
    },
    errors: errorObjects(telemetry),
    doctor: doctorObject(telemetry),
  };
}

function queueObject({ census }: Telemetry): JsonObject {
  const models = [...census.byModel()].map(([id, { waiting, running }]) => ({ id, waiting, running }));
  return { ...census.total(), models };
}

function modelObjects({ models, loading }: EngineStatus, { census }: Telemetry): readonly JsonObject[] {
  const counts = census.byModel();
  const loaded = models.map((model) => {
    const { waiting, running } = counts.get(model.baseId) ?? { waiting: 0, running: 0 };
    return {
      id: model.id,
      base_id: model.baseId,
      state: running > 0 || model.running ? "running" : "idle",
      slots: model.slots,
      lanes: model.lanes,
      memory_bytes: model.memoryBytes,
      file_bytes: model.bytes,
      context_length: model.contextTokens,
      context_used: contextUsed(census.contextTokens(model.baseId), model),
      runtime_version: model.runtimeVersion,
      pinned: model.pinned,
      waiting,
      running,
      loaded_at: iso(model.loadedAtMs),
      expires_at: model.expiresAtMs === null ? null : iso(model.expiresAtMs),
    };
  });
  const arriving = loading.map((model) => ({
    id: model.id,
    base_id: model.id,
    state: "loading",
    slots: null,
    lanes: null,
    memory_bytes: model.memoryBytes,
    file_bytes: null,
    context_length: null,
    context_used: null,
    runtime_version: null,
    pinned: null,
    waiting: counts.get(model.id)?.waiting ?? 0,
    running: 0,
    loaded_at: null,
    expires_at: null,
  }));
  return [...loaded, ...arriving];
}

function sampleObjects(telemetry: Telemetry): readonly JsonObject[] {
  const seconds = SAMPLE_MS / 1000;
  return telemetry.samples().map(({ timeMs, ended, tokens, promptTokens, ttftMs }) => ({
    time: iso(timeMs),
    requests: ended,
    tokens_per_s: rounded(tokens / seconds),
    prompt_tokens_per_s: rounded(promptTokens / seconds),
    ttft_s: ttftMs === null ? null : rounded(ttftMs / 1000),
  }));
}

function cacheObject(cache: ReturnType<ApiContext["engine"]["promptCache"]>): JsonObject {
  return {
    entries: cache.entries.length,
    bytes: cache.bytes,
    bytes_max: cache.bytesMax,
    bytes_written_today: cache.bytesWrittenToday,
    hits: cache.hits,
    misses: cache.misses,
    passed: cache.passed,
    tokens_saved: cache.tokensSaved,
    ms_saved: Math.round(cache.msSaved),
  };
}

function npuObject(npu: NonNullable<ReturnType<Telemetry["machine"]>["npu"]>): JsonObject {
  return {
    frequency_hz: npu.frequencyHz,
    frequency_max_hz: npu.frequencyMaxHz,
    load: npu.load === null ? null : rounded(npu.load),
    cores: npu.cores,
  };
}

/** null as soon as one of them cannot be told. */
function hostsBytes(models: readonly ModelStatus[]): number | null {
  let sum = 0;
  for (const { memoryBytes } of models) {
    if (memoryBytes === null) return null;
    sum += memoryBytes;
  }
  return sum;
}

function errorObjects({ failures }: Telemetry): readonly JsonObject[] {
  return failures.newest().map(({ timeMs, requestId, status, code, model, message }) => ({
    time: iso(timeMs),
    request_id: requestId,
    status,
    code,
    model,
    message,
  }));
}

function doctorObject(telemetry: Telemetry): JsonObject {
  const { value, timeMs } = telemetry.report();
  const sections = value.sections.map(({ title, findings }) => ({
    title,
    findings: findings.map(({ check, level, text, fix }) => ({ check, level, text, fix: fix ?? null })),
  }));
  return { level: value.level, checked_at: iso(timeMs), sections };
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** More digits say nothing. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
