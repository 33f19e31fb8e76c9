/** Drives the CPU runtime through its C ABI alone, in both layouts, compiled by Bun or built by an ordinary compiler. */
import { describe } from "bun:test";
import { cc, dlopen, linkSymbols, ptr, type Pointer } from "bun:ffi";
import { join } from "node:path";
import { buildCpuRuntime, findCompiler } from "../../external/rkllm-cpu/build.ts";
import type { Sampling } from "../../src/core/generation.ts";
import { abiForVersion, LIBRARY_SAMPLING, RKLLM_FUNCTIONS, type Abi } from "../../src/runtime/native/abi.ts";
import { nativeInt32s, nativeString, StructWriter } from "../../src/runtime/native/struct-writer.ts";
import {
  packCallback,
  packInferParam,
  packLoraAdapter,
  packParam,
  packTextInput,
  packTokenInput,
} from "../../src/runtime/native/structs.ts";
import {
  CALLBACK,
  callDefaultParam,
  outcomeOf,
  SOURCE_FOLDER,
  startRecording,
  WORK_FOLDER,
  type RunOutcome,
} from "./cpu-runtime-recorder.ts";

const LLAMA_FOLDER = join(import.meta.dir, `../../node_modules/@node-llama-cpp/linux-${process.arch}/bins/linux-${process.arch}`);

export type Compiler = "bun" | "gcc";
export type Version = "1.2.3" | "1.3.0";

const TRIPLE = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";

/** A compiler for the processor this process runs on, which under an emulator is not the one of the machine. */
const NATIVE_COMPILER = ["cc", "gcc", "clang", `${TRIPLE}-gcc`].map(findCompiler).find((compiler) => {
  if (compiler === null) return false;
  const [architecture = "none"] = TRIPLE.split("-");
  return Bun.spawnSync([compiler, "-dumpmachine"]).stdout.toString().startsWith(architecture);
});

/** Why a build cannot be tested here, or null. */
function missingCompiler(compiler: Compiler): string | null {
  return compiler === "bun" || NATIVE_COMPILER !== undefined ? null : `: there is no C compiler for ${process.arch} on this machine`;
}

/** One build of the CPU runtime under test. */
export interface RuntimeUnderTest {
  readonly runtime: CpuRuntime;
  readonly compiler: Compiler;
  readonly version: Version;
}

/** A suite for each layout of the ABI and each way to build it; those whose compiler is missing are skipped and say so. */
export function describeCpuRuntimes(tests: (built: RuntimeUnderTest) => void): void {
  for (const compiler of ["bun", "gcc"] as const) {
    for (const version of ["1.2.3", "1.3.0"] as const) {
      const missing = missingCompiler(compiler);
      const suite = missing === null ? describe : describe.skip; // the name says what is missing
      suite(`CPU runtime ${version} built by ${compiler}${missing ?? ""}`, () => {
        const runtime = missing === null ? new CpuRuntime(compiler, version) : (undefined as unknown as CpuRuntime);
        tests({ runtime, compiler, version });
      });
    }
  }
}

const OWN_FUNCTIONS = {
  rkllm_cpu_load: { args: ["ptr", "ptr"], returns: "i32" },
  rkllm_cpu_error: { args: [], returns: "cstring" },
  rkllm_cpu_set_moods: { args: ["ptr"], returns: "void" },
} as const;
const SYMBOL_FUNCTION = { rkllm_cpu_symbol: { args: ["ptr"], returns: "ptr" } } as const;

export interface OpenOptions {
  readonly contextTokens?: number;
  readonly newTokensMax?: number;
  /** Default greedy. */
  readonly sampling?: Partial<Sampling>;
  readonly nKeep?: number;
  readonly skipSpecialToken?: boolean;
  readonly ignoreEos?: boolean;
  readonly nBatch?: number;
  readonly cpuCount?: number;
}

export type RunInput = string | { readonly tool: string } | readonly number[] | { readonly rows: Float32Array; readonly count: number };

export interface RunOptions {
  readonly mode?: "generate" | "lastHiddenLayer" | "logits";
  readonly keepHistory?: boolean;
  readonly newTokensMax?: number;
  readonly sampling?: Partial<Sampling>;
  readonly lora?: string;
  readonly saveCache?: string;
  /** Number of callbacks after which the callback returns `answer` and, if asked for, calls rkllm_abort. */
  readonly answerAt?: number;
  readonly answer?: number;
  readonly abort?: boolean;
  readonly userdata?: number;
}

const GREEDY: Sampling = { ...LIBRARY_SAMPLING, topK: 1, temperature: 0, repeatPenalty: 1 };

/** A loaded CPU runtime. It is never unloaded; `keep` holds what it may still read. */
export class CpuRuntime {
  readonly abi: Abi;
  readonly functions: ReturnType<typeof link>;
  readonly addressOf: (name: string) => Pointer | null;
  readonly #keep: unknown[] = [];

  constructor(compiler: Compiler, version: Version) {
    this.abi = abiForVersion(version);
    const library = compiler === "bun" ? compileInMemory(this.abi.headerMacro) : dlopen(builtLibrary(version), SYMBOL_FUNCTION);
    this.#keep.push(library);
    this.addressOf = (name) => library.symbols.rkllm_cpu_symbol(nativeString(name).address) as Pointer | null;
    this.functions = link(this.addressOf);
    const folder = nativeString(LLAMA_FOLDER);
    if (this.functions.rkllm_cpu_load(folder.address, null) !== 0) throw new Error(String(this.functions.rkllm_cpu_error()));
  }

  moods(list: string): void {
    this.functions.rkllm_cpu_set_moods(nativeString(list).address);
  }

  error(): string {
    return String(this.functions.rkllm_cpu_error());
  }

  /** rkllm_init's return value and handle. */
  init(modelPath: string, options: OpenOptions = {}): { status: number; handle: number } {
    const handle = new BigUint64Array(new ArrayBuffer(8)).fill(1n);
    const param = packParam(this.abi, {
      modelPath,
      contextTokens: options.contextTokens ?? 256,
      newTokensMax: options.newTokensMax ?? 16,
      sampling: { ...GREEDY, ...options.sampling },
      nKeep: options.nKeep ?? 0,
      skipSpecialToken: options.skipSpecialToken ?? true,
      ignoreEos: options.ignoreEos ?? false,
      baseDomainId: 0,
      embedFlash: false,
      cpuCount: options.cpuCount ?? 1,
      cpuMask: 1,
      nBatch: options.nBatch ?? 1,
    });
    const callback = packCallback(this.abi, CALLBACK, null);
    this.#keep.push(param, callback);
    const status = this.functions.rkllm_init(ptr(handle), param.address, callback.address);
    return { status, handle: Number(handle[0]) };
  }

  /** Opens a model that must open. */
  open(modelPath: string, options: OpenOptions = {}): CpuModel {
    const { status, handle } = this.init(modelPath, options);
    if (status !== 0) throw new Error(`rkllm_init returned ${status}: ${this.error()}`);
    return this.model(handle, options.nBatch);
  }

  model(handle: number, nBatch = 1): CpuModel {
    return new CpuModel(this, handle as Pointer, nBatch);
  }

  /** The bytes of rkllm_createDefaultParam's result. */
  defaultParam(): Uint8Array {
    return callDefaultParam(this.abi.headerMacro, this.addressOf("rkllm_createDefaultParam"), this.abi.structs.RKLLMParam!.size);
  }
}

/** One handle. */
export class CpuModel implements Disposable {
  readonly runtime: CpuRuntime;
  readonly handle: Pointer;
  readonly members: number;
  readonly #keep: unknown[] = [];

  constructor(runtime: CpuRuntime, handle: Pointer, members: number) {
    this.runtime = runtime;
    this.handle = handle;
    this.members = members;
  }

  run(input: RunInput | readonly RunInput[], options: RunOptions = {}): RunOutcome {
    const started = this.#start(input, options);
    return outcomeOf(this.runtime.functions.rkllm_run(this.handle, started.input, started.infer, started.userdata));
  }

  /** Starts rkllm_run_async; `finished` reads what has come so far. */
  runAsync(input: RunInput | readonly RunInput[], options: RunOptions = {}): number {
    const started = this.#start(input, options);
    return this.runtime.functions.rkllm_run_async(this.handle, started.input, started.infer, started.userdata);
  }

  #start(input: RunInput | readonly RunInput[], options: RunOptions) {
    const { abi } = this.runtime;
    const inputs = this.members === 1 ? [input as RunInput] : (input as readonly RunInput[]);
    const packed = inputs.map((one) => packInput(abi, one));
    const size = abi.structs.RKLLMInput!.size;
    const joined = new Uint8Array(new ArrayBuffer(size * packed.length));
    packed.forEach((one, i) => joined.set(one.bytes, i * size));
    const infer = packInferParam(abi, {
      mode: options.mode ?? "generate",
      keepHistory: options.keepHistory ?? false,
      newTokensMax: options.newTokensMax ?? 0,
      sampling: options.sampling === undefined ? null : { ...GREEDY, ...options.sampling },
      ...(options.lora === undefined ? {} : { loraName: options.lora }),
      ...(options.saveCache === undefined ? {} : { promptCache: { save: true, path: options.saveCache } }),
    });
    const abort = options.abort === true ? this.runtime.addressOf("rkllm_abort") : null;
    startRecording({ members: this.members, answerAt: options.answerAt, answer: options.answer, abort, handle: this.handle });
    // A run in the background may still read these.
    this.#keep.splice(0, this.#keep.length, packed, joined, infer);
    return { input: ptr(joined), infer: infer.address, userdata: (options.userdata ?? 7) as Pointer };
  }

  abort(): number {
    return this.runtime.functions.rkllm_abort(this.handle);
  }

  isRunning(): number {
    return this.runtime.functions.rkllm_is_running(this.handle);
  }

  kvSizes(): number[] {
    const sizes = new Int32Array(new ArrayBuffer(4 * this.members));
    if (this.runtime.functions.rkllm_get_kv_cache_size(this.handle, ptr(sizes)) !== 0) throw new Error("no KV cache size");
    return [...sizes];
  }

  clear(keepSystemPrompt = false, range?: { readonly from: number; readonly to: number }): number {
    const from = range === undefined ? null : nativeInt32s(Int32Array.of(range.from)).address;
    const to = range === undefined ? null : nativeInt32s(Int32Array.of(range.to)).address;
    return this.runtime.functions.rkllm_clear_kv_cache(this.handle, keepSystemPrompt ? 1 : 0, from, to);
  }

  setChatTemplate(system: string, prefix: string, postfix: string): number {
    const [a, b, c] = [nativeString(system), nativeString(prefix), nativeString(postfix)];
    return this.runtime.functions.rkllm_set_chat_template(this.handle, a.address, b.address, c.address);
  }

  setFunctionTools(system: string, tools: string, tag: string): number {
    const [a, b, c] = [nativeString(system), nativeString(tools), nativeString(tag)];
    return this.runtime.functions.rkllm_set_function_tools(this.handle, a.address, b.address, c.address);
  }

  loadLora(path: string, name: string): number {
    return this.runtime.functions.rkllm_load_lora(this.handle, packLoraAdapter(this.runtime.abi, { path, name, scale: 1 }).address);
  }

  loadCache(path: string): number {
    return this.runtime.functions.rkllm_load_prompt_cache(this.handle, nativeString(path).address);
  }

  destroy(): number {
    return this.runtime.functions.rkllm_destroy(this.handle);
  }

  [Symbol.dispose](): void {
    this.runtime.moods("");
    this.destroy();
  }
}

function packInput(abi: Abi, input: RunInput) {
  if (typeof input === "string") return packTextInput(abi, input, "user", false);
  if ("tool" in input) return packTextInput(abi, input.tool, "tool", false);
  if (!("rows" in input)) return packTokenInput(abi, Int32Array.from(input));
  const rows = new Float32Array(input.rows);
  return new StructWriter(abi.structs, "RKLLMInput")
    .set("input_type", 2)
    .point("embed_input.embed", { address: ptr(rows), keep: [rows] })
    .set("embed_input.n_tokens", input.count)
    .pack();
}

function compileInMemory(headerMacro: number) {
  const flags = ["-nostdlib", `-DRKLLM_ABI=${headerMacro}`];
  return cc({ source: join(SOURCE_FOLDER, "rkllm_cpu.c"), flags, symbols: SYMBOL_FUNCTION });
}

function builtLibrary(version: Version): string {
  const sanitize = process.env["RKLLM_CPU_SANITIZE"] !== undefined;
  return buildCpuRuntime({ version, folder: join(WORK_FOLDER, version), compiler: NATIVE_COMPILER ?? undefined, sanitize });
}

function link(addressOf: (name: string) => Pointer | null) {
  const all = { ...RKLLM_FUNCTIONS, ...OWN_FUNCTIONS };
  const linked = Object.entries(all).map(([name, type]) => [name, { ...type, ptr: addressOf(name)! }]);
  return linkSymbols(Object.fromEntries(linked) as typeof all).symbols;
}
