/** One HTTP request, from its arrival to the end of its reply, with the work that was done for it. */
import type { TraceContext } from "./trace-context.ts";
import type { Work } from "./work.ts";

/** Filled in as it goes. Times are performance.now() readings, ms. */
export class RequestRecord {
  readonly id: string;
  readonly method: string;
  /** null: nobody wants traces. */
  readonly trace: TraceContext | null;
  readonly startedMs = performance.now();
  /** The route's pattern, never the path itself; "" where there is none. */
  route = "";
  status = 0;
  /** The model that its work was for; null where there was none. */
  model: string | null = null;
  readonly works: Work[] = [];

  constructor(id: string, method: string, trace: TraceContext | null) {
    this.id = id;
    this.method = KNOWN_METHODS.has(method) ? method : "other";
    this.trace = trace;
  }
}

const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
