/** Everything that watches the server: it is told of requests and of work, and says what it has seen. */
import type { AppError } from "../core/errors.ts";
import type { Observer } from "../core/observation.ts";
import { examineMachine } from "../doctor/examine.ts";
import type { Report } from "../doctor/finding.ts";
import type { Root } from "../doctor/root.ts";
import { userName } from "../doctor/user.ts";
import { Census } from "./census.ts";
import { Failures } from "./failures.ts";
import type { Log } from "./log.ts";
import { type MachineReading, readMachine } from "./machine.ts";
import { Metrics } from "./metrics.ts";
import { RequestRecord } from "./request-record.ts";
import { Remembered } from "./remembered.ts";
import type { ServerState } from "./server-state.ts";
import type { SpanExporter } from "./span-exporter.ts";
import { spansOf } from "./spans.ts";
import { Throughput, type ThroughputSample } from "./throughput.ts";
import { traceContextOf } from "./trace-context.ts";
import { workFacts } from "./work-line.ts";
import { Work } from "./work.ts";

/** What it works with. */
export interface TelemetryOptions {
  readonly version: string;
  /** The machine that the server runs on. */
  readonly root: Root;
  /** null: nobody wants traces. */
  readonly exporter: SpanExporter | null;
  readonly log: Log;
}

/** Since the start. */
export interface Totals {
  /** Answers, embeddings and the like that ended, however that was. */
  readonly requests: number;
  /** Requests that failed by the server's fault or for want of room. */
  readonly failed: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly generatedTokens: number;
}

/** Requests that can be open at once before the oldest is forgotten: some never end, such as those whose reply nobody began to read. */
const OPEN_MAX = 10_000;

/** How long what the machine shows counts as now, ms; several may look at once. */
const READING_MS = 1000;
const REPORT_MS = 60_000;

/** One for each server. */
export class Telemetry {
  /** For the engine. */
  readonly observer: Observer;
  readonly census = new Census();
  readonly failures = new Failures();
  private readonly options: TelemetryOptions;
  private readonly metrics: Metrics;
  private readonly throughput = new Throughput(performance.now());
  private readonly open = new Map<string, RequestRecord>();
  private readonly machineNow: Remembered<MachineReading>;
  private readonly reportNow: Remembered<Report>;
  private readonly sums = { requests: 0, promptTokens: 0, cachedTokens: 0, generatedTokens: 0 };

  constructor(options: TelemetryOptions) {
    this.options = options;
    this.metrics = new Metrics(this.census, options.version);
    this.machineNow = new Remembered(READING_MS, () => readMachine(options.root));
    this.reportNow = new Remembered(REPORT_MS, () => examineMachine(options.root, userName()));
    const listeners = {
      throughput: this.throughput,
      onResolved: (work: Work) => this.resolved(work),
      onEnd: (work: Work) => this.workEnded(work),
    };
    this.observer = {
      begin: (kind, requestId) => {
        const work = new Work(kind, requestId, listeners);
        this.open.get(requestId)?.works.push(work);
        return work;
      },
      batch: (model, size) => this.metrics.work.batch(model, size),
      opened: (model, ms, error) => this.metrics.work.opened(model, ms, error),
      hostEnded: (model, why) => this.metrics.work.hostEnded(model, why),
    };
  }

  /** An HTTP request has come. */
  begin(id: string, request: Request): RequestRecord {
    const { exporter } = this.options;
    const record = new RequestRecord(id, request.method, exporter === null ? null : traceContextOf(request.headers));
    const [oldest] = this.open.keys();
    if (oldest !== undefined && this.open.size >= OPEN_MAX) this.open.delete(oldest);
    this.open.set(id, record);
    return record;
  }

  /** Its status is known; its reply may go on. */
  responded(record: RequestRecord, route: string, status: number): void {
    record.route = route;
    record.status = status;
    this.metrics.requests.responded(record);
  }

  /** Its reply is over. */
  ended(record: RequestRecord): void {
    this.open.delete(record.id);
    this.metrics.requests.ended(record);
    this.options.exporter?.add(spansOf(record, performance.now()));
  }

  /** It has failed, at once or in the middle of its reply. */
  failed(record: RequestRecord, status: number, error: AppError): void {
    this.failures.note(Date.now(), record.id, status, record.model, error);
  }

  get metricsType(): string {
    return this.metrics.contentType;
  }

  async metricsText(state: ServerState): Promise<string> {
    return this.metrics.text(state, this.machine(), this.options.exporter ?? { exported: 0, dropped: 0 });
  }

  machine(): MachineReading {
    return this.machineNow.get().value;
  }

  /** What the doctor finds of the machine itself, and when it looked, ms since the epoch. */
  report(): { readonly value: Report; readonly timeMs: number } {
    return this.reportNow.get();
  }

  samples(): readonly ThroughputSample[] {
    return this.throughput.samples(performance.now(), Date.now());
  }

  totals(): Totals {
    return { ...this.sums, failed: this.failures.total };
  }

  /** Sends the traces that have not been sent. */
  async close(): Promise<void> {
    await this.options.exporter?.flush();
  }

  private resolved(work: Work): void {
    this.census.add(work);
    const record = this.open.get(work.requestId);
    if (record !== undefined) record.model = work.model;
  }

  private workEnded(work: Work): void {
    const { answer } = work;
    this.census.remove(work);
    this.metrics.work.ended(work);
    this.options.log.info(work.kind, workFacts(work));
    this.throughput.ended(performance.now(), answer?.timings.prefillTokens ?? 0);
    this.sums.requests += 1;
    this.sums.promptTokens += answer?.usage.promptTokens ?? 0;
    this.sums.cachedTokens += answer?.usage.cachedTokens ?? 0;
    this.sums.generatedTokens += work.generatedTokens;
  }
}
