/** Counters and histograms of HTTP requests. */
import { Counter, Histogram, type Registry } from "./prometheus.ts";
import type { ModelLabels } from "./model-labels.ts";
import type { RequestRecord } from "./request-record.ts";

/** From a probe's millisecond to an answer of ten minutes. */
const DURATION_BUCKETS_S = [0.005, 0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** Registers them. */
export class RequestMetrics {
  private readonly requests;
  private readonly seconds;
  private readonly labels: ModelLabels;

  constructor(registers: Registry[], labels: ModelLabels) {
    this.labels = labels;
    this.requests = new Counter({
      name: "rockchip_llama_http_requests_total",
      help: "HTTP requests by what they were answered with.",
      labelNames: ["route", "method", "status", "model"],
      registers,
    });
    this.seconds = new Histogram({
      name: "rockchip_llama_http_request_duration_seconds",
      help: "Time from a request's arrival to the end of its reply.",
      labelNames: ["route"],
      buckets: DURATION_BUCKETS_S,
      registers,
    });
  }

  /** The reply's status is known; a stream may go on. */
  responded({ route, method, status, model }: RequestRecord): void {
    this.requests.inc({ route, method, status: String(status), model: this.labels.of(model) });
  }

  ended({ route, startedMs }: RequestRecord): void {
    this.seconds.observe({ route }, (performance.now() - startedMs) / 1000);
  }
}
