import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/errors.ts";
import type { ModelDescriptor } from "../../../src/core/model.ts";
import type { WorkKind } from "../../../src/core/observation.ts";
import { RequestRecord } from "../../../src/telemetry/request-record.ts";
import { spansOf } from "../../../src/telemetry/spans.ts";
import { Throughput } from "../../../src/telemetry/throughput.ts";
import type { TraceContext } from "../../../src/telemetry/trace-context.ts";
import { Work } from "../../../src/telemetry/work.ts";

const TRACE: TraceContext = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  parentId: null,
  state: "",
  sampled: true,
};
const MODEL = { id: "tiny" } as ModelDescriptor;

function workOf(kind: WorkKind): Work {
  return new Work(kind, "r1", { throughput: new Throughput(performance.now()), onResolved: () => {}, onEnd: () => {} });
}

function recordOf(trace: TraceContext | null, ...works: Work[]): RequestRecord {
  const record = new RequestRecord("r1", "POST", trace);
  record.works.push(...works);
  record.route = "/v1/models/:id";
  record.status = 500;
  return record;
}

const namesOf = (...works: Work[]) => spansOf(recordOf(TRACE, ...works), performance.now()).map(({ name, fault }) => [name, fault]);

test("work that failed has the stages that it came to, and none after", () => {
  const lost = workOf("answer");
  lost.resolved(MODEL, "tiny");
  lost.failed(new AppError("model_load_failed", "SECRET"));
  const left = workOf("answer");
  left.resolved(MODEL, "tiny");
  left.loaded();
  left.failed(new AppError("queue_timeout", "SECRET"));
  const silent = workOf("answer");
  silent.loaded();
  silent.granted();
  silent.failed(new AppError("engine_lost", "SECRET"));
  expect(namesOf(lost, left, silent)).toEqual([
    ["POST /v1/models/:id", "500"],
    ["answer", "model_load_failed"],
    ["load", null],
    ["answer", "queue_timeout"],
    ["load", null],
    ["queue", null],
    ["answer", "engine_lost"],
    ["load", null],
    ["queue", null],
    ["prefill", null],
  ]);
});

test("vectors have one span for all that is computed", () => {
  const work = workOf("embedding");
  work.loaded();
  work.granted();
  work.done();
  expect(namesOf(work).map(([name]) => name)).toEqual(["POST /v1/models/:id", "embedding", "load", "queue", "compute"]);
});

test("no span ends before it begins, also where the reply is over before the work is", () => {
  const work = workOf("answer");
  const spans = spansOf(recordOf(TRACE, work), performance.now());
  expect(spans.length).toBe(3);
  expect(spans.filter(({ startMs, endMs }) => endMs < startMs)).toEqual([]);
});

test("a trace that nobody records has no spans", () => {
  expect([spansOf(recordOf({ ...TRACE, sampled: false }), 1), spansOf(recordOf(null), 1)]).toEqual([[], []]);
});
