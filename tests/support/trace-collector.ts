/** A collector of OpenTelemetry on a socket of its own, and what it was sent. */

/** A value of an attribute, in OpenTelemetry's JSON. */
interface AnyValue {
  readonly stringValue?: string;
  readonly intValue?: string;
}

/** One span as it was sent. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: AnyValue }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

interface SentRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: SentSpan["attributes"] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

/** Listens until it is disposed of. */
export interface TraceCollector extends Disposable {
  readonly url: string;
  readonly spans: readonly SentSpan[];
  readonly requests: readonly { readonly path: string; readonly headers: Headers; readonly body: SentRequest }[];
  /** Resolves when so many spans are there. */
  received(count: number): Promise<void>;
}

/** @param answer the status of each reply; 200 by default */
export function collectTraces(answer: () => number = () => 200): TraceCollector {
  const spans: SentSpan[] = [];
  const requests: { path: string; headers: Headers; body: SentRequest }[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const body = (await request.json()) as SentRequest;
      requests.push({ path: new URL(request.url).pathname, headers: request.headers, body });
      const status = answer();
      if (status === 200) for (const { scopeSpans } of body.resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
      for (const { count, resolve } of waiting) if (spans.length >= count) resolve();
      return new Response("{}", { status });
    },
  });
  return {
    url: `http://127.0.0.1:${String(server.port)}`,
    spans,
    requests,
    received: async (count) => {
      if (spans.length >= count) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ count, resolve });
      await promise;
    },
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** An attribute's value; undefined where there is none. */
export function attribute(span: Pick<SentSpan, "attributes">, key: string): string | undefined {
  const value = span.attributes.find((each) => each.key === key)?.value;
  return value?.stringValue ?? value?.intValue;
}
