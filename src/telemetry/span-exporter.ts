/** Sends spans to a collector, several at a time. Nobody waits for it, and what cannot be sent is dropped. */
import type { Log } from "./log.ts";
import { type Resource, tracesRequest } from "./otlp.ts";
import type { Span } from "./spans.ts";

/** Where to, and as whom. */
export interface SpanExporterOptions extends Resource {
  /** The whole URL, `/v1/traces` included. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly log: Log;
  /** How long spans may lie before they are sent, ms. */
  readonly waitMs?: number;
}

/** More than this wait for nothing: the collector is too slow, or away. */
const WAITING_MAX = 4096;
/** Spans that are sent together. */
const BATCH_MAX = 512;
const WAIT_MS = 5000;
const SEND_TIMEOUT_MS = 10_000;

/** Headers as OpenTelemetry's variable spells them: `name=value,name=value`, values percent-encoded. What is none is left out. */
export function parseOtlpHeaders(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((pair) => {
    const [, name = "", value = ""] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    return name === "" ? [] : [[name, decoded(value)] as const];
  });
  return Object.fromEntries(pairs);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Queue and sender. */
export class SpanExporter {
  /** Since the start. */
  exported = 0;
  dropped = 0;
  private readonly options: SpanExporterOptions;
  private waiting: Span[] = [];
  private timer: Timer | null = null;
  private sending: Promise<void> | null = null;
  /** The last sending failed: it is logged when that changes, and not each time. */
  private failing = false;

  constructor(options: SpanExporterOptions) {
    this.options = options;
  }

  /** Takes spans; they go with others, soon. */
  add(spans: readonly Span[]): void {
    const room = WAITING_MAX - this.waiting.length;
    this.waiting.push(...spans.slice(0, room));
    this.dropped += Math.max(0, spans.length - room);
    if (this.waiting.length === 0) return;
    if (this.waiting.length >= BATCH_MAX) void this.flush();
    else this.timer ??= setTimeout(() => void this.flush(), this.options.waitMs ?? WAIT_MS);
  }

  /** Sends all there are. Never rejects. */
  async flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    return (this.sending ??= this.sendAll().finally(() => (this.sending = null)));
  }

  private async sendAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, BATCH_MAX);
      const fault = await this.send(batch);
      if (fault === null) this.exported += batch.length;
      else this.dropped += batch.length;
      if (fault !== null && !this.failing) this.options.log.warn("traces are not taken", { url: this.options.url, fault });
      if (fault === null && this.failing) this.options.log.info("traces are taken again", { url: this.options.url });
      this.failing = fault !== null;
    }
  }

  /** null where they were taken, else why not. */
  private async send(batch: readonly Span[]): Promise<string | null> {
    const { url, headers } = this.options;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(tracesRequest(batch, this.options, performance.timeOrigin)),
        signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
        redirect: "error",
      });
      await response.body?.cancel();
      return response.ok ? null : `status ${response.status}`;
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
  }
}
