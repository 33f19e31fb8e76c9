/** A library and its handles as the questions of `doctor --probe` use them: every call of the ABI, with its code, and nothing in between. */
import { linkSymbols, ptr, type Pointer } from "bun:ffi";
import type { Sampling } from "../../core/generation.ts";
import type { OpenOptions } from "../protocol.ts";
import { type Abi, RKLLM_FUNCTIONS } from "./abi.ts";
import type { ProbeRecorder, Recording, RunPlan } from "./probe-recorder.ts";
import { fieldLayout, type NativeArgument, nativeBytes, nativeString, type PackedStruct } from "./struct-writer.ts";
import {
  type InferValues,
  packCallback,
  packInferParam,
  packInputs,
  packNoInput,
  packParam,
  packTextInput,
  packTokenInput,
} from "./structs.ts";

/** What a handle is opened with; what is left out is as the server would have it. */
export interface ProbeOpening {
  readonly contextTokens: number;
  readonly newTokensMax: number;
  readonly sampling: Sampling;
  readonly batch?: number;
  /** The image tags of 1.2 as NULL, in place of empty strings. */
  readonly nullTags?: boolean;
}

/** Token ids, or text that the library wraps in its template. `null`: no tokens, for a member of a batch that has nothing to do. */
export type ProbeInput = Int32Array | string | null;

/** What a run is called with. */
export interface ProbeRun extends RunPlan {
  /** Sampling of 1.3; 1.2 has what it was opened with. */
  readonly sampling?: Sampling;
  readonly newTokensMax?: number;
  readonly mode?: InferValues["mode"];
  /** A file that the KV cache is written to. */
  readonly saveCache?: string;
}

/** What rkllm_init gave. */
export interface ProbeOpened {
  readonly code: number;
  /** null where there is none, whatever the code. */
  readonly handle: ProbeHandle | null;
  readonly ms: number;
}

/** The parts of a library that handles need. */
export interface ProbeLibrary {
  readonly abi: Abi;
  readonly functions: Readonly<Record<string, number>>;
  readonly recorder: ProbeRecorder;
  /** Values that the questions do not vary. */
  readonly options: OpenOptions;
  readonly modelPath: string;
}

/** rkllm_init. */
export function openProbeHandle(library: ProbeLibrary, opening: ProbeOpening): ProbeOpened {
  const { abi, recorder } = library;
  const { batch = 1, nullTags = false, ...values } = opening;
  const param = packParam(abi, {
    ...library.options,
    ...values,
    modelPath: library.modelPath,
    // A run is to go on until it is stopped, or has all its tokens; 1.2 cannot be told so.
    ignoreEos: abi.ignoreEos,
    nBatch: batch,
  });
  if (nullTags) for (const tag of ["img_start", "img_end", "img_content"]) emptyPointer(abi, param, tag);
  const callback = packCallback(abi, recorder.callback, null);
  const out = new BigUint64Array(nativeBytes(8).buffer);
  const native = linkProbeFunctions(library.functions);
  const startedMs = performance.now();
  const code = native.rkllm_init(ptr(out), param.address, callback.address);
  const ms = performance.now() - startedMs;
  const address = Number(out[0]);
  return { code, ms, handle: address === 0 ? null : new ProbeHandle(library, address as Pointer, { batch, param, callback }) };
}

/** One handle. */
export class ProbeHandle {
  private readonly library: ProbeLibrary;
  private readonly handle: Pointer;
  private readonly batch: number;
  /** The structs of init; see RuntimeSession for why they are kept. */
  private readonly param: PackedStruct;
  private readonly callback: NativeArgument;
  private readonly native: ReturnType<typeof linkProbeFunctions>;
  private kept: readonly unknown[] = [];

  constructor(
    library: ProbeLibrary,
    handle: Pointer,
    opened: { readonly batch: number; readonly param: PackedStruct; readonly callback: NativeArgument },
  ) {
    this.library = library;
    this.handle = handle;
    this.batch = opened.batch;
    this.param = opened.param;
    this.callback = opened.callback;
    this.native = linkProbeFunctions(library.functions);
  }

  /** rkllm_run with one input for each member. */
  run(inputs: readonly ProbeInput[], run: ProbeRun = {}): Recording {
    const { functions, recorder } = this.library;
    const packed = this.pack(inputs, run);
    const calls = {
      run: functions["rkllm_run"] ?? 0,
      abort: functions["rkllm_abort"] ?? 0,
      isRunning: functions["rkllm_is_running"] ?? 0,
    };
    recorder.run(calls, this.handle, packed.input, packed.infer);
    return recorder.read();
  }

  /** rkllm_run_async. Returns its code; the recording grows meanwhile. */
  runAsync(inputs: readonly ProbeInput[], run: ProbeRun = {}): number {
    const packed = this.pack(inputs, run);
    return this.native.rkllm_run_async(this.handle, packed.input, packed.infer, null);
  }

  /** Sizes of the KV cache by member; null where the library does not tell. */
  cacheSizes(): number[] | null {
    const sizes = new Int32Array(nativeBytes(4 * this.batch).buffer);
    return this.native.rkllm_get_kv_cache_size(this.handle, ptr(sizes)) === 0 ? [...sizes] : null;
  }

  clear(): number {
    return this.native.rkllm_clear_kv_cache(this.handle, 0, null, null);
  }

  abort(): number {
    return this.native.rkllm_abort(this.handle);
  }

  isRunning(): number {
    return this.native.rkllm_is_running(this.handle);
  }

  emptyTemplate(): number {
    const empty = nativeString("");
    return this.native.rkllm_set_chat_template(this.handle, empty.address, empty.address, empty.address);
  }

  setTools(system: string, tools: string, tag: string): number {
    const [first, second, third] = [nativeString(system), nativeString(tools), nativeString(tag)];
    return this.native.rkllm_set_function_tools(this.handle, first.address, second.address, third.address);
  }

  detachCrossAttention(): number {
    return this.native.rkllm_set_cross_attn_params(this.handle, null);
  }

  loadCache(path: string): number {
    return this.native.rkllm_load_prompt_cache(this.handle, nativeString(path).address);
  }

  releaseCache(): number {
    return this.native.rkllm_release_prompt_cache(this.handle);
  }

  destroy(): number {
    return this.native.rkllm_destroy(this.handle);
  }

  /** Writes over the strings of rkllm_init and its RKLLMParam, as if their owner had let go of them. */
  spoilStrings(): void {
    for (const bytes of this.param.keep) if (bytes instanceof Uint8Array && bytes !== this.param.bytes) bytes.fill(0x78, 0, -1);
    this.param.bytes.fill(0);
  }

  /** Puts another function into the callback struct of rkllm_init. False where the ABI has no such struct. */
  spoilCallback(): boolean {
    const [bytes] = this.callback.keep;
    if (!(bytes instanceof Uint8Array)) return false;
    const [offset] = fieldLayout(this.library.abi.structs, "RKLLMCallback", "result_callback");
    new DataView(bytes.buffer).setBigUint64(offset, BigInt(this.library.recorder.decoy), true);
    return true;
  }

  private pack(inputs: readonly ProbeInput[], run: ProbeRun) {
    const { abi, recorder } = this.library;
    const joined = packInputs(inputs.map((input) => packInput(abi, input)));
    const infer = packInferParam(abi, {
      mode: run.mode ?? "generate",
      keepHistory: false,
      newTokensMax: run.newTokensMax ?? 0,
      sampling: run.sampling ?? null,
      ...(run.saveCache === undefined ? {} : { promptCache: { save: true, path: run.saveCache } }),
    });
    // A run in the background may still read these.
    this.kept = [joined, infer, recorder.begin(inputs.length, run)];
    return { input: joined.address, infer: infer.address };
  }
}

function packInput(abi: Abi, input: ProbeInput): PackedStruct {
  if (typeof input === "string") return packTextInput(abi, input, "user", false);
  return input === null ? packNoInput(abi) : packTokenInput(abi, input);
}

function emptyPointer(abi: Abi, packed: PackedStruct, path: string): void {
  const [offset] = fieldLayout(abi.structs, "RKLLMParam", path);
  new DataView(packed.bytes.buffer).setBigUint64(offset, 0n, true);
}

function linkProbeFunctions(functions: Readonly<Record<string, number>>) {
  const linked = Object.entries(RKLLM_FUNCTIONS).map(([name, type]) => [name, { ...type, ptr: (functions[name] ?? 0) as Pointer }]);
  return linkSymbols(Object.fromEntries(linked) as typeof RKLLM_FUNCTIONS).symbols;
}
