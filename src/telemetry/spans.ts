/** A request as spans: its own, and below it one for each stage of its work. source: OpenTelemetry's conventions for HTTP and generative AI */
import { newId } from "./trace-context.ts";
import type { RequestRecord } from "./request-record.ts";
import { outcomeOf, type Work } from "./work.ts";

/** Text or a number. */
export type Attributes = Readonly<Record<string, string | number>>;

/** One span. Times are performance.now() readings, ms. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly state: string;
  readonly name: string;
  /** Whether it answers a client. */
  readonly server: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** What went wrong; null where nothing did. */
  readonly fault: string | null;
}

/** All spans of a request that is over; none where its trace is not recorded. */
export function spansOf(record: RequestRecord, endMs: number): Span[] {
  const { trace, method, route, status, startedMs } = record;
  if (trace?.sampled !== true) return [];
  const { traceId, spanId, parentId, state } = trace;
  const own: Span = {
    traceId,
    spanId,
    parentId,
    state,
    name: route === "" ? method : `${method} ${route}`,
    server: true,
    startMs: startedMs,
    endMs,
    attributes: {
      "http.request.method": method,
      ...(route === "" ? {} : { "http.route": route }),
      "http.response.status_code": status,
      "rockchip_llama.request.id": record.id,
    },
    fault: status >= 500 ? String(status) : null,
  };
  return [own, ...record.works.flatMap((work) => workSpans(own, work, endMs))];
}

function workSpans(parent: Span, work: Work, requestEndMs: number): Span[] {
  const { kind, arrivedMs, loadedMs, grantedMs, firstTokenMs, answer, error } = work;
  const endMs = work.endedMs ?? requestEndMs;
  const child = (above: Span, name: string, startMs: number, until: number, attributes: Attributes, fault: string | null = null): Span => ({
    traceId: parent.traceId,
    spanId: newId(8),
    parentId: above.spanId,
    state: parent.state,
    name,
    server: false,
    startMs,
    endMs: until,
    attributes,
    fault,
  });
  const own = child(parent, kind, arrivedMs, endMs, workAttributes(work), error?.code ?? null);
  const spans = [own, child(own, "load", arrivedMs, loadedMs ?? endMs, {})];
  if (loadedMs !== null) spans.push(child(own, "queue", loadedMs, grantedMs ?? endMs, {}));
  if (grantedMs === null) return spans;
  if (kind !== "answer") return [...spans, child(own, "compute", grantedMs, endMs, {})];
  const timings = answer?.timings;
  const { prefillTokens = 0, decodeTokens = 0 } = timings ?? {};
  spans.push(
    child(own, "prefill", grantedMs, firstTokenMs ?? endMs, timings === undefined ? {} : { "rockchip_llama.tokens": prefillTokens }),
  );
  if (firstTokenMs !== null) {
    spans.push(child(own, "decode", firstTokenMs, endMs, timings === undefined ? {} : { "rockchip_llama.tokens": decodeTokens }));
  }
  return spans;
}

const OPERATIONS = { answer: "text_completion", embedding: "embeddings", ranking: "rerank", warming: "warm" } as const;

function workAttributes(work: Work): Attributes {
  const { kind, model, promptTokens, answer } = work;
  return {
    "gen_ai.operation.name": OPERATIONS[kind],
    ...(model === null ? {} : { "gen_ai.response.model": model }),
    "gen_ai.usage.input_tokens": promptTokens,
    ...(kind === "answer" ? { "gen_ai.usage.output_tokens": work.generatedTokens } : {}),
    ...(answer === null ? {} : { "rockchip_llama.cached_tokens": answer.usage.cachedTokens }),
    "rockchip_llama.outcome": outcomeOf(work),
  };
}
