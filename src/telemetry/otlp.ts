/** Spans as OpenTelemetry's JSON. source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
import type { Attributes, Span } from "./spans.ts";

/** What sends them. */
export interface Resource {
  readonly serviceName: string;
  readonly version: string;
}

const KIND_INTERNAL = 1;
const KIND_SERVER = 2;
const STATUS_ERROR = 2;

/** The body of an ExportTraceServiceRequest. @param originMs what performance.now() counts from, ms since the epoch */
export function tracesRequest(spans: readonly Span[], resource: Resource, originMs: number): object {
  const about = attributes({ "service.name": resource.serviceName, "service.version": resource.version });
  return {
    resourceSpans: [
      {
        resource: { attributes: about },
        scopeSpans: [{ scope: { name: "rockchip-llama", version: resource.version }, spans: spans.map((span) => encode(span, originMs)) }],
      },
    ],
  };
}

function encode(span: Span, originMs: number): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentId === null ? {} : { parentSpanId: span.parentId }),
    ...(span.state === "" ? {} : { traceState: span.state }),
    name: span.name,
    kind: span.server ? KIND_SERVER : KIND_INTERNAL,
    startTimeUnixNano: nanoseconds(originMs + span.startMs),
    endTimeUnixNano: nanoseconds(originMs + Math.max(span.startMs, span.endMs)),
    attributes: attributes(span.attributes),
    status: span.fault === null ? {} : { code: STATUS_ERROR, message: span.fault },
  };
}

/** They do not fit a number: a decimal text. */
function nanoseconds(ms: number): string {
  return (BigInt(Math.round(ms * 1000)) * 1000n).toString();
}

function attributes(values: Attributes): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value:
      typeof value === "string" ? { stringValue: value } : Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value },
  }));
}
