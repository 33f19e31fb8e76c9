/**
 * The gauges by which a fleet of servers is routed: the Gateway API Inference Extension's endpoint picker reads them under the names that
 * vLLM has given them. It takes the first series of a name, whatever its labels, so each has one series for the whole server.
 * source: the extension's model server protocol (docs/proposals/003-model-server-protocol)
 */
import { Gauge, type Registry } from "./prometheus.ts";
import { PREFIX_STEP_TOKENS } from "../core/prompt-cache.ts";
import { type Census, contextRoom, contextUsed } from "./census.ts";
import type { ServerState } from "./server-state.ts";

/** Registers them. */
export class FleetMetrics {
  private readonly census: Census;
  private readonly waiting;
  private readonly running;
  private readonly usage;
  private readonly usageByItsOldName;
  private readonly adapters;
  private readonly cacheConfig;

  constructor(registers: Registry[], census: Census) {
    this.census = census;
    this.waiting = new Gauge({ name: "vllm:num_requests_waiting", help: "Requests that wait, of all models.", registers });
    this.running = new Gauge({ name: "vllm:num_requests_running", help: "Requests that have their turn, of all models.", registers });
    this.usage = new Gauge({
      name: "vllm:kv_cache_usage_perc",
      help: "Part of the KV cache that running requests fill, 0 to 1: of the loaded model that is fullest.",
      registers,
    });
    this.usageByItsOldName = new Gauge({
      name: "vllm:gpu_cache_usage_perc",
      help: "The same under the name it had before.",
      registers,
    });
    this.adapters = new Gauge({
      name: "vllm:lora_requests_info",
      help: "Adapters of requests that run and that wait; the value is when that was so, seconds since the epoch.",
      labelNames: ["running_lora_adapters", "waiting_lora_adapters", "max_lora"],
      registers,
    });
    this.cacheConfig = new Gauge({
      name: "vllm:cache_config_info",
      help: "1, with the size of the KV cache of the loaded model that has the most: blocks, and tokens in each.",
      labelNames: ["block_size", "num_gpu_blocks"],
      registers,
    });
  }

  set({ models }: ServerState): void {
    const { waiting, running } = this.census.total();
    this.waiting.set(waiting);
    this.running.set(running);
    const usage = Math.max(0, ...models.map((model) => contextUsed(this.census.contextTokens(model.baseId), model)));
    this.usage.set(usage);
    this.usageByItsOldName.set(usage);
    const adapters = this.census.adapters();
    // An adapter takes a turn like any other request; how many may be loaded beside each other has no limit that is known.
    const atOnce = Math.max(
      1,
      models.reduce((sum, { slots }) => sum + slots, 0),
    );
    this.adapters.reset();
    this.adapters.set(
      {
        running_lora_adapters: adapters.running.join(","),
        waiting_lora_adapters: adapters.waiting.join(","),
        max_lora: String(atOnce),
      },
      Date.now() / 1000,
    );
    const tokens = Math.max(0, ...models.map(contextRoom));
    const blocks = Math.floor(tokens / PREFIX_STEP_TOKENS);
    this.cacheConfig.reset();
    this.cacheConfig.set({ block_size: String(PREFIX_STEP_TOKENS), num_gpu_blocks: String(blocks) }, 1);
  }
}
