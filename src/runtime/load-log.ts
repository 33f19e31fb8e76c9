/**
 * What librkllmrt prints while it loads a model. It is the only place where the limit of a .rkllm's context, its cores and its precision can be
 * read: the file's layout is not public, and the ABI has no function that asks.
 */
import { type LoadFacts, SOCS } from "../core/model.ts";

/** `I rkllm: rkllm-toolkit version: 1.2.1, max_context_limit: 4096, npu_core_num: 3, target_platform: RK3588, model_dtype: W8A8` */
const NAMED = (name: string): RegExp => new RegExp(`(?<![\\w-])${name}\\s*[:=]\\s*\\[?([\\w.]+)`, "i");
const VERSION = /^\d+(?:\.\w+)+$/;
const DTYPE = /^(?:w\d+a\d+|fp16|int[48])(?:_g\d+)?$/;
/** `max_context[16384] must be less than the model's max_context_limit[4096]`: then the library does not open the model. */
const REFUSED = /max_context\s*\[\d+\].*max_context_limit\s*\[(\d+)\]/i;

/** A version as the library prints it; `unknown` is none. */
const version = (text: string): string | undefined => (VERSION.test(text) ? text : undefined);
const count = (text: string): number | undefined => (/^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined);

const READERS: readonly (readonly [RegExp, (text: string) => { readonly [Name in keyof LoadFacts]: LoadFacts[Name] | undefined }])[] = [
  [NAMED("max_context_limit"), (text) => ({ contextTokensMax: count(text) })],
  [REFUSED, (text) => ({ contextTokensMax: count(text) })],
  [NAMED("npu_core_num"), (text) => ({ npuCores: count(text) })],
  [NAMED("model_dtype"), (text) => ({ quantization: DTYPE.test(text.toLowerCase()) ? text.toLowerCase() : undefined })],
  [NAMED("target_platform"), (text) => ({ soc: SOCS.find((soc) => soc === text.toLowerCase()) })],
  [NAMED("rkllm-toolkit version"), (text) => ({ toolkitVersion: version(text) })],
  [NAMED("rkllm-runtime version"), (text) => ({ runtimeVersion: version(text) })],
  [NAMED("rknpu driver version"), (text) => ({ driverVersion: version(text) })],
];

/** Reads the lines of one loading. */
export class LoadLog {
  #facts: LoadFacts = {};
  #over = false;

  /** A line that was printed, error or not. */
  read(line: string): void {
    // Behind the loading prompts may be printed, too: what a client writes is no fact. Nor is what a file is called.
    if (this.#over || !line.includes("rkllm") || line.includes("model from ")) return;
    for (const [pattern, factsOf] of READERS) {
      const text = pattern.exec(line)?.[1];
      if (text === undefined) continue;
      const told = Object.entries(factsOf(text)).filter(([, value]) => value !== undefined);
      this.#facts = { ...this.#facts, ...Object.fromEntries(told) };
    }
  }

  /** The model is open: nothing more is read. */
  end(): void {
    this.#over = true;
  }

  get facts(): LoadFacts {
    return this.#facts;
  }
}
