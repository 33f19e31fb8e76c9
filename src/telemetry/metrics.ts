/** Everything that `/metrics` shows, in the text form of Prometheus. */
import { Counter, Registry } from "./prometheus.ts";
import type { Census } from "./census.ts";
import { FleetMetrics } from "./fleet-metrics.ts";
import { MachineMetrics } from "./machine-metrics.ts";
import type { MachineReading } from "./machine.ts";
import { ModelLabels } from "./model-labels.ts";
import { RequestMetrics } from "./request-metrics.ts";
import type { ServerState } from "./server-state.ts";
import { StateMetrics } from "./state-metrics.ts";
import { WorkMetrics } from "./work-metrics.ts";

/** Spans that were sent, and that were not, since the start. */
export interface SpanCounts {
  readonly exported: number;
  readonly dropped: number;
}

/** One registry of its own: the library's default one belongs to nobody. */
export class Metrics {
  readonly requests: RequestMetrics;
  readonly work: WorkMetrics;
  private readonly registry = new Registry();
  private readonly state: StateMetrics;
  private readonly machine: MachineMetrics;
  private readonly fleet: FleetMetrics;
  private readonly spans;

  constructor(census: Census, version: string) {
    const registers = [this.registry];
    const labels = new ModelLabels();
    this.requests = new RequestMetrics(registers, labels);
    this.work = new WorkMetrics(registers, labels);
    this.state = new StateMetrics(registers, labels, census, version);
    this.machine = new MachineMetrics(registers);
    this.fleet = new FleetMetrics(registers, census);
    this.spans = new Counter({
      name: "rockchip_llama_trace_spans_total",
      help: "Spans of traces by whether the collector took them.",
      labelNames: ["result"],
      registers,
    });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** All metrics as they are now. */
  async text(state: ServerState, machine: MachineReading, spans: SpanCounts): Promise<string> {
    this.state.set(state);
    this.machine.set(machine);
    this.fleet.set(state);
    this.spans.reset();
    this.spans.inc({ result: "exported" }, spans.exported);
    this.spans.inc({ result: "dropped" }, spans.dropped);
    return this.registry.metrics();
  }
}
