/** Writes down what the CPU runtime delivers and prints: the TypeScript side of cpu-runtime-recorder.c. */
import { afterAll, beforeAll } from "bun:test";
import { cc, ptr, toArrayBuffer, type Pointer } from "bun:ffi";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nativeString } from "../../src/runtime/native/struct-writer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

export const SOURCE_FOLDER = join(import.meta.dir, "../../external/rkllm-cpu");

/** A folder for the files of this test process. */
export const WORK_FOLDER = temporaryFolder();

/** One callback, copied while its memory was valid. */
export interface Delivery {
  readonly state: number;
  readonly tokenId: number;
  /** Null where the library passed NULL. */
  readonly text: string | null;
  /** It came from another thread than the one that started the run. */
  readonly foreign: boolean;
  readonly rows: {
    readonly count: number;
    readonly floats: number;
    readonly zero: boolean;
    readonly first: number;
    readonly last: number;
  } | null;
  readonly perf: {
    readonly prefillMs: number;
    readonly prefillTokens: number;
    readonly generateMs: number;
    readonly generateTokens: number;
    readonly memoryMb: number;
  };
  readonly userdata: number;
}

export interface RunOutcome {
  readonly status: number;
  readonly deliveries: readonly Delivery[];
  /** Texts of the NORMAL callbacks, joined. */
  readonly text: string;
  /** Of the FINISH callback. */
  readonly perf: Delivery["perf"] | undefined;
}

const RECORDER_SOURCE = join(import.meta.dir, "cpu-runtime-recorder.c");
const RECORDER_FLAGS = ["-nostdlib", `-I${SOURCE_FOLDER}`];
// Results are laid out alike in both ABIs, so one recorder serves both.
const recorder = cc({
  source: RECORDER_SOURCE,
  flags: RECORDER_FLAGS,
  symbols: {
    recorder_start: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "void" },
    recorder_callback: { args: [], returns: "ptr" },
    recorder_count: { args: [], returns: "i32" },
    recorder_events: { args: [], returns: "ptr" },
    recorder_texts: { args: [], returns: "ptr" },
    recorder_event_bytes: { args: [], returns: "i32" },
    recorder_stale_text: { args: [], returns: "i32" },
    recorder_stale_token: { args: [], returns: "i32" },
    recorder_divert_stdout: { args: ["ptr"], returns: "void" },
    recorder_restore_stdout: { args: [], returns: "void" },
    recorder_setenv: { args: ["ptr", "ptr"], returns: "void" },
  },
});
/** Address of the callback that records. */
export const CALLBACK = recorder.symbols.recorder_callback()! as Pointer;
const EVENT_BYTES = recorder.symbols.recorder_event_bytes();

export interface Recording {
  /** n_batch: results in one callback. */
  readonly members: number;
  /** The callback, counted from 0, at which `answer` is returned and `abort` called. */
  readonly answerAt: number | undefined;
  readonly answer: number | undefined;
  /** Address of rkllm_abort, or null. */
  readonly abort: Pointer | null;
  readonly handle: Pointer;
}

/** Forgets what was recorded before. */
export function startRecording({ members, answerAt = -1, answer = 0, abort, handle }: Recording): void {
  recorder.symbols.recorder_start(members, answerAt, answer, abort, handle);
}

/** The bytes of the struct that rkllm_createDefaultParam at `address` returns. */
export function callDefaultParam(headerMacro: number, address: Pointer | null, size: number): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(size));
  const flags = [...RECORDER_FLAGS, `-DRKLLM_ABI=${headerMacro}`];
  const caller = cc({ source: RECORDER_SOURCE, flags, symbols: { call_default_param: { args: ["ptr", "ptr"], returns: "void" } } });
  caller.symbols.call_default_param(address, ptr(bytes));
  return bytes;
}

const LOG_FILE = join(WORK_FOLDER, "log.txt");

/** Sends what the library prints to a file, for the tests of one file. */
export function captureLog(): void {
  beforeAll(() => recorder.symbols.recorder_divert_stdout(nativeString(LOG_FILE).address));
  afterAll(() => recorder.symbols.recorder_restore_stdout());
}

/** The library's log since `from`, a value of `logLength`. */
export function logSince(from: number): string[] {
  return readFileSync(LOG_FILE, "utf8").slice(from).trimEnd().split("\n");
}

export function logLength(): number {
  return readFileSync(LOG_FILE, "utf8").length;
}

/** Sets a variable where C sees it. */
export function setNativeEnvironment(name: string, value: string): void {
  const [a, b] = [nativeString(name), nativeString(value)];
  recorder.symbols.recorder_setenv(a.address, b.address);
}

/** What a reader finds that kept a pointer of the last callback: four bytes of text, and a token id. */
export function staleMemory(): { text: string; tokenId: number } {
  const text = Buffer.alloc(4);
  text.writeInt32LE(recorder.symbols.recorder_stale_text());
  return { text: text.toString("latin1"), tokenId: recorder.symbols.recorder_stale_token() };
}

/** Everything delivered since the run began. */
export function outcomeOf(status: number): RunOutcome {
  const deliveries = readDeliveries();
  const normal = deliveries.filter((delivery) => delivery.state === 0);
  const finish = deliveries.findLast((delivery) => delivery.state === 2);
  return { status, deliveries, text: normal.map((delivery) => delivery.text ?? "").join(""), perf: finish?.perf };
}

/** Waits until a run in the background has delivered `count` results. */
export async function delivered(count: number): Promise<void> {
  while (recorder.symbols.recorder_count() < count) await Bun.sleep(1);
}

function readDeliveries(): Delivery[] {
  const count = recorder.symbols.recorder_count();
  if (count === 0) return [];
  const events = new DataView(toArrayBuffer(recorder.symbols.recorder_events()!, 0, count * EVENT_BYTES));
  const texts = new Uint8Array(toArrayBuffer(recorder.symbols.recorder_texts()!, 0, 65536));
  return Array.from({ length: count }, (_, i) => {
    const int = (field: number) => events.getInt32(i * EVENT_BYTES + field * 4, true);
    const float = (field: number) => events.getFloat32(i * EVENT_BYTES + field * 4, true);
    return {
      state: int(0),
      tokenId: int(1),
      text: int(2) < 0 ? null : new TextDecoder().decode(texts.subarray(int(2), int(2) + int(3))),
      foreign: int(4) !== 0,
      rows: int(5) === 0 ? null : { count: int(6), floats: int(7), zero: int(8) !== 0, first: float(9), last: float(10) },
      perf: { prefillMs: float(11), generateMs: float(12), memoryMb: float(13), prefillTokens: int(14), generateTokens: int(15) },
      userdata: int(16),
    };
  });
}
