/** Which trace a request belongs to. source: https://www.w3.org/TR/trace-context-2/ */
import { randomBytes } from "node:crypto";

/** A place in a trace. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: this request's own. */
  readonly spanId: string;
  /** That of who asked; null: the trace begins here. */
  readonly parentId: string | null;
  /** What vendors add, as it came; "" for nothing. */
  readonly state: string;
  /** Whether the trace is recorded: who began it decides. */
  readonly sampled: boolean;
}

/** Versions after 00 may add fields. `ff` is none. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const NONE = /^0+$/;
/** What the standard says must be handed on; longer ones are cut by nobody, but dropped. */
const STATE_CHARACTERS_MAX = 512;

/** The context of a request with these headers: the client's trace, or a new one where it has none that is valid. */
export function traceContextOf(headers: Headers): TraceContext {
  const [, traceId = "", parentId = "", flags = ""] = TRACEPARENT.exec(headers.get("traceparent")?.trim() ?? "") ?? [];
  if (traceId === "" || NONE.test(traceId) || NONE.test(parentId)) {
    return { traceId: newId(16), spanId: newId(8), parentId: null, state: "", sampled: true };
  }
  const state = headers.get("tracestate") ?? "";
  return {
    traceId,
    spanId: newId(8),
    parentId,
    state: state.length > STATE_CHARACTERS_MAX ? "" : state,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
  };
}

/** What a reply says of its trace, in the form of a traceparent. */
export function traceResponse({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** A new id of so many bytes, as hex digits. */
export function newId(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
