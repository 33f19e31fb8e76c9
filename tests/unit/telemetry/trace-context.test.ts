import { expect, test } from "bun:test";
import { traceContextOf, traceResponse } from "../../../src/telemetry/trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const of = (traceparent: string, tracestate?: string) =>
  traceContextOf(new Headers({ traceparent, ...(tracestate === undefined ? {} : { tracestate }) }));

test.each([
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-00`, false],
  [`00-${TRACE}-${SPAN}-03`, true],
  [`cc-${TRACE}-${SPAN}-01-what-the-future-brings`, true],
])("%s is gone on with", (traceparent, sampled) => {
  const context = of(traceparent, "vendor=1");
  expect(context).toEqual({
    traceId: TRACE,
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    parentId: SPAN,
    state: "vendor=1",
    sampled,
  });
  expect(context.spanId).not.toBe(SPAN);
  expect(traceResponse(context)).toBe(`00-${TRACE}-${context.spanId}-${sampled ? "01" : "00"}`);
});

test.each([
  [""],
  ["00"],
  [`ff-${TRACE}-${SPAN}-01`],
  [`00-${"0".repeat(32)}-${SPAN}-01`],
  [`00-${TRACE}-${"0".repeat(16)}-01`],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`],
  [`00-${TRACE.slice(1)}-${SPAN}-01`],
  [`00-${TRACE}-${SPAN}-1`],
])("%j is none, and a new trace begins", (traceparent) => {
  const context = of(traceparent, "vendor=1");
  expect(context).toMatchObject({ parentId: null, state: "", sampled: true });
  expect(context.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(context.traceId).not.toBe(TRACE);
});

test("a tracestate without end is not handed on", () => {
  expect(of(`00-${TRACE}-${SPAN}-01`, "x".repeat(600)).state).toBe("");
});
