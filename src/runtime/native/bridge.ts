/**
 * The compiled bridge (bridge.c): one per process, built by Bun's embedded C compiler when the first model opens (a few ms).
 * It opens libraries, makes rings and rings the bell; see bridge.c for why the callback is C.
 */
import { cc, JSCallback, type Pointer, ptr, toArrayBuffer } from "bun:ffi";
import { AppError, assert } from "../../core/errors.ts";
import type { Pooling } from "../../core/model.ts";
import { Ring } from "./ring.ts";
import { nativeString } from "./struct-writer.ts";

/** Address of an exported function, 0 where the library has none of that name. */
export type SymbolLookup = (name: string) => number;

/**
 * Room for two thousand tokens: more than a second of the fastest model, little enough to bound what waits unread. A vector of the
 * longest kind (bridge.c, VECTOR_FLOATS_MAX) takes less than half of it.
 */
const RING_BYTES = 1 << 17;

const SYMBOLS = {
  bridge_init: { args: [], returns: "i32" },
  bridge_open: { args: ["ptr"], returns: "ptr" },
  bridge_symbol: { args: ["ptr", "ptr"], returns: "ptr" },
  bridge_open_error: { args: [], returns: "cstring" },
  bridge_die_with_parent: { args: ["i32"], returns: "i32" },
  bridge_raise_open_files: { args: [], returns: "i32" },
  bridge_mark_output: { args: ["ptr"], returns: "void" },
  bridge_set_bell: { args: ["ptr"], returns: "void" },
  bridge_bell: { args: [], returns: "ptr" },
  bridge_ring_new: { args: ["u32"], returns: "ptr" },
  bridge_ring_data_offset: { args: [], returns: "u32" },
  bridge_run_contexts_new: { args: ["ptr"], returns: "ptr" },
  bridge_run_context: { args: ["ptr", "u32", "u32", "i32", "i32", "i32", "u32", "u32"], returns: "ptr" },
  bridge_listen: { args: ["ptr", "u32", "u32", "u32"], returns: "void" },
  bridge_set_token_line: { args: ["i32"], returns: "void" },
  bridge_free: { args: ["ptr"], returns: "void" },
  bridge_result_callback: { args: [], returns: "ptr" },
  bridge_result_layout: { args: ["ptr"], returns: "i32" },
} as const;

/** How a prompt's rows become one vector; bridge.c names the same numbers. */
const POOLING_NUMBER = { last: 1, mean: 2, logits: 3 } as const satisfies Record<Pooling | "logits", number>;
const NO_PICK = -1;

/** What the callback answers after it has copied rows. */
const CALLBACK_VERDICT = { goOn: 0, free: 2 } as const;

/** What a run for a vector makes it of: of its hidden rows, or of the logits of two tokens behind the prompt. */
export interface WantedRows {
  readonly from: Pooling | { readonly logitsOf: readonly [number, number] };
  /** Whether the library understands the answer "free the buffer" (`Abi.callbackFree`). */
  readonly free: boolean;
}

/** How many results the library hands over at a time (n_batch), and a bit for each that stands for nothing. */
export interface ResultLanes {
  readonly count: number;
  readonly idle: number;
}

const ONE_LANE: ResultLanes = { count: 1, idle: 0 };

/** Whose tokens go down the token line, and how many of them. */
export interface Listener {
  /** The gateway's number for the prompt, not 0. */
  readonly promptId: number;
  readonly tokensMax: number;
}

/** A ring and the userdata blocks of its runs. */
export interface ResultChannel {
  readonly ring: Ring;
  /**
   * Address to pass as a run's userdata; `run` comes back in every record of it.
   * @param rows for a run in hidden-layer or logits mode: one record brings its vector
   */
  userdata(run: number, lanes?: ResultLanes, rows?: WantedRows): number;
  /**
   * Whose tokens of a run go down the token line, where there is one; null: nobody's any more. What goes there is in the ring as well, and the
   * bell rings for the first and the last of it alone.
   * @param userdata of the run
   */
  listen(userdata: number, lane: number, listener: Listener | null): void;
  /** Frees the memory. Only when the library can no longer call back: after the handle is destroyed. */
  free(): void;
}

/** The bridge's functions, typed. */
export interface Bridge {
  /** Opens a shared library. Throws AppError runtime_library_missing with the loader's own words. */
  openLibrary(path: string): SymbolLookup;
  /** Address of the LLMResultCallback. */
  readonly resultCallback: number;
  createResultChannel(): ResultChannel;
  /** Text goes to the other end of this socket from now on, straight from the callback. One for the process. */
  setTokenLine(file: number): void;
  /** Calls back on this thread after results were written. Returns the way to stop it. */
  onBell(listener: () => void): () => void;
  /** Asks the kernel to end this process with its parent; false when the parent is gone already. */
  dieWithParent(parentPid: number): boolean;
  /** Raises the soft limit of open files to the hard one. */
  raiseOpenFiles(): void;
  /** Lets out what libraries have printed so far, on both standard streams, and a line behind it. */
  markOutput(line: string): void;
  /** Size and offsets of the C side's RKLLMResult, for the test that compares them with the tables. */
  resultLayout(): number[];
}

let compiled: Bridge | undefined;
/** What must never be collected: native code holds its addresses for as long as the process lives. */
const keptAlive: unknown[] = [];

/**
 * The process's bridge; compiled at the first call.
 * @param source absolute path of bridge.c
 * @throws AppError runtime_error where the process may not have memory for code that is made while it runs
 */
export function compileBridge(source: string): Bridge {
  try {
    compiled ??= createBridge(source);
    return compiled;
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      "runtime_error",
      `The engine host cannot make its native bridge: ${why}. It needs memory that can be written and executed: neither a limit of data memory ` +
        `(ulimit -d) nor systemd's MemoryDenyWriteExecute may hold for the server.`,
      { cause },
    );
  }
}

function createBridge(source: string): Bridge {
  const library = cc({ source, flags: ["-nostdlib"], symbols: SYMBOLS });
  const native = library.symbols;
  if (native.bridge_init() !== 0) throw new AppError("internal", "The C library lacks a function that the native bridge needs");

  const bell = new Uint32Array(toArrayBuffer(address(native.bridge_bell()), 0, 4));
  const listeners = new Set<() => void>();
  const ringBell = () => {
    // Before the rings are read: what is written after this rings again, what is written before is read now.
    Atomics.store(bell, 0, 0);
    for (const listener of listeners) listener();
  };
  const bellCallback = new JSCallback(ringBell, { args: [], returns: "void", threadsafe: true });
  native.bridge_set_bell(bellCallback.ptr);
  keptAlive.push(library, bellCallback);

  return {
    openLibrary(path) {
      const handle = native.bridge_open(nativeString(path).address);
      if (handle === null) {
        throw new AppError(
          "runtime_library_missing",
          `The runtime library ${path} cannot be loaded: ${String(native.bridge_open_error())}`,
        );
      }
      return (symbol) => address(native.bridge_symbol(handle, nativeString(symbol).address));
    },
    resultCallback: address(native.bridge_result_callback()),
    createResultChannel() {
      const ring = native.bridge_ring_new(RING_BYTES);
      const contexts = native.bridge_run_contexts_new(ring);
      assert(ring !== null && contexts !== null, "the ring's memory was allocated");
      return {
        ring: new Ring(address(ring), native.bridge_ring_data_offset(), RING_BYTES),
        userdata: (run, { count, idle } = ONE_LANE, rows) => {
          const from = rows?.from;
          const kind = from === undefined ? 0 : POOLING_NUMBER[typeof from === "string" ? from : "logits"];
          const [first, second] = typeof from === "object" ? from.logitsOf : [NO_PICK, NO_PICK];
          const verdict = rows?.free === true ? CALLBACK_VERDICT.free : CALLBACK_VERDICT.goOn;
          return address(native.bridge_run_context(contexts, run, kind, verdict, first, second, count, idle));
        },
        listen: (userdata, lane, listener) =>
          native.bridge_listen(userdata as Pointer, lane, listener?.promptId ?? 0, listener?.tokensMax ?? 0),
        free() {
          native.bridge_free(contexts);
          native.bridge_free(ring);
        },
      };
    },
    setTokenLine: (file) => native.bridge_set_token_line(file),
    onBell(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dieWithParent: (parentPid) => native.bridge_die_with_parent(parentPid) === 0,
    raiseOpenFiles: () => void native.bridge_raise_open_files(),
    markOutput: (line) => native.bridge_mark_output(nativeString(`\n${line}\n`).address),
    resultLayout() {
      const out = new Uint32Array(16);
      return [...out.subarray(0, native.bridge_result_layout(ptr(out)))];
    },
  };
}

function address(pointer: Pointer | bigint | number | null): number {
  return pointer === null ? 0 : Number(pointer);
}
