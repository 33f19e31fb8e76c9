/** Gauges of the server's state, and counters that others keep: all are set when somebody asks. */
import { readdirSync } from "node:fs";
import { Counter, Gauge, type Registry } from "./prometheus.ts";
import { type Census, contextUsed } from "./census.ts";
import type { ModelLabels } from "./model-labels.ts";
import type { ServerState } from "./server-state.ts";

/** Registers them. */
export class StateMetrics {
  private readonly registers: Registry[];
  private readonly labels: ModelLabels;
  private readonly census: Census;
  private readonly waiting;
  private readonly running;
  private readonly loaded;
  private readonly memory;
  private readonly context;
  private readonly contextUsed;
  private readonly loading;
  private readonly draining;
  private readonly cacheBytes;
  private readonly cacheLimit;
  private readonly cacheEntries;
  private readonly cacheWritten;
  private readonly cacheLookups;
  private readonly cacheTokens;
  private readonly cacheSeconds;
  private readonly processMemory;
  private readonly processFiles;
  private readonly processSeconds;

  constructor(registers: Registry[], labels: ModelLabels, census: Census, version: string) {
    this.registers = registers;
    this.labels = labels;
    this.census = census;
    this.waiting = this.gauge("rockchip_llama_requests_waiting", "Requests that wait for their model or their turn.", ["model"]);
    this.running = this.gauge("rockchip_llama_requests_running", "Requests that have their turn.", ["model"]);
    this.loaded = this.gauge("rockchip_llama_model_loaded", "1 for each model that is loaded.", ["model"]);
    this.memory = this.gauge("rockchip_llama_model_memory_bytes", "Resident memory of a model's engine hosts.", ["model"]);
    this.context = this.gauge("rockchip_llama_model_context_tokens", "Length of the context that a model is open with.", ["model"]);
    this.contextUsed = this.gauge("rockchip_llama_model_context_used_ratio", "Part of its contexts that running requests fill.", ["model"]);
    this.loading = this.gauge("rockchip_llama_models_loading", "Models that are being loaded.", []);
    this.draining = this.gauge("rockchip_llama_draining", "1 when the server was told to stop and takes nothing on.", []);
    this.cacheBytes = this.gauge("rockchip_llama_prompt_cache_bytes", "What is kept of prompts on disk.", []);
    this.cacheLimit = this.gauge("rockchip_llama_prompt_cache_limit_bytes", "What may be kept of prompts on disk.", []);
    this.cacheEntries = this.gauge("rockchip_llama_prompt_cache_entries", "Prompts that are kept on disk.", []);
    this.cacheWritten = this.gauge("rockchip_llama_prompt_cache_written_today_bytes", "Written of prompts since midnight (UTC).", []);
    this.cacheLookups = this.counter("rockchip_llama_prompt_cache_lookups_total", "Prompts looked for on disk, by what came of it.", [
      "result",
    ]);
    this.cacheTokens = this.counter("rockchip_llama_prompt_cache_saved_tokens_total", "Tokens read from disk and not computed.", []);
    this.cacheSeconds = this.counter("rockchip_llama_prompt_cache_saved_seconds_total", "Time that this has spared.", []);
    this.processMemory = this.gauge("process_resident_memory_bytes", "Resident memory of the server process, without engine hosts.", []);
    this.processFiles = this.gauge("process_open_fds", "Open files and connections of the server process.", []);
    this.processSeconds = this.counter("process_cpu_seconds_total", "Processor time of the server process, without engine hosts.", []);
    this.gauge("process_start_time_seconds", "When the server process started, seconds since the epoch.", []).set(
      Math.round(Date.now() / 1000 - process.uptime()),
    );
    this.gauge("rockchip_llama_build_info", "1, with the version of the program.", ["version"]).set({ version }, 1);
  }

  set(state: ServerState): void {
    this.setModels(state);
    this.draining.set(Number(state.draining));
    const { promptCache } = state;
    this.cacheBytes.set(promptCache.bytes);
    this.cacheLimit.set(promptCache.bytesMax);
    this.cacheEntries.set(promptCache.entries.length);
    this.cacheWritten.set(promptCache.bytesWrittenToday);
    this.cacheLookups.reset();
    this.cacheLookups.inc({ result: "hit" }, promptCache.hits);
    this.cacheLookups.inc({ result: "miss" }, promptCache.misses);
    this.cacheLookups.inc({ result: "passed" }, promptCache.passed);
    replace(this.cacheTokens, promptCache.tokensSaved);
    replace(this.cacheSeconds, promptCache.msSaved / 1000);
    this.processMemory.set(process.memoryUsage.rss());
    this.processFiles.set(openFiles());
    const { user, system } = process.cpuUsage();
    replace(this.processSeconds, (user + system) / 1e6);
  }

  private setModels({ models, loading }: ServerState): void {
    for (const each of [this.waiting, this.running, this.loaded, this.memory, this.context, this.contextUsed]) each.reset();
    for (const [id, { waiting, running }] of this.census.byModel()) {
      const model = this.labels.of(id);
      this.waiting.inc({ model }, waiting);
      this.running.inc({ model }, running);
    }
    for (const state of models) {
      const model = this.labels.of(state.baseId);
      // Idle models are shown as such.
      this.waiting.inc({ model }, 0);
      this.running.inc({ model }, 0);
      this.loaded.set({ model }, 1);
      if (state.memoryBytes !== null) this.memory.set({ model }, state.memoryBytes);
      this.context.set({ model }, state.contextTokens);
      this.contextUsed.set({ model }, contextUsed(this.census.contextTokens(state.baseId), state));
    }
    this.loading.set(loading.length);
  }

  private gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: this.registers });
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: this.registers });
  }
}

/** A total that is counted elsewhere. */
function replace(counter: Counter<never>, total: number): void {
  counter.reset();
  counter.inc(total);
}

function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
