/** Counters and histograms of what the engine does. All are touched once for each answer, none for each token. */
import { Counter, Gauge, Histogram, type Registry } from "./prometheus.ts";
import type { AppError } from "../core/errors.ts";
import type { HostEnd } from "../core/observation.ts";
import type { ModelLabels } from "./model-labels.ts";
import { interTokenMs, outcomeOf, type Work } from "./work.ts";

/** The runtime reads it as the kernel counts it, in KiB, and divides by 1024. */
const BYTES_PER_MB = 1024 * 1024;

const BATCH_SIZES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const LOAD_BUCKETS_S = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300];
const WAIT_BUCKETS_S = [0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const POSITION_BUCKETS = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const TTFT_BUCKETS_S = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300];
const ITL_BUCKETS_S = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2];
const DURATION_BUCKETS_S = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];
const PREFILL_BUCKETS = [10, 25, 50, 100, 200, 300, 500, 750, 1000, 2000, 5000];
const DECODE_BUCKETS = [1, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 200];

/** Registers them. */
export class WorkMetrics {
  private readonly registers: Registry[];
  private readonly labels: ModelLabels;
  private readonly work;
  private readonly promptTokens;
  private readonly cachedTokens;
  private readonly generatedTokens;
  private readonly reasoningTokens;
  private readonly duration;
  private readonly wait;
  private readonly position;
  private readonly firstToken;
  private readonly interToken;
  private readonly prefillRate;
  private readonly decodeRate;
  private readonly batches;
  private readonly loads;
  private readonly loadTime;
  private readonly hostRestarts;
  private readonly memoryPeak;

  constructor(registers: Registry[], labels: ModelLabels) {
    this.registers = registers;
    this.labels = labels;
    this.work = this.counter("work_total", "Answers, embeddings, rankings and warmings that ended, by how.", ["kind", "model", "outcome"]);
    this.promptTokens = this.counter("prompt_tokens_total", "Tokens of prompts, the cached part included.", ["model"]);
    this.cachedTokens = this.counter("cached_prompt_tokens_total", "Tokens of prompts that need not be computed.", ["model"]);
    this.generatedTokens = this.counter("generated_tokens_total", "Tokens that were generated.", ["model"]);
    this.reasoningTokens = this.counter("reasoning_tokens_total", "Generated tokens that were thoughts, of whole answers.", ["model"]);
    this.duration = this.histogram("answer_duration_seconds", "Time from an answer's request to its last token.", DURATION_BUCKETS_S);
    this.wait = this.histogram("queue_wait_seconds", "Time that work waited for its turn on a loaded model.", WAIT_BUCKETS_S);
    this.position = this.histogram("queue_position", "Work that was ahead when work took its place on a loaded model.", POSITION_BUCKETS);
    this.firstToken = this.histogram("time_to_first_token_seconds", "Time from an answer's request to its first token.", TTFT_BUCKETS_S);
    this.interToken = this.histogram("inter_token_latency_seconds", "Mean time between the tokens of an answer.", ITL_BUCKETS_S);
    this.prefillRate = this.histogram("prefill_tokens_per_second", "Speed at which an answer's prompt was computed.", PREFILL_BUCKETS);
    this.decodeRate = this.histogram("decode_tokens_per_second", "Speed at which an answer was generated.", DECODE_BUCKETS);
    this.batches = this.histogram("batch_size", "Prompts that were run together.", BATCH_SIZES);
    this.loads = this.counter("model_loads_total", "Times that a model was opened, or could not be.", ["model", "result"]);
    this.loadTime = this.histogram("model_load_seconds", "Time that opening a model took.", LOAD_BUCKETS_S);
    this.hostRestarts = this.counter(
      "host_restarts_total",
      "Engine hosts that had to be opened anew: they were lost, or their memory had grown.",
      ["model", "reason"],
    );
    this.memoryPeak = new Gauge({
      name: "rockchip_llama_model_memory_peak_bytes",
      help: "Most memory that a model's process has taken, as the runtime said with the last answer.",
      labelNames: ["model"],
      registers,
    });
  }

  ended(work: Work): void {
    const { kind, answer, loadedMs, grantedMs, endedMs, arrivedMs, firstTokenMs, position } = work;
    const model = this.labels.of(work.model);
    this.work.inc({ kind, model, outcome: outcomeOf(work) });
    if (loadedMs !== null && grantedMs !== null) this.wait.observe({ model }, (grantedMs - loadedMs) / 1000);
    if (position !== null) this.position.observe({ model }, position);
    if (work.generatedTokens > 0) this.generatedTokens.inc({ model }, work.generatedTokens);
    if (kind !== "answer") {
      if (work.error === null) this.promptTokens.inc({ model }, work.promptTokens);
      return;
    }
    if (firstTokenMs !== null) this.firstToken.observe({ model }, (firstTokenMs - arrivedMs) / 1000);
    const itlMs = interTokenMs(work);
    if (itlMs !== null) this.interToken.observe({ model }, itlMs / 1000);
    if (answer === null || endedMs === null) return;
    const { usage, timings } = answer;
    this.duration.observe({ model }, (endedMs - arrivedMs) / 1000);
    this.promptTokens.inc({ model }, usage.promptTokens);
    this.cachedTokens.inc({ model }, usage.cachedTokens);
    this.reasoningTokens.inc({ model }, usage.reasoningTokens);
    if (timings.memoryMb > 0) this.memoryPeak.set({ model: this.labels.of(work.baseModel) }, timings.memoryMb * BYTES_PER_MB);
    if (timings.prefillMs > 0) this.prefillRate.observe({ model }, (timings.prefillTokens * 1000) / timings.prefillMs);
    if (timings.decodeMs > 0) this.decodeRate.observe({ model }, (timings.decodeTokens * 1000) / timings.decodeMs);
  }

  batch(model: string, size: number): void {
    this.batches.observe({ model: this.labels.of(model) }, size);
  }

  opened(id: string, ms: number, error: AppError | null): void {
    const model = this.labels.of(id);
    this.loads.inc({ model, result: error === null ? "ok" : error.code });
    if (error === null) this.loadTime.observe({ model }, ms / 1000);
  }

  hostEnded(model: string, reason: HostEnd): void {
    this.hostRestarts.inc({ model: this.labels.of(model), reason });
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name: `rockchip_llama_${name}`, help, labelNames, registers: this.registers });
  }

  private histogram(name: string, help: string, buckets: number[]): Histogram<"model"> {
    return new Histogram({ name: `rockchip_llama_${name}`, help, labelNames: ["model"], buckets, registers: this.registers });
  }
}
