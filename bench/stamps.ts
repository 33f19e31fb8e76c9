/** Reads what native/stamps.h writes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Something that happened in a process at a time. */
export interface Stamp {
  readonly pid: number;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly ns: number;
  /** Of RUNTIME or SOCKET, by the file. */
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Kinds of native/trace.c. */
export const RUNTIME = { runBegin: 1, runMember: 2, callback: 3, callbackEnd: 4, runEnd: 5, abort: 6, memberText: 7 } as const;
/** Kinds of native/sockets.c. */
export const SOCKET = { sent: 1, received: 2 } as const;

const HEADER_BYTES = 16;
const STAMP_BYTES = 24;

/** All stamps of the files `<prefix>.<pid>`, in order of time. */
export function readStamps(prefix: string): Stamp[] {
  const folder = dirname(prefix);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.startsWith(`${basename(prefix)}.`));
  return files.flatMap((name) => parseStamps(readFileSync(join(folder, name)), Number(name.split(".").at(-1)))).sort((a, b) => a.ns - b.ns);
}

/** The stamps of one file. */
export function parseStamps(bytes: Buffer, pid: number): Stamp[] {
  const count = Math.min(Number(bytes.readBigUInt64LE(0)), Math.floor((bytes.length - HEADER_BYTES) / STAMP_BYTES));
  return Array.from({ length: count }, (_, index) => {
    const at = HEADER_BYTES + index * STAMP_BYTES;
    return {
      pid,
      ns: Number(bytes.readBigInt64LE(at)),
      kind: bytes.readInt32LE(at + 8),
      a: bytes.readInt32LE(at + 12),
      b: bytes.readInt32LE(at + 16),
      c: bytes.readInt32LE(at + 20),
    };
  });
}

/** One pass through the runtime. */
export interface TracedRun {
  readonly beginNs: number;
  /** undefined while it runs. */
  readonly endNs: number | undefined;
  readonly firstCallbackNs: number | undefined;
  /** Members of the batch with a prompt, by their place in it. */
  readonly members: readonly TracedMember[];
}

/** What one member of a run was asked and said. */
export interface TracedMember {
  readonly promptTokens: number;
  /** Each token with text: when its callback was entered, and the bytes of text so far. */
  readonly tokens: readonly { readonly ns: number; readonly bytes: number }[];
}

/** The runs of one host, in their order. */
export function tracedRuns(stamps: readonly Stamp[]): TracedRun[] {
  const begins = stamps.filter(({ kind }) => kind === RUNTIME.runBegin);
  const byRun = Map.groupBy(stamps, ({ kind, a, b }) => (kind === RUNTIME.callback || kind === RUNTIME.callbackEnd ? b : a));
  return begins.map(({ a: run, ns }) => {
    const own = byRun.get(run) ?? [];
    const prompts = own.filter(({ kind }) => kind === RUNTIME.runMember);
    return {
      beginNs: ns,
      endNs: own.find(({ kind }) => kind === RUNTIME.runEnd)?.ns,
      firstCallbackNs: own.find(({ kind }) => kind === RUNTIME.callback)?.ns,
      members: prompts.map(({ b: member, c: promptTokens }) => {
        let bytes = 0;
        const said = own.filter(({ kind, b, c }) => kind === RUNTIME.memberText && b === member && c > 0);
        return { promptTokens, tokens: said.map(({ ns, c }) => ({ ns, bytes: (bytes += c) })) };
      }),
    };
  });
}
