import { expect, test } from "bun:test";
import { parseOtlpHeaders, SpanExporter } from "../../../src/telemetry/span-exporter.ts";
import type { Span } from "../../../src/telemetry/spans.ts";
import { attribute, collectTraces } from "../../support/trace-collector.ts";

const SPAN: Span = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  parentId: null,
  state: "",
  name: "GET /health",
  server: true,
  startMs: 1,
  endMs: 3.5,
  attributes: { "http.request.method": "GET", "http.response.status_code": 200 },
  fault: null,
};

function exporterTo(url: string, waitMs?: number) {
  const lines: string[] = [];
  const note = (message: string) => void lines.push(message);
  const log = { error: note, warn: note, info: note, debug: note };
  const options = { url: `${url}/v1/traces`, headers: { authorization: "Bearer x" }, serviceName: "board", version: "9.9.9", log };
  return { lines, exporter: new SpanExporter({ ...options, ...(waitMs === undefined ? {} : { waitMs }) }) };
}

test("spans go together, in the form of OTLP's JSON, with the headers that were asked for", async () => {
  using collector = collectTraces();
  const { exporter } = exporterTo(collector.url);
  exporter.add([SPAN, { ...SPAN, spanId: "00f067aa0ba902b8", parentId: SPAN.spanId, state: "a=1", server: false, fault: "engine_lost" }]);
  await exporter.flush();
  const [sent] = collector.requests;
  expect([collector.requests.length, sent?.path, sent?.headers.get("authorization"), sent?.headers.get("content-type")]).toEqual([
    1,
    "/v1/traces",
    "Bearer x",
    "application/json",
  ]);
  expect(attribute(sent!.body.resourceSpans[0]!.resource, "service.name")).toBe("board");
  const [first, second] = collector.spans;
  expect(first).toEqual({
    traceId: SPAN.traceId,
    spanId: SPAN.spanId,
    name: "GET /health",
    kind: 2,
    startTimeUnixNano: expect.stringMatching(/^\d{19}$/) as string,
    endTimeUnixNano: expect.stringMatching(/^\d{19}$/) as string,
    attributes: [
      { key: "http.request.method", value: { stringValue: "GET" } },
      { key: "http.response.status_code", value: { intValue: "200" } },
    ],
    status: {},
  });
  expect(BigInt(first!.endTimeUnixNano) - BigInt(first!.startTimeUnixNano)).toBe(2_500_000n);
  expect(second).toMatchObject({ parentSpanId: SPAN.spanId, traceState: "a=1", kind: 1, status: { code: 2, message: "engine_lost" } });
  expect([exporter.exported, exporter.dropped]).toEqual([2, 0]);
});

test("spans that nobody flushes go by themselves", async () => {
  using collector = collectTraces();
  const { exporter } = exporterTo(collector.url, 1);
  exporter.add([SPAN]);
  await collector.received(1);
  expect(collector.spans.length).toBe(1);
});

test("a collector that refuses is logged once, and once more when it takes spans again", async () => {
  let status = 503;
  using collector = collectTraces(() => status);
  const { exporter, lines } = exporterTo(collector.url);
  for (let count = 0; count < 3; count++) {
    exporter.add([SPAN]);
    await exporter.flush();
  }
  status = 200;
  exporter.add([SPAN]);
  await exporter.flush();
  expect([lines, exporter.exported, exporter.dropped]).toEqual([["traces are not taken", "traces are taken again"], 1, 3]);
});

test("without a collector no more than a bounded number of spans wait, and nobody waits for them", async () => {
  using gone = collectTraces();
  const { url } = gone;
  gone[Symbol.dispose]();
  const { exporter, lines } = exporterTo(url);
  for (let count = 0; count < 100; count++) exporter.add(Array.from({ length: 100 }, () => SPAN));
  await exporter.flush();
  expect([lines, exporter.exported, exporter.dropped]).toEqual([["traces are not taken"], 0, 10_000]);
});

test.each([
  ["a=b", { a: "b" }],
  [" api-key = k%20ey , x-b=c=d", { "api-key": "k ey", "x-b": "c=d" }],
  ["nothing,=x,bad header=1", {}],
  ["a=%zz", { a: "%zz" }],
])("the headers %j are %j", (text, headers) => {
  expect(parseOtlpHeaders(text)).toEqual(headers as Record<string, string>);
});
