/** The calls on one handle, made by the Worker that owns it. Every one may block for as long as the library likes. */
import { linkSymbols, ptr, type Pointer } from "bun:ffi";
import type { Sampling } from "../../core/generation.ts";
import type { Adapter } from "../../core/model.ts";
import type { RuntimeFindings } from "../../core/runtime-findings.ts";
import type { OpenOptions } from "../protocol.ts";
import { type Abi, abiForVersion, RKLLM_FUNCTIONS } from "./abi.ts";
import { type NativeArgument, nativeBytes, nativeString } from "./struct-writer.ts";
import { type NamedAdapter, SessionAdapters } from "./session-adapters.ts";
import { packCallback, packInferParam, packLoraAdapter, packParam } from "./structs.ts";

/** What a session is made of. */
export interface SessionOptions {
  readonly version: string;
  readonly modelPath: string;
  readonly options: OpenOptions;
  /** What is known of the library. */
  readonly findings: RuntimeFindings;
  /** Addresses of the library's functions by name. */
  readonly functions: Readonly<Record<string, number>>;
  readonly resultCallback: number;
}

/** What one rkllm_run is called with. */
export interface SessionRun {
  /** Address of as many RKLLMInput as the handle has lanes; the caller keeps them. */
  readonly input: number;
  /** Some of them are text. */
  readonly hasText: boolean;
  /** Address that the callback gets as userdata. */
  readonly userdata: number;
  readonly tokensMax: number;
  readonly sampling: Sampling;
  readonly adapter?: Adapter;
  /** A file that the library writes what its KV cache holds to, when the prompt has been computed or, perhaps, at the end. */
  readonly savePath?: string;
}

/** The functions a session calls. rkllm_createDefaultParam is not among them: it returns a struct by value. */
const {
  rkllm_init,
  rkllm_run,
  rkllm_destroy,
  rkllm_set_chat_template,
  rkllm_load_lora,
  rkllm_clear_kv_cache,
  rkllm_load_prompt_cache,
  rkllm_release_prompt_cache,
} = RKLLM_FUNCTIONS;
type SessionFunctions = ReturnType<typeof linkSessionFunctions>;

/** One handle. */
export class RuntimeSession {
  private readonly abi: Abi;
  private readonly session: SessionOptions;
  private readonly native: SessionFunctions;
  private handle: Pointer | null = null;
  /**
   * Whether the library copies the strings and the callback struct of rkllm_init, and an adapter's strings, is not documented: they live as
   * long as the handle.
   */
  private readonly keptForHandle: NativeArgument[] = [];
  private keptPath: NativeArgument | null = null;
  private ownTemplateRemoved = false;
  private readonly adapters: SessionAdapters;

  constructor(session: SessionOptions) {
    this.session = session;
    this.abi = abiForVersion(session.version);
    this.native = linkSessionFunctions(session.functions);
    this.adapters = new SessionAdapters({
      load: (adapter) => this.loadAdapter(adapter),
      clearCache: () => this.native.rkllm_clear_kv_cache(this.handle, 0, null, null),
    });
  }

  /** Loads the model. Success is code 0 and a handle that is not 0. */
  init(): { code: number; handle: number } {
    const { options, modelPath, resultCallback } = this.session;
    const param = packParam(this.abi, {
      ...options,
      modelPath,
      // The limit where a run brings none; each run is limited by its own, by the library (1.3) or by an abort (1.2).
      newTokensMax: options.contextTokens,
      ignoreEos: false,
      nBatch: options.lanes,
    });
    const callback = packCallback(this.abi, resultCallback as Pointer, null);
    this.keptForHandle.push(param, callback);
    const out = new BigUint64Array(nativeBytes(8).buffer);
    const code = this.native.rkllm_init(ptr(out), param.address, callback.address);
    this.handle = Number(out[0]) as Pointer;
    return { code, handle: Number(this.handle) };
  }

  /**
   * Runs prompts to the end of the last; the answers have gone through the result callback by then. Returns the library's code.
   * @throws AppError model_load_failed and runtime_error as `SessionAdapters.use` does
   */
  run(run: SessionRun): number {
    if (run.hasText) this.removeOwnTemplate();
    const loraName = this.adapters.use(run.adapter);
    const infer = packInferParam(this.abi, {
      mode: "generate",
      // Every run carries its whole prompt. The library reuses the longest common prefix of its KV cache by itself.
      keepHistory: false,
      newTokensMax: run.tokensMax,
      sampling: run.sampling,
      ...(loraName === null ? {} : { loraName }),
      ...(run.savePath === undefined ? {} : { promptCache: { save: true, path: run.savePath } }),
    });
    return this.call(run, infer);
  }

  /**
   * Runs one prompt for its hidden layer or its logits, which have gone through the result callback by then. Returns the library's code.
   * Throws what `run` throws. What the KV cache holds of a prompt already is not computed again and comes out as zeros (seen up to 1.3.0): it is emptied first,
   * but for libraries that were found not to need it.
   */
  embed(run: Omit<SessionRun, "tokensMax" | "sampling"> & { readonly mode: "lastHiddenLayer" | "logits" }): number {
    if (run.hasText) this.removeOwnTemplate();
    const loraName = this.adapters.use(run.adapter);
    const infer = packInferParam(this.abi, {
      mode: run.mode,
      keepHistory: false,
      newTokensMax: 1,
      sampling: null,
      ...(loraName === null ? {} : { loraName }),
    });
    // Its code is not looked at: if the cache was not emptied, the zeros tell.
    if (this.session.findings.vectorsNeedEmptyCache !== false) this.native.rkllm_clear_kv_cache(this.handle, 0, null, null);
    return this.call(run, infer);
  }

  /**
   * Makes the KV cache hold what a file does, in place of what it held. Returns the library's code.
   * @throws AppError model_load_failed and runtime_error as `SessionAdapters.use` does
   */
  loadPrompt(path: string, adapter: Adapter | undefined): number {
    this.adapters.use(adapter);
    // Rockchip's manual wants the old one released first; that there may be none is no fault.
    this.native.rkllm_release_prompt_cache(this.handle);
    const name = nativeString(path);
    const code = this.native.rkllm_load_prompt_cache(this.handle, name.address);
    // Whether the library copies the path is not documented.
    this.keptPath = name;
    return code;
  }

  /** Gives the handle back. Not safe while a run is going on. */
  destroy(): number {
    if (this.handle === null) return 0;
    const code = this.native.rkllm_destroy(this.handle);
    this.handle = null;
    this.keptForHandle.length = 0;
    this.keptPath = null;
    return code;
  }

  private loadAdapter(adapter: NamedAdapter): number {
    const packed = packLoraAdapter(this.abi, adapter);
    const code = this.native.rkllm_load_lora(this.handle, packed.address);
    if (code === 0) this.keptForHandle.push(packed);
    return code;
  }

  /** A text is rendered already; three empty strings keep the library from wrapping it a second time. */
  private removeOwnTemplate(): void {
    if (this.ownTemplateRemoved) return;
    const empty = packEmptyTemplate();
    this.native.rkllm_set_chat_template(this.handle, empty.address, empty.address, empty.address);
    this.ownTemplateRemoved = true;
  }

  /** rkllm_run, which reads `infer` until it returns. */
  private call({ input, userdata }: Pick<SessionRun, "input" | "userdata">, infer: NativeArgument): number {
    const kept = [infer];
    const code = this.native.rkllm_run(this.handle, input as Pointer, infer.address, userdata as Pointer);
    kept.length = 0;
    return code;
  }
}

function packEmptyTemplate(): NativeArgument {
  const bytes = nativeBytes(1);
  return { address: ptr(bytes), keep: [bytes] };
}

function linkSessionFunctions(functions: Readonly<Record<string, number>>) {
  const at = (name: string) => (functions[name] ?? 0) as Pointer;
  return linkSymbols({
    rkllm_init: { ...rkllm_init, ptr: at("rkllm_init") },
    rkllm_run: { ...rkllm_run, ptr: at("rkllm_run") },
    rkllm_destroy: { ...rkllm_destroy, ptr: at("rkllm_destroy") },
    rkllm_set_chat_template: { ...rkllm_set_chat_template, ptr: at("rkllm_set_chat_template") },
    rkllm_load_lora: { ...rkllm_load_lora, ptr: at("rkllm_load_lora") },
    rkllm_clear_kv_cache: { ...rkllm_clear_kv_cache, ptr: at("rkllm_clear_kv_cache") },
    rkllm_load_prompt_cache: { ...rkllm_load_prompt_cache, ptr: at("rkllm_load_prompt_cache") },
    rkllm_release_prompt_cache: { ...rkllm_release_prompt_cache, ptr: at("rkllm_release_prompt_cache") },
  }).symbols;
}
